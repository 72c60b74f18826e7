#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace authledger {

// A count of units in thousandths, so that 0.5 hours is exact and sums never drift. Plain units in every output.
// Range: about ±9.2e15 units. Arithmetic beyond it is a broken invariant (inputs are limited by parse_quantity).
class Quantity {
 public:
  constexpr Quantity() = default;
  static constexpr Quantity of_milli(int64_t milli) { return Quantity(milli); }
  static constexpr Quantity of_units(int64_t units) { return Quantity(units * 1000); }

  constexpr int64_t milli() const { return milli_; }
  constexpr bool is_zero() const { return milli_ == 0; }
  constexpr bool is_positive() const { return milli_ > 0; }

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity operator+(Quantity other) const { return Quantity(milli_ + other.milli_); }
  constexpr Quantity operator-(Quantity other) const { return Quantity(milli_ - other.milli_); }
  constexpr Quantity operator-() const { return Quantity(-milli_); }
  constexpr Quantity& operator+=(Quantity other) {
    milli_ += other.milli_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    milli_ -= other.milli_;
    return *this;
  }

 private:
  constexpr explicit Quantity(int64_t milli) : milli_(milli) {}
  int64_t milli_ = 0;
};

// The largest quantity that input may state, in units: FHIR has no limit, sums must not overflow.
inline constexpr int64_t kQuantityUnitsMax = 1'000'000'000;

// Reads a FHIR decimal as text ("12", "0.5", "1e2"). Digits beyond thousandths round half away from zero.
// Errors: not a decimal, or beyond ±kQuantityUnitsMax → nullopt.
std::optional<Quantity> parse_quantity(std::string_view text);

// Plain units without trailing zeros: 12000 thousandths is "12", 500 is "0.5".
std::string format_quantity(Quantity quantity);

}  // namespace authledger
