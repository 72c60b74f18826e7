#include "fhir/path/value.h"

#include <cstring>

namespace authledger {

ValueKind kind_of_text(PrimitiveKind primitive) {
  switch (primitive) {
    case PrimitiveKind::date:
      return ValueKind::date;
    case PrimitiveKind::date_time:
      return ValueKind::date_time;
    case PrimitiveKind::time:
      return ValueKind::time;
    case PrimitiveKind::none:
    case PrimitiveKind::boolean:
    case PrimitiveKind::integer:
    case PrimitiveKind::decimal:
    case PrimitiveKind::string:
      return ValueKind::string;
  }
  return ValueKind::string;
}

PathValue element_value(const JsonNode* node, const JsonNode* sibling, TypeIndex type) {
  PathValue value;
  value.node = node;
  value.sibling = sibling;
  value.type = type;
  JsonView view(node);
  PrimitiveKind primitive = type == kUnknownType ? PrimitiveKind::none : Model::r4().type(type).primitive;
  switch (view.kind()) {
    case JsonKind::null:
      break;
    case JsonKind::boolean:
      value.kind = ValueKind::boolean;
      value.boolean = view.boolean();
      value.text = view.text();
      break;
    case JsonKind::number:
      value.text = view.text();
      value.kind = primitive == PrimitiveKind::decimal || value.text.find_first_of(".eE") != std::string_view::npos
                       ? ValueKind::decimal
                       : ValueKind::integer;
      break;
    case JsonKind::string:
      value.text = view.text();
      value.kind = kind_of_text(primitive);
      break;
    case JsonKind::array:
    case JsonKind::object:
      value.kind = ValueKind::element;
      // A resource says itself what it is; data types do not.
      if (type != kUnknownType && Model::r4().type(type).kind != TypeKind::resource) break;
      if (JsonView name = view["resourceType"]; name.is_string()) value.type = Model::r4().find_type(name.text());
      break;
  }
  return value;
}

PathValue boolean_value(bool value) {
  PathValue result;
  result.kind = ValueKind::boolean;
  result.boolean = value;
  result.text = value ? "true" : "false";
  return result;
}

PathValue text_value(ValueKind kind, std::string_view text) {
  PathValue result;
  result.kind = kind;
  result.text = text;
  return result;
}

std::string_view keep_text(std::pmr::memory_resource& arena, std::string_view text) {
  if (text.empty()) return {"", 0};
  char* memory = static_cast<char*>(arena.allocate(text.size(), 1));
  std::memcpy(memory, text.data(), text.size());
  return {memory, text.size()};
}

std::optional<Decimal> decimal_value(const PathValue& value) {
  return is_numeric(value) ? parse_decimal(value.text) : std::nullopt;
}

std::optional<Temporal> temporal_value(const PathValue& value) {
  switch (value.kind) {
    case ValueKind::date:
      return parse_date(value.text);
    case ValueKind::date_time:
      return parse_date_time(value.text);
    case ValueKind::time:
      return parse_time(value.text);
    case ValueKind::string:
      // An element that the model does not know may still hold a date.
      if (value.node && value.type == kUnknownType) return parse_date_time(value.text);
      return std::nullopt;
    case ValueKind::none:
    case ValueKind::boolean:
    case ValueKind::integer:
    case ValueKind::long_integer:
    case ValueKind::decimal:
    case ValueKind::quantity:
    case ValueKind::element:
    case ValueKind::type_info:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<PathQuantity> quantity_value(const PathValue& value) {
  if (value.kind == ValueKind::quantity) {
    auto number = parse_decimal(value.text);
    if (!number) return std::nullopt;
    return PathQuantity{*number, value.unit, value.is_calendar_unit};
  }
  if (is_numeric(value)) {
    auto number = parse_decimal(value.text);
    if (!number) return std::nullopt;
    return PathQuantity{*number, "1", false};
  }
  if (value.kind != ValueKind::element) return std::nullopt;
  const Model& model = Model::r4();
  if (value.type != kUnknownType && !model.is_a(value.type, model.find_type("Quantity"))) return std::nullopt;
  JsonView view(value.node);
  auto number = view["value"].is_number() ? parse_decimal(view["value"].text()) : std::nullopt;
  // A comparator ("<5") leaves the number open.
  if (!number || view["comparator"].exists()) return std::nullopt;
  std::string_view unit = view["code"].is_string() ? view["code"].text() : view["unit"].text();
  return PathQuantity{*number, unit.empty() ? "1" : unit, false};
}

std::string_view kind_name(const PathValue& value) {
  if (value.type != kUnknownType) return Model::r4().type(value.type).name;
  switch (value.kind) {
    case ValueKind::none:
      return "empty";
    case ValueKind::boolean:
      return "Boolean";
    case ValueKind::integer:
      return "Integer";
    case ValueKind::long_integer:
      return "Long";
    case ValueKind::decimal:
      return "Decimal";
    case ValueKind::string:
      return "String";
    case ValueKind::date:
      return "Date";
    case ValueKind::date_time:
      return "DateTime";
    case ValueKind::time:
      return "Time";
    case ValueKind::quantity:
      return "Quantity";
    case ValueKind::element:
      return "object";
    case ValueKind::type_info:
      return "TypeInfo";
  }
  return "value";
}

}  // namespace authledger
