#include "fhir/path/decimal.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace authledger {
namespace {

constexpr int kDigitsMax = 36;

std::optional<__int128> power_of_ten(int exponent) {
  if (exponent < 0 || exponent > kDigitsMax) return std::nullopt;
  __int128 result = 1;
  for (int i = 0; i < exponent; ++i) result *= 10;
  return result;
}

std::optional<__int128> scaled(__int128 value, int digits) {
  auto factor = power_of_ten(digits);
  __int128 result = 0;
  if (!factor || __builtin_mul_overflow(value, *factor, &result)) return std::nullopt;
  return result;
}

// Brings both to one scale. False when that does not fit.
bool align(Decimal& a, Decimal& b) {
  Decimal& shorter = a.scale < b.scale ? a : b;
  int32_t scale = a.scale < b.scale ? b.scale : a.scale;
  auto coefficient = scaled(shorter.coefficient, scale - shorter.scale);
  if (!coefficient) return false;
  shorter = {*coefficient, scale};
  return true;
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  size_t at = 0;
  bool is_negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) is_negative = text[at++] == '-';
  __int128 coefficient = 0;
  int32_t scale = 0;
  int digits = 0;
  bool has_point = false;
  size_t first = at;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '.') {
      if (has_point || at == first) return std::nullopt;
      has_point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    if (coefficient != 0 || c != '0') ++digits;
    if (digits > kDigitsMax) return std::nullopt;
    coefficient = coefficient * 10 + (c - '0');
    if (has_point) ++scale;
  }
  if (at == first || text[at - 1] == '.') return std::nullopt;
  int exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool is_small = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) is_small = text[at++] == '-';
    size_t start = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      if (at - start > 3) return std::nullopt;
      exponent = exponent * 10 + (text[at] - '0');
    }
    if (at == start) return std::nullopt;
    if (is_small) exponent = -exponent;
  }
  if (at != text.size()) return std::nullopt;
  scale -= exponent;
  if (scale < 0) {
    if (coefficient != 0 && digits - scale > kDigitsMax) return std::nullopt;
    auto whole = scaled(coefficient, -scale);
    if (!whole) return std::nullopt;
    coefficient = *whole;
    scale = 0;
  }
  if (scale > kDecimalScaleMax) return std::nullopt;
  return Decimal{is_negative ? -coefficient : coefficient, scale};
}

std::string format_decimal(Decimal value) {
  bool is_negative = value.coefficient < 0;
  unsigned __int128 rest = is_negative ? -static_cast<unsigned __int128>(value.coefficient)
                                       : static_cast<unsigned __int128>(value.coefficient);
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  if (value.scale > 0) {
    size_t scale = static_cast<size_t>(value.scale);
    if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
    digits.insert(digits.size() - scale, 1, '.');
  }
  return is_negative ? "-" + digits : digits;
}

Decimal decimal_of(int64_t value) {
  return {value, 0};
}

std::optional<Decimal> add(Decimal a, Decimal b) {
  __int128 sum = 0;
  if (!align(a, b) || __builtin_add_overflow(a.coefficient, b.coefficient, &sum)) return std::nullopt;
  return Decimal{sum, a.scale};
}

std::optional<Decimal> subtract(Decimal a, Decimal b) {
  return add(a, negate(b));
}

std::optional<Decimal> multiply(Decimal a, Decimal b) {
  __int128 product = 0;
  if (__builtin_mul_overflow(a.coefficient, b.coefficient, &product)) {
    a = without_trailing_zeros(a);
    b = without_trailing_zeros(b);
    if (__builtin_mul_overflow(a.coefficient, b.coefficient, &product)) return std::nullopt;
  }
  Decimal result{product, a.scale + b.scale};
  return result.scale > kDecimalScaleMax ? rescale(result, kDecimalScaleMax, DecimalRounding::half_away) : result;
}

std::optional<Decimal> divide(Decimal a, Decimal b) {
  a = without_trailing_zeros(a);
  b = without_trailing_zeros(b);
  // The most digits that fit, at least eight after the point where they do.
  for (int32_t scale = 16; scale >= 0; scale -= 4) {
    int32_t shift = scale + b.scale - a.scale;
    auto top = shift >= 0 ? scaled(a.coefficient, shift + 1) : std::optional<__int128>(a.coefficient * 10);
    auto bottom = shift >= 0 ? std::optional<__int128>(b.coefficient) : scaled(b.coefficient, -shift);
    if (!top || !bottom) continue;
    __int128 quotient = *top / *bottom;
    auto rounded = rescale({quotient, scale + 1}, scale, DecimalRounding::half_away);
    if (rounded) return without_trailing_zeros(*rounded);
  }
  return std::nullopt;
}

std::optional<Decimal> divide_whole(Decimal a, Decimal b) {
  if (!align(a, b)) return std::nullopt;
  return Decimal{a.coefficient / b.coefficient, 0};
}

std::optional<Decimal> remainder(Decimal a, Decimal b) {
  if (!align(a, b)) return std::nullopt;
  return Decimal{a.coefficient % b.coefficient, a.scale};
}

Decimal negate(Decimal value) {
  return {-value.coefficient, value.scale};
}

int compare(Decimal a, Decimal b) {
  if (!align(a, b)) {
    // Of different magnitude, or they would align: the double decides.
    double left = to_double(a);
    double right = to_double(b);
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return a.coefficient < b.coefficient ? -1 : a.coefficient > b.coefficient ? 1 : 0;
}

std::optional<Decimal> rescale(Decimal value, int32_t scale, DecimalRounding rounding) {
  if (scale < 0 || scale > kDecimalScaleMax) return std::nullopt;
  if (scale >= value.scale) {
    auto coefficient = scaled(value.coefficient, scale - value.scale);
    if (!coefficient) return std::nullopt;
    return Decimal{*coefficient, scale};
  }
  auto divisor = power_of_ten(value.scale - scale);
  if (!divisor) return Decimal{0, scale};
  __int128 quotient = value.coefficient / *divisor;
  __int128 rest = value.coefficient % *divisor;
  __int128 magnitude = rest < 0 ? -rest : rest;
  switch (rounding) {
    case DecimalRounding::half_away:
      if (magnitude >= *divisor - magnitude) quotient += value.coefficient < 0 ? -1 : 1;
      break;
    case DecimalRounding::down:
      break;
    case DecimalRounding::floor:
      if (rest < 0) --quotient;
      break;
    case DecimalRounding::ceiling:
      if (rest > 0) ++quotient;
      break;
  }
  return Decimal{quotient, scale};
}

Decimal without_trailing_zeros(Decimal value) {
  while (value.scale > 0 && value.coefficient % 10 == 0) {
    value.coefficient /= 10;
    --value.scale;
  }
  return value;
}

bool is_whole(Decimal value) {
  return without_trailing_zeros(value).scale == 0;
}

std::optional<int64_t> to_integer(Decimal value) {
  value = without_trailing_zeros(value);
  if (value.scale != 0 || value.coefficient > INT64_MAX || value.coefficient < INT64_MIN) return std::nullopt;
  return static_cast<int64_t>(value.coefficient);
}

double to_double(Decimal value) {
  return static_cast<double>(value.coefficient) / std::pow(10.0, value.scale);
}

std::optional<Decimal> from_double(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  std::string text = fmt::format("{:.15g}", value);
  auto result = parse_decimal(text);
  if (result && result->scale > 16) result = rescale(*result, 16, DecimalRounding::half_away);
  return result;
}

}  // namespace authledger
