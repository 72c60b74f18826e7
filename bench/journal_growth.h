#pragma once

#include <cstdint>

#include "ledger/store/pg.h"

namespace authledger {

struct JournalGrowth {
  int64_t entries = 0, transfers = 0;  // Added.
  double hash_seconds = 0, copy_seconds = 0;
};

// Goes on with each subject's chain until the tenant's journal has `entries_wanted` entries: visits that are booked and
// moved or cancelled again, one or two transfers an entry, through the ledger's own hash code, written with COPY while
// keys and indexes are dropped (and made again after). Deterministic but for posted_at, which follows the newest entry.
// `owner` is a connection of the owner role. Such entries do not replay from facts: their outcome hashes are made up.
JournalGrowth grow_journal(PgConnection& owner, int64_t tenant_id, int64_t entries_wanted);

}  // namespace authledger
