#include <fmt/format.h>

#include <cmath>

#include "fhir/path/evaluator.h"
#include "fhir/path/ucum.h"

// Source: FHIRPath 2.0, section 5.7 (math); 3.0, boundaries, precision and date components.

namespace authledger {

bool PathEvaluator::math_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                  PathValues& out) {
  using F = PathFunction;
  std::optional<PathValue> value;
  if (!single_input(node, input, value)) return false;
  if (!value) return true;
  bool is_quantity = node.function == F::abs && value->kind == ValueKind::quantity;
  auto number = is_numeric(*value) || is_quantity ? parse_decimal(value->text) : std::nullopt;
  if (!number) return fail(node, fmt::format("{}() needs a number, found {}", node.text, kind_name(*value)));
  ValueKind whole_kind = value->kind == ValueKind::long_integer ? value->kind : ValueKind::integer;
  auto push_real = [&](double real) { return push_decimal(node, from_double(real), ValueKind::decimal, out); };
  switch (node.function) {
    case F::abs:
      if (number->coefficient < 0) *number = negate(*number);
      if (is_quantity) {
        PathValue result = *value;
        result.text = keep_text(arena_, format_decimal(*number));
        return push(node, result, out);
      }
      return push_decimal(node, number, value->kind, out);
    case F::ceiling:
      return push_decimal(node, rescale(*number, 0, DecimalRounding::ceiling), whole_kind, out);
    case F::floor:
      return push_decimal(node, rescale(*number, 0, DecimalRounding::floor), whole_kind, out);
    case F::truncate:
      return push_decimal(node, rescale(*number, 0, DecimalRounding::down), whole_kind, out);
    case F::round: {
      std::optional<int64_t> digits = 0;
      if (!node.arguments.empty() && !evaluate_integer(node, node.arguments[0], scope, digits)) return false;
      if (!digits) digits = 0;
      if (*digits < 0) return fail(node, "round() needs a precision of 0 or more");
      if (*digits >= number->scale) return push_decimal(node, number, value->kind, out);
      return push_decimal(node, rescale(*number, static_cast<int32_t>(*digits), DecimalRounding::half_away),
                          ValueKind::decimal, out);
    }
    case F::exp:
      return push_real(std::exp(to_double(*number)));
    case F::ln:
      return number->coefficient <= 0 || push_real(std::log(to_double(*number)));
    case F::sqrt:
      return number->coefficient < 0 || push_real(std::sqrt(to_double(*number)));
    case F::log:
    case F::power: {
      std::optional<PathValue> argument;
      if (!evaluate_single(node.arguments[0], scope, argument)) return false;
      if (!argument) return true;
      auto other = decimal_value(*argument);
      if (!other) return fail(node, fmt::format("{}() needs a number, found {}", node.text, kind_name(*argument)));
      if (node.function == F::log) {
        double base = std::log(to_double(*other));
        if (number->coefficient <= 0 || other->coefficient <= 0 || base == 0) return true;
        return push_real(std::log(to_double(*number)) / base);
      }
      auto exponent = to_integer(*other);
      if (exponent && *exponent >= 0 && *exponent <= 1000) {
        std::optional<Decimal> result = decimal_of(1);
        for (int64_t i = 0; result && i < *exponent; ++i) result = multiply(*result, *number);
        return push_decimal(node, result, is_whole(*argument) ? value->kind : ValueKind::decimal, out);
      }
      return push_real(std::pow(to_double(*number), to_double(*other)));
    }
    default:
      return fail(node, fmt::format("{}() is not supported", node.text));
  }
}

namespace {

// The first or last number that is written as this one at its precision.
std::optional<Decimal> decimal_boundary(Decimal value, bool is_high, int64_t digits) {
  if (digits < 0 || digits > 31) return std::nullopt;
  auto finer = rescale(value, value.scale + 1, DecimalRounding::down);
  if (!finer) return std::nullopt;
  finer->coefficient += is_high ? 5 : -5;
  auto result =
      rescale(*finer, static_cast<int32_t>(digits), is_high ? DecimalRounding::ceiling : DecimalRounding::floor);
  // A number that vanishes at this precision stays zero.
  auto cut = rescale(*finer, static_cast<int32_t>(digits), DecimalRounding::down);
  return cut && cut->coefficient == 0 && digits > 0 ? cut : result;
}

}  // namespace

