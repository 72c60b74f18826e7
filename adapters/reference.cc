#include <optional>

#include "adapters/mapping.h"
#include "base/text.h"
#include "fhir/url.h"

namespace authledger {
namespace {

bool has_scheme(std::string_view reference) {
  return reference.find("://") != std::string_view::npos || reference.starts_with("urn:");
}

std::string_view without_history(std::string_view reference) {
  return reference.substr(0, reference.find("/_history/"));
}

// "Type/id": anything else ("#p1", "Patient?identifier=…", "p1") names no resource that another one could mean too.
bool is_relative_name(std::string_view reference) {
  const size_t slash = reference.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < reference.size() &&
         reference.find_first_of("?#") == std::string_view::npos;
}

// What stands below the base: the same origin (the case of the host and a default port tell nothing apart; RFC 3986,
// 6.2.2) and path. nullopt elsewhere.
std::optional<std::string> below_base(std::string_view reference, std::string_view base_url) {
  if (base_url.empty()) return std::nullopt;
  if (reference.starts_with(base_url) && reference.substr(base_url.size()).starts_with("/")) {
    return std::string(reference.substr(base_url.size() + 1));
  }
  const std::optional<Url> url = parse_url(reference), base = parse_url(base_url);
  if (!url || !base || !same_origin(*url, *base) || !url->query.empty()) return std::nullopt;
  const std::string path = base->path.ends_with('/') ? base->path : base->path + "/";
  return url->path.starts_with(path) ? std::optional(url->path.substr(path.size())) : std::nullopt;
}

}  // namespace

std::string normalize_reference(std::string_view reference, std::string_view base_url) {
  reference = without_history(trim(reference));
  while (reference.ends_with('/')) reference.remove_suffix(1);
  if (reference.starts_with("urn:")) {
    return reference.starts_with("urn:uuid:") || reference.starts_with("urn:oid:") ? std::string(reference) : "";
  }
  if (has_scheme(reference)) {
    std::optional<std::string> below = below_base(reference, base_url);
    if (below && is_relative_name(*below)) return *std::move(below);
    return std::string(reference);
  }
  return is_relative_name(reference) ? std::string(reference) : std::string();
}

std::string absolute_reference(std::string_view reference, std::string_view base_url) {
  const std::string normal = normalize_reference(reference, base_url);
  if (normal.empty() || has_scheme(normal) || base_url.empty()) return normal;
  return std::string(base_url) + "/" + normal;
}

}  // namespace authledger
