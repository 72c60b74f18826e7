#pragma once

#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "fhir/path/decimal.h"
#include "fhir/path/model.h"
#include "fhir/path/temporal.h"

namespace authledger {

// What a value is to FHIRPath. `element` is an object of the resource; `none` a primitive without a value, which may
// still carry an id or extensions.
enum class ValueKind : uint8_t {
  none,
  boolean,
  integer,       // System.Integer: 32 bits.
  long_integer,  // System.Long: 64 bits.
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,
  element,
  type_info
};

// One item of a collection. Numbers, dates and strings are kept as text (1.0 is not 1); the text lives in the
// resource's document, the expression, or the arena of the evaluation.
struct PathValue {
  const JsonNode* node = nullptr;     // Element of the resource; nullptr for a computed value.
  const JsonNode* sibling = nullptr;  // The `_name` object of a primitive.
  std::string_view text;              // Lexical value; type_info: the type's name.
  std::string_view unit;              // Quantity: unit code; type_info: the namespace.
  ValueKind kind = ValueKind::none;
  bool boolean = false;
  bool is_calendar_unit = false;  // Quantity: `1 month`, not `1 'mo'`.
  TypeIndex type = kUnknownType;  // FHIR type; kUnknownType for System values.
};

using PathValues = std::pmr::vector<PathValue>;

// What a JSON text in a primitive of this kind is to FHIRPath.
ValueKind kind_of_text(PrimitiveKind primitive);

// A value for an element of a resource. `type` is what the model knows of it.
PathValue element_value(const JsonNode* node, const JsonNode* sibling, TypeIndex type);
PathValue boolean_value(bool value);
PathValue text_value(ValueKind kind, std::string_view text);

// Copies text into the arena, where it lives as long as the evaluation's result.
std::string_view keep_text(std::pmr::memory_resource& arena, std::string_view text);

inline bool is_whole(const PathValue& value) {
  return value.kind == ValueKind::integer || value.kind == ValueKind::long_integer;
}
inline bool is_numeric(const PathValue& value) {
  return is_whole(value) || value.kind == ValueKind::decimal;
}
inline bool is_temporal(const PathValue& value) {
  return value.kind == ValueKind::date || value.kind == ValueKind::date_time || value.kind == ValueKind::time;
}
std::optional<Decimal> decimal_value(const PathValue& value);
std::optional<Temporal> temporal_value(const PathValue& value);

// A System.Quantity, also from a FHIR Quantity (its UCUM code, else its unit). `unit` "1" when there is none.
struct PathQuantity {
  Decimal value;
  std::string_view unit;
  bool is_calendar = false;
};
std::optional<PathQuantity> quantity_value(const PathValue& value);

// "Patient", "Integer": for messages, never the value itself.
std::string_view kind_name(const PathValue& value);

}  // namespace authledger
