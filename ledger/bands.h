#pragma once

#include <span>

#include "ledger/allocate.h"

// The thresholds of warnings: how many of them a count or a day has reached. 0: none, and nobody is told.

namespace authledger {

// Views of one line's thresholds; see WarningRule. No longer than the rules that they were made of.
struct Bands {
  std::span<const int> days_left;
  std::span<const Quantity> units_left;
  std::span<const int> percent_left;
  Quantity units_margin;
};

// Each list from the closest payer rule that states it, as of the line's last day (an open end is far off), else from
// rules.warnings.
Bands bands_of(const AuthorizationLine& line, const Rules& rules);

int day_bands_reached(const Bands& bands, int days_left);
// 1 in the bands beyond two weeks, 2 in those of the last two weeks, 3 in that of the last day.
int day_band_severity(const Bands& bands, int days_left);

// `units_left` and, where the line has a limit, `percent_left` of it.
int unit_bands_reached(const Bands& bands, Quantity left, Quantity approved);
// 2 in the nearest band, 1 in those before it.
int unit_band_severity(const Bands& bands, Quantity left, Quantity approved);
// Above every band, and by no more than units_margin: what stands may stay.
bool is_in_margin(const Bands& bands, Quantity left, Quantity approved);

}  // namespace authledger
