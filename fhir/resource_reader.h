#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace authledger {

inline constexpr size_t kLineBytesMax = size_t{16} << 20;
inline constexpr size_t kJsonFileBytesMax = size_t{64} << 20;

// One resource in a text. Everything it views is valid during the visit.
struct FoundResource {
  JsonView resource;
  std::string_view text;      // Its text when it stands alone; empty inside a Bundle.
  std::string_view full_url;  // Bundle.entry.fullUrl, or empty.
  JsonView bundle;            // The outermost Bundle it stands in; or missing.
};

// Finds the resources of one JSON text: itself, or what a Bundle, Parameters or an array holds, wherever it stands,
// with references of the form urn:uuid: resolved inside their Bundle. Keeps its memory from text to text.
class ResourceReader {
 public:
  // `visit` returns false to stop. What is wrong with the text, for people; empty when nothing is.
  std::string read(std::string_view json, size_t bytes_max, const std::function<bool(const FoundResource&)>& visit);

 private:
  std::string read_nested(JsonView root, const std::function<bool(const FoundResource&)>& visit);
  JsonDocument document_;
};

}  // namespace authledger
