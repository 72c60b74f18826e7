#include "fhir/path/equality.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "fhir/path/ucum.h"

namespace authledger {
namespace {

// Lower case, white space as one blank each.
std::string normalized(std::string_view text) {
  std::string result;
  for (char c : trim(text)) {
    bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (is_space && !result.empty() && result.back() == ' ') continue;
    result += is_space ? ' ' : c;
  }
  return lower_case(result);
}

bool equivalent_numbers(Decimal a, Decimal b) {
  int32_t scale = std::min(without_trailing_zeros(a).scale, without_trailing_zeros(b).scale);
  auto x = rescale(a, scale, DecimalRounding::half_away);
  auto y = rescale(b, scale, DecimalRounding::half_away);
  return x && y && compare(*x, *y) == 0;
}

bool equal_trees(JsonView a, JsonView b, bool is_loose) {
  if (a.node() == b.node()) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case JsonKind::null:
      return true;
    case JsonKind::boolean:
      return a.boolean() == b.boolean();
    case JsonKind::number: {
      auto x = parse_decimal(a.text()), y = parse_decimal(b.text());
      if (!x || !y) return a.text() == b.text();
      return is_loose ? equivalent_numbers(*x, *y) : compare(*x, *y) == 0;
    }
    case JsonKind::string:
      return is_loose ? normalized(a.text()) == normalized(b.text()) : a.text() == b.text();
    case JsonKind::array: {
      if (a.size() != b.size()) return false;
      if (!is_loose) {
        for (size_t i = 0; i < a.size(); ++i) {
          if (!equal_trees(a.at(i), b.at(i), false)) return false;
        }
        return true;
      }
      std::vector<bool> taken(b.size());
      for (JsonView left : a) {
        size_t i = 0;
        while (i < b.size() && (taken[i] || !equal_trees(left, b.at(i), true))) ++i;
        if (i == b.size()) return false;
        taken[i] = true;
      }
      return true;
    }
    case JsonKind::object:
      if (a.size() != b.size()) return false;
      for (JsonView member : a) {
        JsonView other = b[member.name()];
        if (!other.exists() || !equal_trees(member, other, is_loose)) return false;
      }
      return true;
  }
  return false;
}

bool is_quantity_like(const PathValue& value) {
  return value.kind == ValueKind::quantity;
}

}  // namespace

std::optional<bool> equal(const PathValue& a, const PathValue& b) {
  if (a.node && a.node == b.node) return true;
  if (is_quantity_like(a) || is_quantity_like(b)) {
    auto x = quantity_value(a), y = quantity_value(b);
    if (!x || !y) return false;
    auto order = compare_quantities(*x, *y);
    if (!order) return std::nullopt;
    return *order == 0;
  }
  if (is_numeric(a) && is_numeric(b)) {
    if (a.text == b.text) return true;
    auto x = decimal_value(a), y = decimal_value(b);
    return x && y ? compare(*x, *y) == 0 : a.text == b.text;
  }
  if (is_temporal(a) || is_temporal(b)) {
    if ((a.kind == ValueKind::time) != (b.kind == ValueKind::time)) return false;
    auto x = temporal_value(a), y = temporal_value(b);
    if (!x || !y) return a.text == b.text;
    auto order = compare(*x, *y);
    if (!order) return std::nullopt;
    return *order == 0;
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case ValueKind::boolean:
      return a.boolean == b.boolean;
    case ValueKind::string:
      return a.text == b.text;
    case ValueKind::element:
      return equal_trees(JsonView(a.node), JsonView(b.node), false);
    case ValueKind::none:
      return equal_trees(JsonView(a.sibling), JsonView(b.sibling), false);
    case ValueKind::type_info:
      return a.text == b.text && a.unit == b.unit;
    case ValueKind::integer:
    case ValueKind::long_integer:
    case ValueKind::decimal:
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time:
    case ValueKind::quantity:
      break;
  }
  return false;
}

bool equivalent(const PathValue& a, const PathValue& b) {
  if (is_quantity_like(a) || is_quantity_like(b)) {
    auto x = quantity_value(a), y = quantity_value(b);
    if (!x || !y) return false;
    auto order = compare_quantities_loosely(*x, *y);
    return order && *order == 0;
  }
  if (is_numeric(a) && is_numeric(b)) {
    auto x = decimal_value(a), y = decimal_value(b);
    return x && y && equivalent_numbers(*x, *y);
  }
  if (is_temporal(a) && is_temporal(b)) {
    auto x = temporal_value(a), y = temporal_value(b);
    return x && y && equivalent(*x, *y);
  }
  if (a.kind != b.kind) return false;
  if (a.kind == ValueKind::string) return normalized(a.text) == normalized(b.text);
  if (a.kind == ValueKind::element) return equal_trees(JsonView(a.node), JsonView(b.node), true);
  return equal(a, b).value_or(false);
}

std::optional<bool> equal(std::span<const PathValue> a, std::span<const PathValue> b) {
  if (a.size() != b.size()) return false;
  bool is_unknown = false;
  for (size_t i = 0; i < a.size(); ++i) {
    auto answer = equal(a[i], b[i]);
    if (answer && !*answer) return false;
    if (!answer) is_unknown = true;
  }
  if (is_unknown) return std::nullopt;
  return true;
}

bool equivalent(std::span<const PathValue> a, std::span<const PathValue> b) {
  if (a.size() != b.size()) return false;
  std::vector<bool> taken(b.size());
  for (const PathValue& left : a) {
    size_t i = 0;
    while (i < b.size() && (taken[i] || !equivalent(left, b[i]))) ++i;
    if (i == b.size()) return false;
    taken[i] = true;
  }
  return true;
}

}  // namespace authledger
