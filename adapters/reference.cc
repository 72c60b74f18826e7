#include "adapters/mapping.h"
#include "base/text.h"

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

}  // namespace

std::string normalize_reference(std::string_view reference, std::string_view base_url) {
  reference = without_history(trim(reference));
  while (reference.ends_with('/')) reference.remove_suffix(1);
  if (reference.starts_with("urn:")) {
    return reference.starts_with("urn:uuid:") || reference.starts_with("urn:oid:") ? std::string(reference) : "";
  }
  if (has_scheme(reference)) {
    if (!base_url.empty() && reference.starts_with(base_url) && reference.substr(base_url.size()).starts_with("/")) {
      const std::string_view below = reference.substr(base_url.size() + 1);
      if (is_relative_name(below)) return std::string(below);
    }
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
