#include <fmt/format.h>

#include "fhir/path/equality.h"
#include "fhir/path/evaluator.h"
#include "fhir/path/ucum.h"

// Source: FHIRPath 2.0, section 6.

namespace authledger {

bool PathEvaluator::order(const PathNode& node, const PathValue& left, const PathValue& right,
                          std::optional<int>& out) {
  if (is_numeric(left) && is_numeric(right)) {
    auto x = decimal_value(left), y = decimal_value(right);
    if (x && y) out = compare(*x, *y);
    return true;
  }
  if (is_temporal(left) || is_temporal(right)) {
    auto x = temporal_value(left), y = temporal_value(right);
    bool is_possible = (left.kind == ValueKind::time) == (right.kind == ValueKind::time) &&
                       (is_temporal(left) || left.node) && (is_temporal(right) || right.node);
    if (is_possible) {
      if (x && y) out = compare(*x, *y);
      return true;
    }
  } else if (left.kind == ValueKind::string && right.kind == ValueKind::string) {
    int result = left.text.compare(right.text);
    out = result < 0 ? -1 : result > 0 ? 1 : 0;
    return true;
  } else if (auto x = quantity_value(left), y = quantity_value(right); x && y) {
    out = compare_quantities(*x, *y);
    return true;
  }
  return fail(node, fmt::format("{} and {} have no order", kind_name(left), kind_name(right)));
}

bool PathEvaluator::shift_temporal(const PathNode& node, const PathValue& left, const PathValue& right,
                                   PathValues& out) {
  auto moment = temporal_value(left);
  auto amount = quantity_value(right);
  if (!moment || !amount) return true;
  std::optional<CalendarUnit> unit =
      calendar_unit(right.kind == ValueKind::quantity || amount->is_calendar ? amount->unit : "");
  if (!unit) {
    constexpr std::pair<std::string_view, CalendarUnit> kCodes[] = {
        {"wk", CalendarUnit::week},    {"d", CalendarUnit::day},    {"h", CalendarUnit::hour},
        {"min", CalendarUnit::minute}, {"s", CalendarUnit::second}, {"ms", CalendarUnit::millisecond}};
    for (const auto& [code, meaning] : kCodes) {
      if (amount->unit == code) unit = meaning;
    }
  }
  if (!unit) {
    return fail(node,
                fmt::format("'{}' cannot be added to a date; use years, months, weeks, days, hours, minutes, seconds",
                            amount->unit.substr(0, 20)));
  }
  if (left.kind == ValueKind::time && *unit < CalendarUnit::hour)
    return fail(node, "a time moves by hours, minutes or seconds");
  // For calendar seconds the decimal part counts, for longer units it is ignored (FHIRPath 2.0, 6.6.7); the public
  // suite ignores that of the UCUM code 's' as well.
  Decimal shift = amount->value;
  if (*unit == CalendarUnit::second && calendar_unit(amount->unit)) {
    auto milliseconds = multiply(shift, decimal_of(1000));
    if (!milliseconds) return true;
    shift = *milliseconds;
    unit = CalendarUnit::millisecond;
  }
  auto whole = rescale(shift, 0, DecimalRounding::down);
  auto count = whole ? to_integer(*whole) : std::nullopt;
  if (!count) return true;
  auto moved = add(*moment, node.op == PathOp::subtract ? -*count : *count, *unit);
  return !moved || push_text(node, left.kind, format_temporal(*moved), out);
}

bool PathEvaluator::arithmetic(const PathNode& node, const PathValue& left, const PathValue& right, PathValues& out) {
  if (node.op == PathOp::add && left.kind == ValueKind::string && right.kind == ValueKind::string) {
    return push_text(node, ValueKind::string, std::string(left.text) + std::string(right.text), out);
  }
  bool is_sum = node.op == PathOp::add || node.op == PathOp::subtract;
  if (is_sum && is_temporal(left) && (right.kind == ValueKind::quantity || right.kind == ValueKind::element)) {
    return shift_temporal(node, left, right, out);
  }
  if (is_numeric(left) && is_numeric(right)) {
    auto x = decimal_value(left), y = decimal_value(right);
    if (!x || !y) return true;
    // FHIRPath 3.0, section 5.5: an Integer beside a Long becomes a Long, either beside a Decimal a Decimal.
    ValueKind kind = !is_whole(left) || !is_whole(right) ? ValueKind::decimal
                     : left.kind == right.kind           ? left.kind
                                                         : ValueKind::long_integer;
    ValueKind whole_kind = kind == ValueKind::long_integer ? kind : ValueKind::integer;
    bool is_division = node.op == PathOp::divide || node.op == PathOp::divide_whole || node.op == PathOp::remainder;
    if (is_division && y->coefficient == 0) return true;
    if (node.op == PathOp::add) return push_decimal(node, add(*x, *y), kind, out);
    if (node.op == PathOp::subtract) return push_decimal(node, subtract(*x, *y), kind, out);
    if (node.op == PathOp::multiply) return push_decimal(node, multiply(*x, *y), kind, out);
    if (node.op == PathOp::divide) return push_decimal(node, divide(*x, *y), ValueKind::decimal, out);
    if (node.op == PathOp::divide_whole) return push_decimal(node, divide_whole(*x, *y), whole_kind, out);
    return push_decimal(node, remainder(*x, *y), kind, out);
  }
  bool has_quantity = left.kind == ValueKind::quantity || right.kind == ValueKind::quantity ||
                      left.kind == ValueKind::element || right.kind == ValueKind::element;
  auto x = has_quantity ? quantity_value(left) : std::nullopt;
  auto y = has_quantity ? quantity_value(right) : std::nullopt;
  if (x && y) {
    PathValue result;
    result.kind = ValueKind::quantity;
    std::optional<Decimal> number;
    if (is_sum && !is_numeric(left) && !is_numeric(right)) {
      auto converted = convert_quantity(*y, *x);
      if (!converted) return true;
      number = node.op == PathOp::add ? add(x->value, *converted) : subtract(x->value, *converted);
      result.unit = x->unit;
      result.is_calendar_unit = x->is_calendar;
    } else if (node.op == PathOp::multiply || (node.op == PathOp::divide && y->value.coefficient != 0)) {
      auto unit = combine_units(x->unit, y->unit, node.op == PathOp::divide);
      if (!unit) return true;
      number = node.op == PathOp::divide ? divide(x->value, y->value) : multiply(x->value, y->value);
      result.unit = keep_text(arena_, *unit);
    } else if (node.op == PathOp::divide) {
      return true;
    }
    if (number) {
      result.text = keep_text(arena_, format_decimal(*number));
      return push(node, result, out);
    }
    if (is_sum && !is_numeric(left) && !is_numeric(right)) return true;
  }
  return fail(node, fmt::format("this operator does not take {} and {}", kind_name(left), kind_name(right)));
}

bool PathEvaluator::binary(const PathNode& node, const PathScope& scope, PathValues& out) {
  PathValues left(&arena_), right(&arena_);
  if (!evaluate_scoped(node.input, scope, left) || !evaluate_scoped(node.arguments[0], scope, right)) return false;
  switch (node.op) {
    case PathOp::union_of: {
      size_t first = out.size();  // What stands before belongs to an outer collection.
      for (const PathValues* side : {&left, &right}) {
        for (const PathValue& value : *side) {
          bool is_known = false;
          if (!step(node, (out.size() - first) / 8)) return false;
          for (size_t i = first; i < out.size(); ++i) is_known = is_known || same(out[i], value);
          if (!is_known && !push(node, value, out)) return false;
        }
      }
      return true;
    }
    case PathOp::equal:
    case PathOp::not_equal: {
      if (left.empty() || right.empty()) return true;
      auto answer = equal(std::span<const PathValue>(left), std::span<const PathValue>(right));
      return !answer || push(node, boolean_value(*answer == (node.op == PathOp::equal)), out);
    }
    case PathOp::equivalent:
    case PathOp::not_equivalent: {
      bool answer = equivalent(std::span<const PathValue>(left), std::span<const PathValue>(right));
      return push(node, boolean_value(answer == (node.op == PathOp::equivalent)), out);
    }
    case PathOp::in:
    case PathOp::contains: {
      const PathValues& one = node.op == PathOp::in ? left : right;
      const PathValues& many = node.op == PathOp::in ? right : left;
      std::optional<PathValue> item;
      if (!single_input(node, one, item)) return false;
      if (!item) return true;
      bool is_found = false;
      for (const PathValue& value : many) is_found = is_found || same(value, *item);
      return push(node, boolean_value(is_found), out);
    }
    default:
      break;
  }
  std::optional<PathValue> x, y;
  if (!single_input(node, left, x) || !single_input(node, right, y)) return false;
  if (node.op == PathOp::concatenate) {
    for (const auto& side : {x, y}) {
      if (side && side->kind != ValueKind::string)
        return fail(node, fmt::format("& joins strings, found {}", kind_name(*side)));
    }
    return push_text(node, ValueKind::string, std::string(x ? x->text : "") + std::string(y ? y->text : ""), out);
  }
  if (!x || !y) return true;
  if (node.op == PathOp::less || node.op == PathOp::less_equal || node.op == PathOp::greater ||
      node.op == PathOp::greater_equal) {
    std::optional<int> relation;
    if (!order(node, *x, *y, relation)) return false;
    if (!relation) return true;
    bool answer = node.op == PathOp::less         ? *relation < 0
                  : node.op == PathOp::less_equal ? *relation <= 0
                  : node.op == PathOp::greater    ? *relation > 0
                                                  : *relation >= 0;
    return push(node, boolean_value(answer), out);
  }
  return arithmetic(node, *x, *y, out);
}

}  // namespace authledger
