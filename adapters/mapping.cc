#include "adapters/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "adapters/fact_from_row.h"
#include "adapters/mapping_file.h"
#include "adapters/prior_auth_normalize.h"
#include "adapters/prior_auth_rows.h"
#include "adapters/request_lines.h"
#include "base/text.h"

namespace authledger {
namespace {

struct TypeProgram {
  std::vector<CompiledMapping> mappings;
  std::string version;
};

// Where each type keeps its patient, for retractions whose row may say nothing else.
std::string patient_of(JsonView resource, const ResourceContext& context) {
  if (resource["resourceType"].text() == "Patient") return "Patient/" + resource["id"].string();
  for (const char* element : {"subject", "patient", "beneficiary"}) {
    const std::string patient = normalize_reference(resource[element]["reference"].text(), context.base_url);
    if (!patient.empty()) return patient;
  }
  for (JsonView participant : resource["participant"]) {
    const std::string actor = normalize_reference(participant["actor"]["reference"].text(), context.base_url);
    if (actor.starts_with("Patient/") || actor.find("/Patient/") != std::string::npos) return actor;
  }
  return {};
}

std::optional<int64_t> numeric_version(std::string_view text) {
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return version;
}

std::string name_of(const CompiledMapping& mapping) {
  return fmt::format("{}@{}", mapping.name, mapping.version);
}

std::string paths_of(const CompiledMapping& mapping) {
  JsonWriter writer;
  writer.begin_object().member("resource", mapping.resource_type).key("views").begin_array();
  for (const CompiledView& compiled : mapping.views) {
    writer.begin_object();
    for (const ViewColumn& column : compiled.view.columns()) writer.member(column.name, column.path);
    writer.end_object();
  }
  return writer.end_array().end_object().take();
}

// Maps one resource with one mapping.
class MappingRun {
 public:
  MappingRun(const CompiledMapping& mapping, JsonView resource, const ResourceContext& context, const TimeZone& zone,
             MappedFacts& mapped)
      : mapping_(mapping),
        resource_(resource),
        context_{context, zone, fmt::format("{}/{}", mapping.resource_type, resource["id"].text())},
        mapped_(mapped) {}

  void run() {
    if (!evaluate() || rows_.empty()) return;
    switch (mapping_.kind) {
      case MappingKind::coverage:
        return add_each([this](const Row& row) { return coverage_from_row(row, context_, mapped_.issues); });
      case MappingKind::benefit:
        return add_each([this](const Row& row) { return benefit_from_row(row, context_, mapped_.issues); });
      case MappingKind::order:
        return add_each([this](const Row& row) { return order_from_row(row, context_, mapped_.issues); });
      case MappingKind::service:
        return add_services();
      case MappingKind::patient:
        return add_party<PatientFact>();
      case MappingKind::organization:
        return add_party<OrganizationFact>();
      case MappingKind::document:
        return add_document();
      case MappingKind::request:
        return add_request();
      case MappingKind::prior_auth:
        return add_prior_auth();
    }
  }

 private:
  bool evaluate() {
    for (const CompiledView& compiled : mapping_.views) {
      const size_t before = cells_.size();
      const Outcome outcome = compiled.view.evaluate(resource_, cells_);
      if (!outcome) {
        add_issue(mapped_.issues, Severity::error, mapping_.resource_type,
                  fmt::format("mapping {}: {}", mapping_.name, outcome.error().message));
        return false;
      }
      for (size_t i = before; i < cells_.size(); ++i) rows_.emplace_back(compiled.layout, cells_.row(i), i - before);
    }
    return true;
  }

  void add_fact(FactKind kind, std::string_view line, FactBody body) {
    Fact fact;
    fact.source = context_.resource.source;
    fact.resource = context_.reference;
    fact.fact_key = make_fact_key(fact.source, fact.resource, kind, line);
    fact.source_version = numeric_version(resource_["meta"]["versionId"].text());
    fact.source_updated_at = parse_instant(resource_["meta"]["lastUpdated"].text());
    fact.mapping = name_of(mapping_);
    fact.body = std::move(body);
    mapped_.facts.push_back(std::move(fact));
  }

  // Several rows of one resource are told apart by their line, or by their number.
  std::string line_of(const Row& row, size_t index) {
    const std::string name = row.has(Field::line) ? std::string(row.raw(Field::line)) : std::to_string(index + 1);
    std::string unique = name;
    for (int part = 2; !lines_.insert(unique).second; ++part) unique = fmt::format("{}.{}", name, part);
    return unique;
  }

