#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fhir/view/view.h"
#include "tests/fuzz/sample_resource.h"

// Any JSON is a ViewDefinition or a list of mistakes, and a view gives rows as wide as its columns or an error.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace authledger;
  static JsonDocument document, definition;
  static const JsonView resource = document.parse(kSampleResource).value();
  static ViewRows rows;
  auto parsed = definition.parse({reinterpret_cast<const char*>(bytes), size});
  if (!parsed) return 0;
  auto view = View::compile(*parsed);
  if (!view) {
    if (view.error().empty()) std::abort();
    return 0;
  }
  rows.clear();
  if (!view->evaluate(resource, rows)) return 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows.row(i).size() != view->columns().size()) std::abort();
  }
  return 0;
}
