#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/allocate.h"

// Uninterrupted coverage: of the authorized episodes of care, how many had no visit day without authority. Pure.
// Source: CAPABILITIES row 54; the billing literature asks for 97 percent or better.

namespace authledger {

// An authorization that follows within so many days goes on with the episode, and a visit so soon after the last
// authorized day is still of it.
inline constexpr int kEpisodeBreakDays = 30;

struct CoverageGap {
  Day day;
  std::string service_key;
  UncoveredReason reason = UncoveredReason::none;
};

// The authorized days of one patient and payer in a row, with at least one rendered service.
struct CareEpisode {
  std::string payer;
  std::optional<Day> first_day, last_day;  // Null: open.
  int visit_days = 0;
  std::vector<CoverageGap> gaps;  // Rendered services of a day that no authorization covers in full.
};

// Episodes with a rendered service from `from` to `through`; only those services count. What needs no authorization, or
// what the plan does not cover whatever is authorized (a benefit that is used up, the type of provider), is no gap.
// Ordered by payer and first day.
std::vector<CareEpisode> care_episodes(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                       Day from, Day through);

// Whether `part` of `whole` reach `percent`. No episodes: nothing was interrupted.
bool reaches(int64_t part, int64_t whole, Quantity percent);
// "96.9": rounded down to tenths, so that what misses 97 never reads 97.0.
std::string percent_text(int64_t part, int64_t whole);

}  // namespace authledger
