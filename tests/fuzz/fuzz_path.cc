#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fhir/path/path.h"
#include "tests/fuzz/sample_resource.h"

// Any text is an expression or an error, and what compiles gives values or an error on a fixed resource.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace authledger;
  static JsonDocument document;
  static const JsonView resource = document.parse(kSampleResource).value();
  PathOptions options;
  options.context_type = "ClaimResponse";
  options.is_strict = size % 2 == 1;
  auto expression = PathExpression::compile({reinterpret_cast<const char*>(bytes), size}, options);
  if (!expression) return 0;
  std::pmr::monotonic_buffer_resource arena;
  PathValues values(&arena);
  PathEnvironment environment;
  environment.resource = resource;
  PathValue focus = resource_value(resource);
  if (!expression->evaluate(std::span<const PathValue>(&focus, 1), environment, values)) return 0;
  JsonWriter writer;
  writer.begin_array();
  for (const PathValue& value : values) write_json(value, writer);
  if (writer.end_array().take().empty()) std::abort();
  return 0;
}
