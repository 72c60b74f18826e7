#pragma once

#include "ledger/store/pg.h"

// What was known at an instant never changes, also when the clock of a worker steps back or differs from another's.
// FAULTS 39.

namespace authledger {

// An answer is about to be given for what was known at `at`: from this commit on nothing is posted at or before it.
void settle_until(Transaction& transaction, Instant at);

// When what this transaction posts is posted: `now`, or just after what is settled. Nothing can be settled beyond it
// until the transaction ends.
Instant posting_time(Transaction& transaction, Instant now);

}  // namespace authledger
