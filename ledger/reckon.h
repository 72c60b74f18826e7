#pragma once

#include <optional>
#include <span>

#include "ledger/allocate.h"

// The pure way from what is known of a subject to what is believed of it. Every command and the reconcile stage go this
// way, so that an answer, its preview, its explanation and its replay are one computation.

namespace authledger {

struct Reckoning {
  Consolidated subject;
  Allocation allocation;
};

// `history` are all versions of the subject's facts that are known, in any order.
Reckoning reckon(std::span<const Fact> history, const Policy& policy, Day today);

// First day after `today` on which the allocation or the notices would differ with no new fact: when the subject is due
// again. Null when the passing of time changes nothing any more.
std::optional<Day> due_again_on(const Reckoning& reckoning, const Policy& policy, Day today);

}  // namespace authledger
