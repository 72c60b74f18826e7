#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/day.h"

namespace authledger {

// Whom a sweep reads, and in which order. Patients are ids as the endpoint knows them.
struct SweepRoster {
  std::vector<std::string> patients;  // Sorted, without repetition.
  std::set<std::string> in_need;      // Visits in the next fourteen days, open authorizations.
};

inline constexpr int kNeedDaysAhead = 14;
// Who is in need is read again when that long has passed, also while a sweep is under way.
inline constexpr std::chrono::hours kNeededReadEvery{24};

// Who is still to be read, first those in need, then who waits longest: a sweep that began at `started_at`, of which
// `visits` (patient → last read) have been made. Pure.
std::vector<std::string> sweep_order(const SweepRoster& roster, const std::map<std::string, Instant>& visits,
                                     Instant started_at, Instant now);

}  // namespace authledger