  template <typename Read>
  void add_each(Read read) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto body = read(rows_[i]);
      if (mapped_.patient.empty()) mapped_.patient = body.patient;
      const FactBody fact_body = std::move(body);
      add_fact(kind_of(fact_body), line_of(rows_[i], i), fact_body);
    }
  }

  void add_services() {
    Issues said;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!is_understood(rows_[i])) continue;
      std::vector<ServiceFact> services = services_from_row(rows_[i], context_, said);
      if (services.empty()) continue;
      if (mapped_.patient.empty()) mapped_.patient = services.front().patient;
      const std::string line = line_of(rows_[i], i);
      for (ServiceFact& service : services) add_fact(FactKind::service, line, std::move(service));
    }
    // Why one of many lines is no service is news only where none is.
    bool says_why = mapped_.facts.empty();
    for (Issue& issue : said) {
      const bool is_reason = issue.severity == Severity::information;
      if (!is_reason || says_why) mapped_.issues.push_back(std::move(issue));
      if (is_reason) says_why = false;
    }
  }

  // FHIR R4, extensibility: an element with a modifier extension that is not understood must not be processed.
  bool is_understood(const Row& row) {
    if (!row.has(Field::modifier_extensions)) return true;
    add_issue(mapped_.issues, Severity::warning, row.element_path() + ".modifierExtension",
              fmt::format("{} is not understood, so the item is not counted; ask the source what it changes",
                          row.raw(Field::modifier_extensions)));
    return false;
  }

  template <typename Party>
  void add_party() {
    Party party;
    static_cast<PartyFact&>(party) = party_from_rows(rows_, context_);
    mapped_.patient = context_.reference;
    const FactBody body = std::move(party);
    add_fact(kind_of(body), "1", body);
  }

  void add_document() {
    DocumentFact document = document_from_rows(rows_, context_, mapped_.issues);
    if (mapped_.patient.empty()) mapped_.patient = document.patient;
    add_fact(FactKind::document, "1", std::move(document));
  }

  void add_request() {
    for (RequestLineFact& line : request_lines_from_rows(rows_, context_, mapped_.issues)) {
      if (mapped_.patient.empty()) mapped_.patient = line.patient;
      const std::string name = line.line;
      add_fact(FactKind::request_line, name, std::move(line));
    }
  }

  void add_prior_auth() {
    PayerAnswer answer = answer_from_rows(rows_, context_, mapped_.issues);
    if (mapped_.patient.empty()) mapped_.patient = answer.patient;
    NormalizedAnswer normalized = normalize_prior_auth(std::move(answer), mapped_.issues);
    for (AuthorizationLineFact& line : normalized.lines) {
      const std::string name = line.line;
      add_fact(FactKind::authorization_line, name, std::move(line));
    }
    for (PayerCountFact& count : normalized.counts) {
      const std::string name = count.line;
      add_fact(FactKind::payer_count, name, std::move(count));
    }
  }

  const CompiledMapping& mapping_;
  JsonView resource_;
  RowContext context_;
  MappedFacts& mapped_;
  ViewRows cells_;
  std::vector<Row> rows_;
  std::set<std::string> lines_;
};

std::string type_version(const std::vector<CompiledMapping>& mappings, const EndpointConfig& endpoint) {
  HashInput input;
  for (const CompiledMapping& mapping : mappings) {
    input.add(mapping.name).add(mapping.version);
    if (mapping.kind != MappingKind::patient) continue;
    for (const std::string& system : endpoint.join_patients_by) input.add(system);
  }
  input.add(kNormalizerVersion);
  return to_hex(input.sha256()).substr(0, 16);
}

// Names in the site's settings that no mapping of the endpoint knows are slips.
void check_site_names(const EndpointConfig& endpoint, const std::vector<std::string>& mappings,
                      const std::vector<std::string>& value_maps, Issues& issues) {
  const auto knows = [](const std::vector<std::string>& known, const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  for (const ColumnOverride& override_ : endpoint.overrides) {
    if (knows(mappings, override_.mapping)) continue;
    add_issue(issues, Severity::error, fmt::format("endpoint {}: overrides.{}", endpoint.name, override_.mapping),
              fmt::format("no feed of the endpoint uses this mapping; it uses {}", join(mappings, ", ")));
  }
  for (const auto& [key, words] : endpoint.value_maps) {
    if (knows(value_maps, key) || knows(mappings, key.substr(0, key.find('.')))) continue;
    add_issue(issues, Severity::error, fmt::format("endpoint {}: value_maps.{}", endpoint.name, key),
              fmt::format("no mapping of the endpoint has this value map; known: {}", join(value_maps, ", ")));
  }
}

}  // namespace

