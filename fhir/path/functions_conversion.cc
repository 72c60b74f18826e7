#include <fmt/format.h>

#include "base/text.h"
#include "fhir/path/evaluator.h"
#include "fhir/path/ucum.h"

// Source: FHIRPath 2.0, section 5.5 (conversion) and 6.3 (types).

namespace authledger {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool is_integer_text(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos && text.size() < 20;
}

bool is_decimal_text(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  size_t point = text.find('.');
  std::string_view whole = text.substr(0, point);
  if (whole.empty() || whole.find_first_not_of(kDigits) != std::string_view::npos) return false;
  if (point == std::string_view::npos) return true;
  std::string_view fraction = text.substr(point + 1);
  return !fraction.empty() && fraction.find_first_not_of(kDigits) == std::string_view::npos;
}

std::string_view without_plus(std::string_view text) {
  return text.starts_with('+') ? text.substr(1) : text;
}

std::optional<bool> to_boolean(const PathValue& value) {
  if (value.kind == ValueKind::boolean) return value.boolean;
  if (is_numeric(value)) {
    auto number = decimal_value(value);
    if (number && compare(*number, decimal_of(1)) == 0) return true;
    if (number && number->coefficient == 0) return false;
    return std::nullopt;
  }
  if (value.kind != ValueKind::string) return std::nullopt;
  std::string word = lower_case(value.text);
  for (std::string_view yes : {"true", "t", "yes", "y", "1", "1.0"}) {
    if (word == yes) return true;
  }
  for (std::string_view no : {"false", "f", "no", "n", "0", "0.0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<PathValue> to_quantity(const PathValue& value) {
  PathValue result;
  result.kind = ValueKind::quantity;
  if (is_numeric(value) || value.kind == ValueKind::boolean) {
    result.text = value.kind == ValueKind::boolean ? (value.boolean ? "1.0" : "0.0") : value.text;
    result.unit = "1";
    return result;
  }
  if (value.kind == ValueKind::quantity) return value;
  if (auto quantity = quantity_value(value)) {
    result.text = JsonView(value.node)["value"].text();
    result.unit = quantity->unit;
    return result;
  }
  if (value.kind != ValueKind::string) return std::nullopt;
  std::string_view text = trim(value.text);
  size_t end = text.find_first_of(" \t'");
  std::string_view number = text.substr(0, end);
  if (!is_decimal_text(number) || !parse_decimal(number)) return std::nullopt;
  std::string_view unit = end == std::string_view::npos ? std::string_view() : trim(text.substr(end));
  result.text = without_plus(number);
  result.unit = "1";
  if (unit.empty()) return result;
  if (unit.size() >= 2 && unit.front() == '\'' && unit.back() == '\'') {
    result.unit = unit.substr(1, unit.size() - 2);
    return result.unit.empty() ? std::nullopt : std::optional<PathValue>(result);
  }
  if (!calendar_unit(unit)) return std::nullopt;
  result.unit = unit;
  result.is_calendar_unit = true;
  return result;
}

std::optional<std::string> to_text(const PathValue& value) {
  switch (value.kind) {
    case ValueKind::boolean:
      return value.boolean ? "true" : "false";
    case ValueKind::integer:
    case ValueKind::long_integer:
    case ValueKind::decimal:
    case ValueKind::string:
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time:
      return std::string(value.text);
    case ValueKind::quantity:
      return value.is_calendar_unit ? fmt::format("{} {}", value.text, value.unit)
                                    : fmt::format("{} '{}'", value.text, value.unit);
    case ValueKind::element:
      if (auto quantity = quantity_value(value))
        return fmt::format("{} '{}'", JsonView(value.node)["value"].text(), quantity->unit);
      return std::nullopt;
    case ValueKind::none:
    case ValueKind::type_info:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Temporal> to_temporal(const PathValue& value, TemporalKind kind) {
  if (kind == TemporalKind::time) {
    return value.kind == ValueKind::time || value.kind == ValueKind::string ? parse_time(value.text) : std::nullopt;
  }
  if (value.kind != ValueKind::date && value.kind != ValueKind::date_time && value.kind != ValueKind::string)
    return std::nullopt;
  auto result = parse_date_time(value.text);
  if (result && kind == TemporalKind::date) {
    result->kind = TemporalKind::date;
    result->precision = std::min(result->precision, Precision::day);
    result->has_offset = result->is_utc = false;
  }
  return result;
}

}  // namespace

bool PathEvaluator::conversion_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                        PathValues& out) {
  using F = PathFunction;
  if (node.function == F::type) {
    for (const PathValue& value : input) {
      PathValue info;
      info.kind = ValueKind::type_info;
      info.text = kind_name(value);
      info.unit = value.type != kUnknownType || value.node ? "FHIR" : "System";
      if (!push(node, info, out)) return false;
    }
    return true;
  }
  if (input.size() > 1)
    return fail(node, fmt::format("{}() needs at most one value, found {}", node.text, input.size()));
  if (input.empty() || input[0].kind == ValueKind::none) return true;
  const PathValue& value = input[0];
  auto answer = [&](bool result) { return push(node, boolean_value(result), out); };
  switch (node.function) {
    case F::is:
      return answer(has_type(value, node.type_name, false));
    case F::as:
      return !has_type(value, node.type_name, true) || push(node, value, out);
    case F::to_boolean:
    case F::converts_to_boolean: {
      auto result = to_boolean(value);
      if (node.function == F::converts_to_boolean) return answer(result.has_value());
      return !result || answer(*result);
    }
    case F::to_integer:
    case F::converts_to_integer:
    case F::to_long:
    case F::converts_to_long: {
      std::optional<int64_t> number;
      if (value.kind == ValueKind::boolean) number = value.boolean ? 1 : 0;
      if (is_whole(value) || (value.kind == ValueKind::string && is_integer_text(value.text))) {
        if (auto decimal = parse_decimal(without_plus(value.text))) number = ::authledger::to_integer(*decimal);
      }
      bool is_long = node.function == F::to_long || node.function == F::converts_to_long;
      if (number && !is_long && !fits_integer(*number)) number.reset();
      if (node.function == F::converts_to_integer || node.function == F::converts_to_long)
        return answer(number.has_value());
      return !number ||
             push_text(node, is_long ? ValueKind::long_integer : ValueKind::integer, std::to_string(*number), out);
    }
    case F::to_decimal:
    case F::converts_to_decimal: {
      std::optional<std::string_view> text;
      if (value.kind == ValueKind::boolean) text = value.boolean ? "1.0" : "0.0";
      if (is_numeric(value) || (value.kind == ValueKind::string && is_decimal_text(value.text)))
        text = without_plus(value.text);
      if (text && !parse_decimal(*text)) text.reset();
      if (node.function == F::converts_to_decimal) return answer(text.has_value());
      return !text || push_text(node, ValueKind::decimal, *text, out);
    }
    case F::to_quantity:
    case F::converts_to_quantity: {
      auto result = to_quantity(value);
      if (result && !node.arguments.empty()) {
        std::optional<std::string_view> unit;
        if (!evaluate_text(node, node.arguments[0], scope, unit)) return false;
        auto source = unit ? quantity_value(*result) : std::nullopt;
        auto converted =
            source ? convert_quantity(*source, {decimal_of(1), *unit, calendar_unit(*unit).has_value()}) : std::nullopt;
        if (unit && !converted) result.reset();
        if (result && converted) {
          result->text = keep_text(arena_, format_decimal(*converted));
          result->unit = *unit;
          result->is_calendar_unit = calendar_unit(*unit).has_value();
        }
      }
      if (node.function == F::converts_to_quantity) return answer(result.has_value());
      return !result || push(node, *result, out);
    }
    case F::to_string:
    case F::converts_to_string: {
      auto text = to_text(value);
      if (node.function == F::converts_to_string) return answer(text.has_value());
      return !text || push_text(node, ValueKind::string, *text, out);
    }
    case F::to_date:
    case F::converts_to_date:
    case F::to_date_time:
    case F::converts_to_date_time:
    case F::to_time:
    case F::converts_to_time: {
      bool is_date = node.function == F::to_date || node.function == F::converts_to_date;
      bool is_time = node.function == F::to_time || node.function == F::converts_to_time;
      auto moment = to_temporal(value, is_date   ? TemporalKind::date
                                       : is_time ? TemporalKind::time
                                                 : TemporalKind::date_time);
      bool asks = node.function == F::converts_to_date || node.function == F::converts_to_date_time ||
                  node.function == F::converts_to_time;
      if (asks) return answer(moment.has_value());
      if (!moment) return true;
      return push_text(node,
                       is_date   ? ValueKind::date
                       : is_time ? ValueKind::time
                                 : ValueKind::date_time,
                       format_temporal(*moment), out);
    }
    default:
      return fail(node, fmt::format("{}() is not supported", node.text));
  }
}

}  // namespace authledger
