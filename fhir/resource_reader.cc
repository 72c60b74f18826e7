#include "fhir/resource_reader.h"

#include <fmt/format.h>

#include "fhir/bundle.h"

namespace authledger {

std::string ResourceReader::read(std::string_view json, size_t bytes_max,
                                 const std::function<bool(const FoundResource&)>& visit) {
  JsonLimits limits;
  limits.bytes_max = bytes_max;
  const auto parsed = document_.parse(json, limits);
  if (!parsed) return parsed.error().message;
  const std::string_view type = (*parsed)["resourceType"].text();
  if (type.empty() || type == "Bundle" || type == "Parameters") return read_nested(*parsed, visit);
  visit({*parsed, json, {}, {}});
  return "";
}

std::string ResourceReader::read_nested(JsonView root, const std::function<bool(const FoundResource&)>& visit) {
  const std::string_view type = root["resourceType"].text();
  const JsonView bundle = type == "Bundle" ? root : JsonView();
  bool any = false;
  bool is_open = true;
  std::string problem;
  walk_resources_in_bundles(root, [&](JsonView resource, std::string_view full_url, const BundleReferences& names) {
    any = true;
    if (!is_open) return;
    if (!needs_resolving(resource, full_url, names)) {
      is_open = visit({resource, {}, full_url, bundle});
      return;
    }
    const std::string text = resolve_in_bundle(resource, full_url, names);
    JsonDocument resolved;
    const auto parsed = resolved.parse(text);
    if (!parsed)
      problem = parsed.error().message;
    else
      is_open = visit({*parsed, text, full_url, bundle});
  });
  if (any) return problem;
  // A Bundle without entries is a search that found nothing: there is nothing to miss.
  if (type == "Parameters" || (type == "Bundle" && root["entry"].size() > 0))
    return fmt::format("{} that holds no resource", type);
  return type == "Bundle" ? "" : "no FHIR resource: resourceType is missing";
}

}  // namespace authledger
