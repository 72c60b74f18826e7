#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/row.h"
#include "config/config.h"
#include "fhir/view/view.h"

// A mapping file, compiled for one endpoint: its views, its value maps, the endpoint's overrides. docs/mapping.md
// describes the file.

namespace authledger {

// What the rows of a mapping become. request and prior_auth rows go through prior_auth_normalize.
enum class MappingKind { coverage, order, service, patient, organization, request, prior_auth, benefit, document };

struct CompiledView {
  View view;
  RowLayout layout;
};

struct CompiledMapping {
  std::string name;
  std::string resource_type;
  MappingKind kind = MappingKind::service;
  std::vector<std::unique_ptr<ValueMap>> value_maps;  // Layouts point at them: their addresses must stay.
  std::vector<std::string> value_map_names;
  std::vector<CompiledView> views;
  std::string version;  // Of text, overrides and value maps.
};

// `name` is a shipped mapping's name, or a file's path from `config_folder` when it has a slash or ends in .yaml or
// .json. Errors: not found, not YAML, unknown keys, columns or value maps (with the nearest known one), and every
// mistake in a ViewDefinition; all at once.
Result<CompiledMapping, Issues> compile_mapping(const std::string& name, const EndpointConfig& endpoint,
                                                const std::string& config_folder);

}  // namespace authledger
