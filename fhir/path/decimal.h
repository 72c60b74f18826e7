#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace authledger {

// An exact decimal number: coefficient × 10^-scale. Up to 36 digits; the scale counts as precision (1.0 is not 1).
// Source: FHIRPath 2.0, Decimal (28 digits, step 1e-8) and FHIR R4 decimal (precision is part of the value).
struct Decimal {
  __int128 coefficient = 0;
  int32_t scale = 0;  // 0 … kDecimalScaleMax
};

inline constexpr int32_t kDecimalScaleMax = 32;

// JSON or FHIRPath number text, exponents included. nullopt when it is no number or holds too many digits.
std::optional<Decimal> parse_decimal(std::string_view text);
std::string format_decimal(Decimal value);
Decimal decimal_of(int64_t value);

// Arithmetic returns nullopt when the result does not fit (FHIRPath: overflow is empty).
std::optional<Decimal> add(Decimal a, Decimal b);
std::optional<Decimal> subtract(Decimal a, Decimal b);
std::optional<Decimal> multiply(Decimal a, Decimal b);
// At least eight digits after the point, rounded half away from zero, without trailing zeros. b must not be zero.
std::optional<Decimal> divide(Decimal a, Decimal b);
// Truncating division and its remainder. b must not be zero.
std::optional<Decimal> divide_whole(Decimal a, Decimal b);
std::optional<Decimal> remainder(Decimal a, Decimal b);
Decimal negate(Decimal value);

// -1, 0, 1 by value: 1.0 equals 1.
int compare(Decimal a, Decimal b);

enum class DecimalRounding { half_away, down, floor, ceiling };
// The value with exactly `scale` digits after the point.
std::optional<Decimal> rescale(Decimal value, int32_t scale, DecimalRounding rounding);
Decimal without_trailing_zeros(Decimal value);

bool is_whole(Decimal value);
// nullopt when not whole or beyond 64 bits.
std::optional<int64_t> to_integer(Decimal value);
// Whether it is an Integer, which has 32 bits (FHIRPath, section 4.1.3); a Long has 64.
constexpr bool fits_integer(int64_t value) {
  return value >= INT32_MIN && value <= INT32_MAX;
}
// For functions that are real-valued (ln, sqrt, …) only.
double to_double(Decimal value);
std::optional<Decimal> from_double(double value);

}  // namespace authledger
