#pragma once

#include <string>
#include <vector>

#include "ledger/store/pg.h"

// The journal as it stands against its own hashes, its heads and its projection, many subjects at a time.

namespace authledger {

// The first broken place of a subject, or of the seals; 0 where a number does not apply.
struct VerifyFault {
  int64_t subject_id = 0, entry_seq = 0, seal_seq = 0;
  std::string message;  // What differs.
};

// Subjects that are read together: a bounded number of entries, or one subject that has more.
struct JournalSpan {
  int64_t first_subject_id = 0, last_subject_id = 0;
};
// Spans that together hold every subject number there can be.
std::vector<JournalSpan> plan_journal_spans(Transaction& transaction);

struct VerifyCounts {
  int64_t subjects = 0, entries = 0, transfers = 0;
};

// Checks chains, heads and the projection of balances of a span; adds to `counts` and appends to `faults`. All that it
// reads is of one moment: call it first in its transaction.
void verify_span(Transaction& transaction, const JournalSpan& span, VerifyCounts& counts,
                 std::vector<VerifyFault>& faults);

}  // namespace authledger
