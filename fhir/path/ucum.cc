#include "fhir/path/ucum.h"

#include <algorithm>
#include <array>
#include <map>

namespace authledger {
namespace {

// Base dimensions: metre, second, gram, kelvin, candela, coulomb, radian, mole-less count, calendar month.
constexpr size_t kDimensions = 8;
constexpr size_t kMonthDimension = 7;
using Dimensions = std::array<int8_t, kDimensions>;

struct UnitValue {
  Decimal factor{1, 0};
  int exponent = 0;  // × 10^exponent
  Dimensions dimensions{};
};

struct Atom {
  std::string_view code;
  std::string_view factor;
  Dimensions dimensions;
  bool is_metric;
};

//                                      m  s  g  K cd  C rad month
constexpr Atom kAtoms[] = {
    {"m", "1", {1}, true},
    {"s", "1", {0, 1}, true},
    {"g", "1", {0, 0, 1}, true},
    {"K", "1", {0, 0, 0, 1}, true},
    {"cd", "1", {0, 0, 0, 0, 1}, true},
    {"C", "1", {0, 0, 0, 0, 0, 1}, true},
    {"rad", "1", {0, 0, 0, 0, 0, 0, 1}, true},
    {"1", "1", {}, false},
    {"%", "0.01", {}, false},
    {"mol", "6.0221367e23", {}, true},
    {"min", "60", {0, 1}, false},
    {"h", "3600", {0, 1}, false},
    {"d", "86400", {0, 1}, false},
    {"wk", "604800", {0, 1}, false},
    {"mo", "2629800", {0, 1}, false},
    {"a", "31557600", {0, 1}, false},
    {"L", "0.001", {3}, true},
    {"l", "0.001", {3}, true},
    {"Hz", "1", {0, -1}, true},
    {"N", "1000", {1, -2, 1}, true},
    {"Pa", "1000", {-1, -2, 1}, true},
    {"J", "1000", {2, -2, 1}, true},
    {"W", "1000", {2, -3, 1}, true},
    {"A", "1", {0, -1, 0, 0, 0, 1}, true},
    {"V", "1000", {2, -2, 1, 0, 0, -1}, true},
    {"t", "1000000", {0, 0, 1}, true},
    {"bar", "100000000", {-1, -2, 1}, true},
    {"m[Hg]", "133322000", {-1, -2, 1}, true},
    {"cal", "4184", {2, -2, 1}, true},
    {"[in_i]", "0.0254", {1}, false},
    {"[ft_i]", "0.3048", {1}, false},
    {"[yd_i]", "0.9144", {1}, false},
    {"[mi_i]", "1609.344", {1}, false},
    {"[lb_av]", "453.59237", {0, 0, 1}, false},
    {"[oz_av]", "28.349523125", {0, 0, 1}, false},
    {"[gal_us]", "0.003785411784", {3}, false},
    {"[foz_us]", "0.0000295735295625", {3}, false},
    {"Cel", "1", {0, 0, 0, 1}, true},
    {"[degF]", "1", {0, 0, 0, 1}, false},
    {"kat", "6.0221367e23", {0, -1}, true},
    {"U", "10036894500000000", {0, -1}, true},
    {"[IU]", "1", {}, true},
    {"[iU]", "1", {}, true},
    {"eq", "6.0221367e23", {}, true},
    {"osm", "6.0221367e23", {}, true},
    {"[pH]", "1", {}, false},
    {"deg", "0.0174532925199433", {0, 0, 0, 0, 0, 0, 1}, false},
};

struct Prefix {
  std::string_view code;
  int exponent;
};
constexpr Prefix kPrefixes[] = {{"da", 1}, {"Y", 24}, {"Z", 21}, {"E", 18},  {"P", 15},  {"T", 12},
                                {"G", 9},  {"M", 6},  {"k", 3},  {"h", 2},   {"d", -1},  {"c", -2},
                                {"m", -3}, {"u", -6}, {"n", -9}, {"p", -12}, {"f", -15}, {"a", -18}};

// Temperature scales have an offset, which no factor can say.
bool is_offset_scale(std::string_view unit) {
  return unit == "Cel" || unit == "[degF]";
}

bool find_atom(std::string_view code, UnitValue& out) {
  auto lookup = [](std::string_view name, bool needs_metric) -> const Atom* {
    for (const Atom& atom : kAtoms) {
      if (atom.code == name && (!needs_metric || atom.is_metric)) return &atom;
    }
    return nullptr;
  };
  int exponent = 0;
  const Atom* atom = lookup(code, false);
  for (size_t i = 0; !atom && i < std::size(kPrefixes); ++i) {
    if (!code.starts_with(kPrefixes[i].code) || code.size() == kPrefixes[i].code.size()) continue;
    atom = lookup(code.substr(kPrefixes[i].code.size()), true);
    exponent = kPrefixes[i].exponent;
  }
  if (!atom) return false;
  auto factor = parse_decimal(atom->factor);
  if (!factor) return false;
  out = {without_trailing_zeros(*factor), exponent, atom->dimensions};
  return true;
}

// unit, exponent, sign: "kg.m/s2" is a list of (code, power). Annotations in braces count as 1.
using Parts = std::map<std::string, int>;

bool read_parts(std::string_view text, Parts& parts) {
  if (text.size() > 100) return false;
  int sign = 1;
  size_t at = 0;
  if (!text.empty() && text[0] == '/') {
    sign = -1;
    at = 1;
  }
  while (at < text.size()) {
    size_t end = at;
    int brackets = 0;
    while (end < text.size() && (brackets > 0 || (text[end] != '.' && text[end] != '/'))) {
      if (text[end] == '[' || text[end] == '{') ++brackets;
      if (text[end] == ']' || text[end] == '}') --brackets;
      ++end;
    }
    std::string_view code = text.substr(at, end - at);
    if (size_t brace = code.find('{'); brace != std::string_view::npos) code = code.substr(0, brace);
    size_t digits = code.size();
    while (digits > 0 && code[digits - 1] >= '0' && code[digits - 1] <= '9') --digits;
    int power = 1;
    if (digits > 0 && digits < code.size()) {
      if (code.size() - digits > 2) return false;
      power = 0;
      for (char c : code.substr(digits)) power = power * 10 + (c - '0');
      code = code.substr(0, digits);
      if (code.ends_with('-') || code.ends_with('+')) {
        if (code.back() == '-') power = -power;
        code.remove_suffix(1);
      }
    }
    if (!code.empty() && code != "1") parts[std::string(code)] += sign * power;
    if (end >= text.size()) break;
    sign = text[end] == '/' ? -1 : 1;
    at = end + 1;
    if (at == text.size()) return false;
  }
  return true;
}

std::optional<UnitValue> unit_value(std::string_view text, bool is_calendar) {
  UnitValue result;
  if (is_calendar || calendar_unit(text)) {
    constexpr std::string_view kCodes[] = {"a", "mo", "wk", "d", "h", "min", "s", "ms"};
    auto unit = calendar_unit(text);
    if (!unit) return std::nullopt;
    if (*unit == CalendarUnit::year || *unit == CalendarUnit::month) {
      result.factor = decimal_of(*unit == CalendarUnit::year ? 12 : 1);
      result.dimensions[kMonthDimension] = 1;
      return result;
    }
    text = kCodes[static_cast<size_t>(*unit)];
  }
  Parts parts;
  if (!read_parts(text, parts)) return std::nullopt;
  for (const auto& [code, power] : parts) {
    UnitValue atom;
    if (!find_atom(code, atom) || power > 6 || power < -6) return std::nullopt;
    if (is_offset_scale(code) && parts.size() > 1) return std::nullopt;
    int times = power < 0 ? -power : power;
    for (int i = 0; i < times; ++i) {
      auto factor = power > 0 ? multiply(result.factor, atom.factor) : divide(result.factor, atom.factor);
      if (!factor) return std::nullopt;
      result.factor = without_trailing_zeros(*factor);
      result.exponent += power > 0 ? atom.exponent : -atom.exponent;
      for (size_t d = 0; d < kDimensions; ++d) {
        result.dimensions[d] =
            static_cast<int8_t>(result.dimensions[d] + (power > 0 ? atom.dimensions[d] : -atom.dimensions[d]));
      }
    }
  }
  return result;
}

// value × factor × 10^exponent, as a decimal where it fits.
std::optional<Decimal> in_base(Decimal value, const UnitValue& unit, int exponent) {
  auto scaled = multiply(without_trailing_zeros(value), unit.factor);
  if (!scaled) return std::nullopt;
  Decimal result = without_trailing_zeros(*scaled);
  result.scale -= exponent;
  if (result.scale > kDecimalScaleMax) return std::nullopt;
  while (result.scale < 0) {
    if (__builtin_mul_overflow(result.coefficient, 10, &result.coefficient)) return std::nullopt;
    ++result.scale;
  }
  return result;
}

std::optional<int> compare_with(const PathQuantity& a, const PathQuantity& b, bool is_loose) {
  if (a.unit == b.unit && a.is_calendar == b.is_calendar) return compare(a.value, b.value);
  auto code = [&](const PathQuantity& q) -> std::string_view {
    auto unit = calendar_unit(q.unit);
    if (!is_loose || !unit) return q.unit;
    return *unit == CalendarUnit::year ? "a" : *unit == CalendarUnit::month ? "mo" : q.unit;
  };
  std::string_view left_code = code(a), right_code = code(b);
  if (is_offset_scale(left_code) != is_offset_scale(right_code) ||
      (is_offset_scale(left_code) && left_code != right_code))
    return std::nullopt;
  auto left = unit_value(left_code, a.is_calendar && left_code == a.unit);
  auto right = unit_value(right_code, b.is_calendar && right_code == b.unit);
  if (!left || !right || left->dimensions != right->dimensions) return std::nullopt;
  int shared = std::min(left->exponent, right->exponent);
  auto x = in_base(a.value, *left, left->exponent - shared);
  auto y = in_base(b.value, *right, right->exponent - shared);
  if (!x || !y) return std::nullopt;
  return compare(*x, *y);
}

}  // namespace

std::optional<int> compare_quantities(const PathQuantity& a, const PathQuantity& b) {
  return compare_with(a, b, false);
}
std::optional<int> compare_quantities_loosely(const PathQuantity& a, const PathQuantity& b) {
  return compare_with(a, b, true);
}

bool comparable_quantities(const PathQuantity& a, const PathQuantity& b) {
  PathQuantity left = a, right = b;
  left.value = right.value = decimal_of(1);
  return compare_with(left, right, false).has_value();
}

std::optional<Decimal> convert_quantity(const PathQuantity& from, const PathQuantity& to) {
  if (from.unit == to.unit && from.is_calendar == to.is_calendar) return from.value;
  auto source = unit_value(from.unit, from.is_calendar);
  auto target = unit_value(to.unit, to.is_calendar);
  if (!source || !target || source->dimensions != target->dimensions) return std::nullopt;
  int shared = std::min(source->exponent, target->exponent);
  auto top = in_base(from.value, *source, source->exponent - shared);
  auto bottom = in_base(decimal_of(1), *target, target->exponent - shared);
  if (!top || !bottom || bottom->coefficient == 0) return std::nullopt;
  return divide(*top, *bottom);
}

std::optional<std::string> combine_units(std::string_view a, std::string_view b, bool is_quotient) {
  Parts parts, right;
  if (!read_parts(a, parts) || !read_parts(b, right)) return std::nullopt;
  for (const auto& [code, power] : right) parts[code] += is_quotient ? -power : power;
  std::string top, bottom;
  for (const auto& [code, power] : parts) {
    if (power == 0) continue;
    std::string& side = power > 0 ? top : bottom;
    side += (power > 0 ? (top.empty() ? "" : ".") : "/") + code;
    int times = power < 0 ? -power : power;
    if (times > 1) side += std::to_string(times);
  }
  if (top.empty() && bottom.empty()) return "1";
  return (top.empty() && !bottom.starts_with('/') ? "1" : top) + bottom;
}

}  // namespace authledger
