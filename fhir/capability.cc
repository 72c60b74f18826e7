#include "fhir/capability.h"

namespace authledger {
namespace {

void add_names(JsonView parameters, std::set<std::string>& names) {
  for (const JsonView parameter : parameters) {
    if (!parameter["name"].text().empty()) names.insert(parameter["name"].string());
  }
}

void add_type(JsonView resource, TypeCapability& type) {
  for (const JsonView interaction : resource["interaction"]) {
    if (!interaction["code"].text().empty()) type.interactions.insert(interaction["code"].string());
  }
  add_names(resource["searchParam"], type.search_parameters);
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

Capability read_capability(JsonView capability_statement) {
  Capability capability;
  capability.fhir_version = capability_statement["fhirVersion"].string();
  const JsonView software = capability_statement["software"];
  capability.software = software["name"].string();
  if (!capability.software.empty() && !software["version"].text().empty()) {
    capability.software += " " + software["version"].string();
  }
  for (const JsonView rest : capability_statement["rest"]) {
    if (rest["mode"].text() == "client") continue;
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

}  // namespace authledger
