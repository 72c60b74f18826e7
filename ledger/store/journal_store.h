#pragma once

#include <span>
#include <vector>

#include "ledger/journal.h"
#include "ledger/store/pg.h"

namespace authledger {

struct PostedEntry {
  int64_t subject_id = 0;
  JournalEntry entry;  // entry_seq, previous_hash and entry_hash already set by the caller under the subject lock.
};

// Positions of several subjects, parallel to `subject_ids`.
std::vector<std::vector<Position>> read_positions(Transaction& transaction, std::span<const int64_t> subject_ids);

// Inserts entries and transfers, updates the balance projection and subject.entry_seq/entry_hash, in a few statements
// for the whole batch. An entry with the same (facts_seq, as_of_day, policy_version, allocator_version) is refused by
// the unique key (DbError 23505).
void post_entries(Transaction& transaction, std::span<const PostedEntry> entries);

// All entries of a subject in order, with transfers; `until` keeps those posted at or before it.
std::vector<JournalEntry> read_entries(Transaction& transaction, int64_t subject_id,
                                       std::optional<Instant> until = std::nullopt);

// The last entry of each subject that was posted at or before `until`, without its transfers; parallel to
// `subject_ids`, nullopt where there is none.
std::vector<std::optional<JournalEntry>> read_last_entries(Transaction& transaction,
                                                           std::span<const int64_t> subject_ids, Instant until);

std::vector<Balance> read_balances(Transaction& transaction, int64_t subject_id);
// Drops the subject's projection and folds it again from the journal.
void rebuild_balances(Transaction& transaction, int64_t subject_id);

// Start of the oldest transaction still open in the database: as-known-at answers stop there.
Instant oldest_open_transaction(Transaction& transaction);

// Seals the heads that changed since the last seal: a Merkle root chained to the former one. False when none changed.
bool post_seal(Transaction& transaction, Instant sealed_at);

}  // namespace authledger
