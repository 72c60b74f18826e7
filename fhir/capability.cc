#include "fhir/capability.h"

#include <algorithm>

#include "base/text.h"

namespace authledger {
namespace {

void add_names(JsonView parameters, std::set<std::string>& names) {
  for (const JsonView parameter : parameters) {
    if (!parameter["name"].text().empty()) names.insert(parameter["name"].string());
  }
}

// SMART App Launch 1: rest.security carries the OAuth endpoints in an extension whose URL ends in oauth-uris.
std::string token_url_of(JsonView security) {
  for (const JsonView extension : security["extension"]) {
    if (!extension["url"].text().ends_with("/oauth-uris")) continue;
    for (const JsonView part : extension["extension"]) {
      if (part["url"].text() == "token") return part["valueUri"].string();
    }
  }
  return "";
}

std::set<std::string> names_in(std::string_view list) {
  std::set<std::string> names;
  for (const std::string& name : split(list, ',')) {
    if (!trim(name).empty()) names.emplace(trim(name));
  }
  return names;
}

// athenahealth says in an extension of its own (ah-search-parameter-metadata) which parameters a search must hold.
void add_required(JsonView resource, TypeCapability& type) {
  std::set<std::string> always;
  for (const JsonView extension : resource["extension"]) {
    for (const JsonView part : extension["extension"]) {
      if (part["url"].text() == "requiredAnySearchParams") {
        type.requires_one_of.push_back(names_in(part["valueString"].text()));
      } else if (part["url"].text() == "requiredSearchParams") {
        always.merge(names_in(part["valueString"].text()));
      }
    }
  }
  if (always.empty()) return;
  if (type.requires_one_of.empty()) type.requires_one_of.emplace_back();
  for (std::set<std::string>& each : type.requires_one_of) each.insert(always.begin(), always.end());
}

void add_type(JsonView resource, TypeCapability& type) {
  for (const JsonView interaction : resource["interaction"]) {
    if (!interaction["code"].text().empty()) type.interactions.insert(interaction["code"].string());
  }
  add_names(resource["searchParam"], type.search_parameters);
  for (const JsonView operation : resource["operation"]) type.operations.insert(operation["name"].string());
  add_required(resource, type);
  type.conditional_create = type.conditional_create || resource["conditionalCreate"].boolean();
  type.conditional_update = type.conditional_update || resource["conditionalUpdate"].boolean();
}

}  // namespace

bool Capability::can(const std::string& type, const std::string& interaction) const {
  const auto found = types.find(type);
  return found != types.end() && found->second.interactions.contains(interaction);
}

bool Capability::searches_by(const std::string& type, const std::string& parameter) const {
  const auto found = types.find(type);
  return found != types.end() && found->second.search_parameters.contains(parameter);
}

bool Capability::offers_operation(const std::string& type, const std::string& name) const {
  const auto found = types.find(type);
  if (!type.empty() && found == types.end()) return false;
  const std::set<std::string>& offered = type.empty() ? operations : found->second.operations;
  return std::any_of(offered.begin(), offered.end(), [&](const std::string& each) {
    return each == name || each == "$" + name || each.ends_with("-" + name) || each.ends_with("/" + name);
  });
}

Capability read_capability(JsonView capability_statement) {
  Capability capability;
  capability.fhir_version = capability_statement["fhirVersion"].string();
  const JsonView software = capability_statement["software"];
  capability.software = software["name"].string();
  if (!capability.software.empty() && !software["version"].text().empty()) {
    capability.software += " " + software["version"].string();
  }
  if (capability.software.empty()) capability.software = capability_statement["publisher"].string();
  for (const JsonView rest : capability_statement["rest"]) {
    if (rest["mode"].text() == "client") continue;
    for (const JsonView operation : rest["operation"]) capability.operations.insert(operation["name"].string());
    if (capability.token_url.empty()) capability.token_url = token_url_of(rest["security"]);
    // What stands at rest.searchParam ("_id", "_lastUpdated") holds for every type.
    std::set<std::string> of_every_type;
    add_names(rest["searchParam"], of_every_type);
    for (const JsonView resource : rest["resource"]) {
      if (resource["type"].text().empty()) continue;
      TypeCapability& type = capability.types[resource["type"].string()];
      add_type(resource, type);
      type.search_parameters.insert(of_every_type.begin(), of_every_type.end());
    }
  }
  return capability;
}

Hash hash_of(const Capability& capability) {
  HashInput input;
  const auto add_all = [&](const std::set<std::string>& names) {
    input.add(static_cast<int64_t>(names.size()));
    for (const std::string& name : names) input.add(name);
  };
  input.add(capability.fhir_version).add(capability.software);
  add_all(capability.operations);
  for (const auto& [type, offered] : capability.types) {
    input.add(type);
    add_all(offered.interactions);
    add_all(offered.search_parameters);
    add_all(offered.operations);
    input.add(static_cast<int64_t>(offered.requires_one_of.size()));
    for (const std::set<std::string>& each : offered.requires_one_of) add_all(each);
  }
  return input.sha256();
}

}  // namespace authledger