struct ResourceMapper::Program {
  std::unordered_map<std::string, TypeProgram> types;
  TimeZone zone;
};

ResourceMapper::ResourceMapper(std::unique_ptr<Program> program) : program_(std::move(program)) {}
ResourceMapper::ResourceMapper(ResourceMapper&&) noexcept = default;
ResourceMapper& ResourceMapper::operator=(ResourceMapper&&) noexcept = default;
ResourceMapper::~ResourceMapper() = default;

Result<ResourceMapper, Issues> ResourceMapper::compile(const EndpointConfig& endpoint, const std::string& config_folder,
                                                       const TimeZone& zone) {
  auto program = std::make_unique<Program>(Program{{}, zone});
  Issues issues;
  std::vector<std::string> names, value_maps;
  for (const FeedConfig& feed : endpoint.feeds) {
    if (feed.strategy == FeedConfig::Strategy::off) continue;
    for (const std::string& mapping_name : feed.mappings) {
      auto compiled = compile_mapping(mapping_name, endpoint, config_folder);
      if (!compiled) {
        issues.insert(issues.end(), compiled.error().begin(), compiled.error().end());
        continue;
      }
      CompiledMapping mapping = std::move(compiled).value();
      if (mapping.resource_type != feed.resource_type) {
        add_issue(issues, Severity::error, fmt::format("endpoint {}: feed {}", endpoint.name, feed.resource_type),
                  fmt::format("mapping {} reads {}", mapping.name, mapping.resource_type));
        continue;
      }
      names.push_back(mapping.name);
      value_maps.insert(value_maps.end(), mapping.value_map_names.begin(), mapping.value_map_names.end());
      program->types[feed.resource_type].mappings.push_back(std::move(mapping));
    }
  }
  if (!has_error(issues)) check_site_names(endpoint, names, value_maps, issues);
  if (has_error(issues)) return issues;
  for (auto& [type, type_program] : program->types)
    type_program.version = type_version(type_program.mappings, endpoint);
  return ResourceMapper(std::move(program));
}

bool ResourceMapper::maps(std::string_view resource_type) const {
  return program_->types.contains(std::string(resource_type));
}

const std::string& ResourceMapper::version(std::string_view resource_type) const {
  static const std::string kNone;
  const auto found = program_->types.find(std::string(resource_type));
  return found == program_->types.end() ? kNone : found->second.version;
}

std::map<std::string, std::string> ResourceMapper::paths() const {
  std::map<std::string, std::string> paths;
  for (const auto& [type, type_program] : program_->types) {
    for (const CompiledMapping& mapping : type_program.mappings) paths.emplace(name_of(mapping), paths_of(mapping));
  }
  return paths;
}

MappedFacts ResourceMapper::map(JsonView resource, const ResourceContext& context) const {
  MappedFacts mapped;
  const std::string type = resource["resourceType"].string();
  const auto found = program_->types.find(type);
  if (found == program_->types.end()) {
    add_issue(mapped.issues, Severity::information, type, "no mapping of this endpoint reads this type");
    return mapped;
  }
  if (resource["id"].text().empty()) {
    add_issue(mapped.issues, Severity::error, type + ".id", "no id: the resource could not be told from others");
    return mapped;
  }
  if (resource["status"].text() == "entered-in-error") {
    mapped.patient = patient_of(resource, context);
    mapped.is_retraction = true;
    return mapped;
  }
  if (const JsonView modifier = resource["modifierExtension"].at(0)) {
    add_issue(
        mapped.issues, Severity::error, type + ".modifierExtension",
        fmt::format("{} is not understood and may change the meaning of the whole resource", modifier["url"].text()));
    return mapped;
  }
  for (const CompiledMapping& mapping : found->second.mappings) {
    MappingRun(mapping, resource, context, program_->zone, mapped).run();
  }
  if (mapped.patient.empty()) mapped.patient = patient_of(resource, context);
  if (has_error(mapped.issues)) mapped.facts.clear();
  if (mapped.facts.empty() && mapped.issues.empty()) {
    std::string names;
    for (const CompiledMapping& mapping : found->second.mappings) names += (names.empty() ? "" : ", ") + mapping.name;
    add_issue(
        mapped.issues, Severity::information, type,
        fmt::format("no row: the `where` or `forEach` of each view of {} leaves it out; authledger fhirpath tries "
                    "them one by one",
                    names));
  }
  return mapped;
}

}  // namespace authledger
