#pragma once

#include <optional>

#include "ledger/allocate.h"

// The thresholds of rules.warnings: how many of them a count or a day has reached. 0: none, and nobody is told.

namespace authledger {

int day_bands_reached(const WarningRule& warnings, int days_left);
// 1 in the bands beyond two weeks, 2 in those of the last two weeks, 3 in that of the last day.
int day_band_severity(const WarningRule& warnings, int days_left);

// `units_left` and, where the line has a limit, `percent_left` of it.
int unit_bands_reached(const WarningRule& warnings, Quantity left, Quantity approved);
// 2 in the nearest band, 1 in those before it.
int unit_band_severity(const WarningRule& warnings, Quantity left, Quantity approved);
// Above every band, and by no more than units_margin: what stands may stay.
bool is_in_margin(const WarningRule& warnings, Quantity left, Quantity approved);

}  // namespace authledger
