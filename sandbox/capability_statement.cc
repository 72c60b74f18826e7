#include "sandbox/fhir_routes.h"

namespace authledger {
namespace {

const char* kind_name(SearchKind kind) {
  switch (kind) {
    case SearchKind::token:
      return "token";
    case SearchKind::reference:
      return "reference";
    case SearchKind::date:
      return "date";
  }
  return "token";
}

void write_search_parameter(JsonWriter& writer, std::string_view name, SearchKind kind) {
  writer.begin_object().member("name", name).member("type", kind_name(kind)).end_object();
}

void write_export(JsonWriter& writer, const std::string& definition) {
  writer.key("operation").begin_array().begin_object().member("name", "export");
  writer.member("definition", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/" + definition);
  writer.end_object().end_array();
}

void write_resource(JsonWriter& writer, const SandboxOptions& options, const std::string& withheld,
                    const std::string& type) {
  const bool writes = !options.read_only_types.contains(type) && !options.read_only_types.contains("*");
  writer.begin_object().member("type", type).key("interaction").begin_array();
  for (const char* code : {"read", "vread", "history-instance", "history-type", "search-type"}) {
    if (code == std::string_view("history-type") && !options.type_history) continue;
    if (is_withheld(withheld, type, code)) continue;
    writer.begin_object().member("code", code).end_object();
  }
  if (writes) {
    for (const char* code : {"create", "update", "delete"}) {
      if (!is_withheld(withheld, type, code)) writer.begin_object().member("code", code).end_object();
    }
  }
  writer.end_array().member("versioning", "versioned-update").key("readHistory").boolean(true);
  writer.key("updateCreate").boolean(writes).key("conditionalCreate").boolean(writes && options.conditional_create);
  writer.key("conditionalUpdate").boolean(false).key("searchParam").begin_array();
  write_search_parameter(writer, "_id", SearchKind::token);
  if (options.honours_last_updated) write_search_parameter(writer, "_lastUpdated", SearchKind::date);
  for (const SearchParameter& parameter : search_parameters(type)) {
    if (!is_withheld(withheld, type, parameter.name)) write_search_parameter(writer, parameter.name, parameter.kind);
  }
  writer.end_array();
  if (type == "Claim" && options.inquiry) {
    writer.key("operation").begin_array().begin_object().member("name", "inquire");
    writer.member("definition", "http://hl7.org/fhir/us/davinci-pas/OperationDefinition/Claim-inquiry");
    writer.end_object().end_array();
  }
  if (type == "Group" && options.bulk_export) write_export(writer, "group-export");
  writer.end_object();
}

}  // namespace

std::string capability_statement(const SandboxOptions& options, const std::string& withheld,
                                 const std::string& base_url, Instant now, const std::string& token_url) {
  JsonWriter writer;
  writer.begin_object().member("resourceType", "CapabilityStatement").member("status", "active");
  writer.member("date", format_instant(now)).member("kind", "instance");
  writer.key("software").begin_object().member("name", "authledger sandbox").end_object();
  writer.key("implementation").begin_object().member("description", "A simulated EHR with a fictional clinic");
  writer.member("url", base_url).end_object();
  writer.member("fhirVersion", "4.0.1").key("format").begin_array().string("application/fhir+json").string("json");
  writer.end_array().key("rest").begin_array().begin_object().member("mode", "server");
  if (!token_url.empty()) {
    writer.key("security").begin_object().key("extension").begin_array().begin_object();
    writer.member("url", "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris");
    writer.key("extension").begin_array().begin_object().member("url", "token").member("valueUri", token_url);
    writer.end_object().end_array().end_object().end_array().end_object();
  }
  writer.key("resource").begin_array();
  for (const std::string& type : declared_types()) write_resource(writer, options, withheld, type);
  writer.end_array();
  if (options.bulk_export) write_export(writer, "export");
  writer.end_object().end_array().end_object();
  return writer.take();
}

}  // namespace authledger
