#pragma once

#include <map>
#include <optional>
#include <set>

#include "ledger/store/pg.h"

// Rows of `subject` as writers of facts hold them. Inside of ledger/store only.

namespace authledger {

struct LockedSubject {
  int64_t facts_seq = 0;
  std::optional<int64_t> joined_into;  // Where the facts of its records stand, when it is joined.
};

// Waits for the locks in id order, so that writers cannot deadlock.
std::map<int64_t, LockedSubject> lock_for_facts(Transaction& transaction, const std::set<int64_t>& subject_ids);

// New facts: each subject's last fact_seq. A parked subject gets a new chance.
void raise_subjects(Transaction& transaction, const std::map<int64_t, int64_t>& raised, Instant due_at);

}  // namespace authledger
