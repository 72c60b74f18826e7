#include "ledger/bands.h"

#include <algorithm>
#include <vector>

#include "ledger/payer_rules.h"

namespace authledger {
namespace {

constexpr int kTwoWeeks = 14;

// Distinct, falling.
std::vector<Quantity> unit_bands(const Bands& warnings, Quantity approved) {
  std::vector<Quantity> bands(warnings.units_left.begin(), warnings.units_left.end());
  for (const int percent : warnings.percent_left) {
    bands.push_back(Quantity::of_milli(approved.milli() / 100 * percent + approved.milli() % 100 * percent / 100));
  }
  std::sort(bands.begin(), bands.end(), std::greater<>());
  bands.erase(std::unique(bands.begin(), bands.end()), bands.end());
  return bands;
}

template <typename Values, typename Value>
int reached(const Values& bands, Value left) {
  return static_cast<int>(std::count_if(bands.begin(), bands.end(), [&](const Value& band) { return left <= band; }));
}

}  // namespace

Bands bands_of(const AuthorizationLine& line, const Rules& rules) {
  const Occasion occasion{
      line.payer, {}, line.program, &line.service_codes, line.last_day.value_or(day_of(9999, 12, 31))};
  const auto* days = closest_setting(rules, occasion, &PayerRule::days_left);
  const auto* units = closest_setting(rules, occasion, &PayerRule::units_left);
  const auto* percents = closest_setting(rules, occasion, &PayerRule::percent_left);
  const WarningRule& warnings = rules.warnings;
  return {days == nullptr ? warnings.days_left : *days, units == nullptr ? warnings.units_left : *units,
          percents == nullptr ? warnings.percent_left : *percents, warnings.units_margin};
}

int day_bands_reached(const Bands& warnings, int days_left) {
  return reached(warnings.days_left, days_left);
}

int day_band_severity(const Bands& warnings, int days_left) {
  const int count = day_bands_reached(warnings, days_left);
  if (count == 0) return 1;
  const int band = warnings.days_left[static_cast<size_t>(count - 1)];
  if (band > kTwoWeeks) return 1;
  return band == 0 ? 3 : 2;
}

int unit_bands_reached(const Bands& warnings, Quantity left, Quantity approved) {
  return reached(unit_bands(warnings, approved), left);
}

int unit_band_severity(const Bands& warnings, Quantity left, Quantity approved) {
  const std::vector<Quantity> bands = unit_bands(warnings, approved);
  return !bands.empty() && left <= bands.back() ? 2 : 1;
}

bool is_in_margin(const Bands& warnings, Quantity left, Quantity approved) {
  const std::vector<Quantity> bands = unit_bands(warnings, approved);
  return !bands.empty() && left > bands.front() && left <= bands.front() + warnings.units_margin;
}

}  // namespace authledger