bool PathEvaluator::temporal_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                      PathValues& out) {
  using F = PathFunction;
  auto push_moment = [&](const Temporal& moment) {
    ValueKind kind = moment.kind == TemporalKind::date   ? ValueKind::date
                     : moment.kind == TemporalKind::time ? ValueKind::time
                                                         : ValueKind::date_time;
    return push_text(node, kind, format_temporal(moment), out);
  };
  auto push_number = [&](int64_t number) { return push_text(node, ValueKind::integer, std::to_string(number), out); };
  if (node.function == F::now) return push_moment(temporal_of(environment_.now, TemporalKind::date_time));
  if (node.function == F::today) return push_moment(temporal_of(environment_.now, TemporalKind::date));
  if (node.function == F::time_of_day) return push_moment(temporal_of(environment_.now, TemporalKind::time));

  std::optional<PathValue> value;
  if (!single_input(node, input, value)) return false;
  if (!value) return true;
  if (node.function == F::comparable) {
    std::optional<PathValue> other;
    if (!evaluate_single(node.arguments[0], scope, other)) return false;
    if (!other) return true;
    auto x = quantity_value(*value), y = quantity_value(*other);
    if (!x || !y) return fail(node, "comparable() compares quantities");
    return push(node, boolean_value(comparable_quantities(*x, *y)), out);
  }
  auto moment = temporal_value(*value);
  if (node.function == F::low_boundary || node.function == F::high_boundary) {
    bool is_high = node.function == F::high_boundary;
    std::optional<int64_t> digits;
    if (!node.arguments.empty() && !evaluate_integer(node, node.arguments[0], scope, digits)) return false;
    if (moment) {
      if (digits && (*digits < 0 || *digits > 17)) return true;
      auto limit = boundary(*moment, is_high, digits ? std::optional<int>(static_cast<int>(*digits)) : std::nullopt);
      return !limit || push_moment(*limit);
    }
    auto number = is_numeric(*value) || value->kind == ValueKind::quantity ? parse_decimal(value->text) : std::nullopt;
    auto quantity = value->kind == ValueKind::element ? quantity_value(*value) : std::nullopt;
    if (quantity) number = quantity->value;
    if (!number)
      return fail(node, fmt::format("{}() needs a number, date or time, found {}", node.text, kind_name(*value)));
    auto limit = decimal_boundary(*number, is_high, digits.value_or(8));
    if (!limit) return true;
    bool is_quantity = quantity || value->kind == ValueKind::quantity;
    if (!is_quantity) return push_decimal(node, limit, digits == 0 ? ValueKind::integer : ValueKind::decimal, out);
    PathValue result = text_value(ValueKind::quantity, keep_text(arena_, format_decimal(*limit)));
    result.unit = quantity ? quantity->unit : value->unit;
    result.is_calendar_unit = value->is_calendar_unit;
    return push(node, result, out);
  }
  if (node.function == F::precision) {
    if (moment) return push_number(precision_digits(*moment));
    auto number = decimal_value(*value);
    if (!number)
      return fail(node, fmt::format("precision() needs a number, date or time, found {}", kind_name(*value)));
    return push_number(number->scale);
  }
  if (!moment) return fail(node, fmt::format("{}() needs a date or time, found {}", node.text, kind_name(*value)));
  bool is_time = moment->kind == TemporalKind::time;
  auto part = [&](Precision needed, int32_t number) { return moment->precision < needed || push_number(number); };
  switch (node.function) {
    case F::year_of:
      return is_time || push_number(moment->year);
    case F::month_of:
      return is_time || part(Precision::month, moment->month);
    case F::day_of:
      return is_time || part(Precision::day, moment->day);
    case F::hour_of:
      return part(Precision::hour, moment->hour);
    case F::minute_of:
      return part(Precision::minute, moment->minute);
    case F::second_of:
      return part(Precision::second, moment->second);
    case F::millisecond_of:
      return moment->fraction_digits == 0 || push_number(moment->millisecond);
    case F::timezone_offset_of:
      return !moment->has_offset ||
             push_decimal(node, divide(decimal_of(moment->offset_minutes), decimal_of(60)), ValueKind::decimal, out);
    case F::date_of:
      if (is_time) return true;
      moment->kind = TemporalKind::date;
      moment->precision = std::min(moment->precision, Precision::day);
      moment->has_offset = false;
      return push_moment(*moment);
    case F::time_of:
      if (moment->precision < Precision::hour) return true;
      moment->kind = TemporalKind::time;
      moment->has_offset = false;
      return push_moment(*moment);
    default:
      return fail(node, fmt::format("{}() is not supported", node.text));
  }
}

}  // namespace authledger
