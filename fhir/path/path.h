#pragma once

#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/day.h"
#include "base/json.h"
#include "base/result.h"
#include "fhir/path/syntax.h"
#include "fhir/path/value.h"

// FHIRPath over parsed JSON. An expression is compiled once into a flat program (lexer, parser, analysis against the
// R4 model) and evaluated as often as wanted, from any thread, without touching the heap in common cases: results and
// everything in between live in the arena that the caller gives and resets for each resource.
// Source: HL7 FHIRPath 2.0 (normative) with 3.0 additions; FHIR R4, fhirpath.html; SQL on FHIR v2 functions.

namespace authledger {

inline constexpr size_t kPathStepsMax = 1'000'000;    // Evaluated operations and visited items of one evaluation.
inline constexpr size_t kPathItemsMax = 200'000;      // Items of one collection.
inline constexpr size_t kPathTextBytesMax = 1 << 20;  // Of one computed string.

struct PathOptions {
  std::string context_type;            // Type that the expression starts from, when known: "Patient".
  std::string resource_type;           // Type of %resource and %context, when another than `context_type`.
  std::vector<std::string> variables;  // %names that the evaluation will supply, beside FHIR's own.
  bool is_strict = false;              // Unknown elements, wrong contexts and positions without order are errors.
};

struct PathVariable {
  std::string_view name;
  std::span<const PathValue> values;
};

// What an evaluation may look at besides its focus.
struct PathEnvironment {
  JsonView resource;       // %resource and %context, usually the input itself.
  JsonView root_resource;  // %rootResource: the resource that contains `resource`; or missing.
  JsonView bundle;         // Where resolve() may look besides contained resources; or missing.
  std::span<const PathVariable> variables;
  Instant now{};                                    // now(), today(), timeOfDay(), in UTC.
  std::vector<const JsonNode*>* sources = nullptr;  // Receives the elements that paths end in, for explanations.
};

// Immutable after compile.
class PathExpression {
 public:
  // Errors: the first mistake with line and column; unknown functions, types and (strict) elements name the nearest.
  static Result<PathExpression, PathError> compile(std::string_view text, const PathOptions& options = {});

  PathExpression(PathExpression&&) noexcept;
  PathExpression& operator=(PathExpression&&) noexcept;
  ~PathExpression();

  const std::string& text() const;
  // The data type that the result has when the model tells it ("string", "Coding"), or "".
  std::string result_type() const;

  // Appends the result to `out`, whose allocator's arena also receives computed texts; views stay valid until the
  // arena or the document is reset. `focus` is $this at the start.
  // Errors: what FHIRPath calls an evaluation error, or a limit; message without any value of the resource.
  Result<Done, PathError> evaluate(std::span<const PathValue> focus, const PathEnvironment& environment,
                                   PathValues& out) const;

 private:
  explicit PathExpression(std::unique_ptr<PathProgram> program, TypeIndex result_type);
  std::unique_ptr<PathProgram> program_;
  TypeIndex result_type_ = kUnknownType;
};

// The value that stands for a whole resource.
PathValue resource_value(JsonView resource);
// The value as JSON would hold it: numbers and strings as written, 4 days as "4 days", objects whole.
void write_json(const PathValue& value, JsonWriter& writer);
// The elements that a value comes from: its own, or what its expression read (`read`, from PathEnvironment::sources).
std::vector<const JsonNode*> value_sources(const PathValue& value, std::span<const JsonNode* const> read);
// Where an element stands in its resource: "ClaimResponse.item[0].extension[1].valuePeriod.start"; empty when nowhere.
std::string element_path(JsonView resource, const JsonNode* element);
// A primitive's or quantity's text; empty for objects.
std::string display_text(const PathValue& value);

}  // namespace authledger
