#include "ledger/bands.h"

#include <algorithm>

namespace authledger {
namespace {

constexpr int kTwoWeeks = 14;

// Distinct, falling.
std::vector<Quantity> unit_bands(const WarningRule& warnings, Quantity approved) {
  std::vector<Quantity> bands = warnings.units_left;
  for (const int percent : warnings.percent_left) {
    bands.push_back(Quantity::of_milli(approved.milli() / 100 * percent + approved.milli() % 100 * percent / 100));
  }
  std::sort(bands.begin(), bands.end(), std::greater<>());
  bands.erase(std::unique(bands.begin(), bands.end()), bands.end());
  return bands;
}

template <typename Value>
int reached(const std::vector<Value>& bands, Value left) {
  return static_cast<int>(std::count_if(bands.begin(), bands.end(), [&](const Value& band) { return left <= band; }));
}

}  // namespace

int day_bands_reached(const WarningRule& warnings, int days_left) {
  return reached(warnings.days_left, days_left);
}

int day_band_severity(const WarningRule& warnings, int days_left) {
  const int count = day_bands_reached(warnings, days_left);
  if (count == 0) return 1;
  const int band = warnings.days_left[static_cast<size_t>(count - 1)];
  if (band > kTwoWeeks) return 1;
  return band == 0 ? 3 : 2;
}

int unit_bands_reached(const WarningRule& warnings, Quantity left, Quantity approved) {
  return reached(unit_bands(warnings, approved), left);
}

int unit_band_severity(const WarningRule& warnings, Quantity left, Quantity approved) {
  const std::vector<Quantity> bands = unit_bands(warnings, approved);
  return !bands.empty() && left <= bands.back() ? 2 : 1;
}

bool is_in_margin(const WarningRule& warnings, Quantity left, Quantity approved) {
  const std::vector<Quantity> bands = unit_bands(warnings, approved);
  return !bands.empty() && left > bands.front() && left <= bands.front() + warnings.units_margin;
}

}  // namespace authledger
