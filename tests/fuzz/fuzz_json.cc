#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/json.h"

// What parses is written and parses again to the same text; what does not parse is an error. The fast reader gives what
// RapidJSON gives.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace authledger;
  static JsonDocument document, again;  // Reused, as a stream of resources does.
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  auto parsed = document.parse(input);
  auto expected = again.parse_slowly(input);
  if (parsed.ok() != expected.ok()) std::abort();
  if (!parsed) return 0;
  std::string text = to_json_text(*parsed);
  if (text != to_json_text(*expected)) std::abort();
  auto second = again.parse(text);
  if (!second || to_json_text(*second) != text) std::abort();
  return 0;
}
