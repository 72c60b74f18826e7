#pragma once

#include <string>
#include <string_view>

#include "fhir/path/path.h"

namespace authledger {

// The result of an expression over JSON text as a JSON array, or "error L:C: …".
inline std::string path_result(std::string_view expression, std::string_view json = "", bool is_strict = false) {
  JsonDocument document;
  JsonView resource;
  if (!json.empty()) {
    auto parsed = document.parse(json);
    if (!parsed) return "not JSON: " + parsed.error().message;
    resource = *parsed;
  }
  PathOptions options;
  options.context_type = resource["resourceType"].string();
  options.is_strict = is_strict;
  auto compiled = PathExpression::compile(expression, options);
  if (!compiled) return "error " + to_string(compiled.error());
  std::pmr::monotonic_buffer_resource arena;
  PathValues values(&arena);
  PathEnvironment environment;
  environment.resource = resource;
  environment.now = *parse_instant("2026-03-01T10:30:00Z");
  PathValue focus = resource_value(resource);
  auto outcome = compiled->evaluate(std::span<const PathValue>(&focus, resource.exists() ? 1 : 0), environment, values);
  if (!outcome) return "error " + to_string(outcome.error());
  JsonWriter writer;
  writer.begin_array();
  for (const PathValue& value : values) write_json(value, writer);
  return writer.end_array().take();
}

}  // namespace authledger
