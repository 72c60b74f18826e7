#pragma once

#include <cstdint>
#include <vector>

#include "sandbox/clinic_resources.h"

// The ordinary patients of the sample clinic: episodes of care one after the other in fixed slots of the week, each
// with the authorizations that a well-run office would have asked for.

namespace authledger {

inline constexpr int kVisitsPerWeek = 250;
inline constexpr int kWeeksBefore = 21;  // Full weeks before the week of today …
inline constexpr int kWeeksAfter = 4;    // … and after it: 26 weeks together, six months.

// Fills each week up to kVisitsPerWeek around `story_visits`. Deterministic in (today, seed).
void add_caseload(ClinicResources& resources, Day today, uint64_t seed, const std::vector<ClinicVisit>& story_visits);

// The Monday on which the sample's first week begins.
Day first_monday(Day today);

}  // namespace authledger
