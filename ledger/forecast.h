#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/allocate.h"

// When the units of a line will have run out if the patient goes on as before, by when to renew, and what will lapse.
// Pure and seeded: equal input and seed give an equal answer.
//
// Each of many futures first draws a cadence that could have given the line's own past (that of the same codes under
// the payer while the line is young), then the days between visits and their units from it; a booking takes the place
// of the visit it is near, and is missed as often as bookings were. Now and then a patient stops coming: the surer, the
// longer the gap that runs already is beside those before it.

namespace authledger {

struct LineForecast {
  std::string book;
  int visits_seen = 0;  // What the past tells; with fewer than three, and nothing booked, there is no forecast.
  bool is_known = false;
  // The day whose visit takes the last unit, in 10, 50 and 90 of 100 futures; null: not within the line's days, or not
  // within two years where it is open.
  std::optional<Day> exhausted_p10, exhausted_p50, exhausted_p90;
  // min(exhausted_p50, last day) less the payer's turnaround and our preparation, in business days. Null where another
  // line continues this one, or nothing ends.
  std::optional<Day> renew_by;
  // Units that will be left on the last day. Null where the line has no end.
  std::optional<Quantity> unused_p10, unused_p50, unused_p90;
};

inline constexpr int kForecastTurnaroundDays = 5;  // Business days, where no payer rule says otherwise.
inline constexpr int kForecastPreparationDays = 3;
inline constexpr uint64_t kForecastSeed = 1;

// One for each line with a limit that is usable and has not ended, ordered by book.
std::vector<LineForecast> forecast(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                   Day today, uint64_t seed);

std::optional<Day> renew_by(const AuthorizationLine& line, std::optional<Day> exhausted_on, const Policy& policy);

}  // namespace authledger
