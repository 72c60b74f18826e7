#pragma once

#include "config/rules.h"

// Business days of the United States. Pure.
// Source: 5 U.S.C. 6103: federal holidays; one that falls on a Saturday is kept on the Friday before, one on a Sunday
// on the Monday after.

namespace authledger {

bool is_us_federal_holiday(Day day);

// Monday to Friday, without federal holidays (unless the rules say so) and without the site's own.
bool is_business_day(Day day, const Rules& rules);

// The day that lies `count` business days before `day`, which itself does not count.
Day business_days_before(Day day, int count, const Rules& rules);

}  // namespace authledger
