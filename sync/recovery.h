#pragma once

#include <optional>

#include "ledger/store/lost_commits.h"
#include "sync/round.h"

// After a database went back: facts come again by themselves, since the watermarks went back with them; what was
// written to the EHR meanwhile does not. FAULTS 52 and 58.

namespace authledger {

struct LostCommits {
  SealMark remembered, found;  // By the anchor; in the database.
};

// Whether the database lacks the seal that the last round on this machine ended with.
std::optional<LostCommits> find_lost_commits(RoundContext& context);

// Once facts are read and reconciled again: every notice searches for what stands in the EHR before it writes, and what
// stands there with an identifier of ours that no notice has any more is closed. Says in `summary.divergence` what was
// found. False when it has to be done again.
bool recover_notices(RoundContext& context, const LostCommits& lost, RoundSummary& summary);

// At the end of a round.
void remember_last_seal(RoundContext& context);

}  // namespace authledger
