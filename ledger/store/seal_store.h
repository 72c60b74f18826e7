#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "ledger/seal.h"
#include "ledger/store/pg.h"

namespace authledger {

// One stored seal, with what the journal holds in the place of its heads now.
struct StoredSeal {
  Seal seal;  // Heads with the hashes sealed, or, for seals from before these were kept, with those of the journal.
  bool has_hashes = false;
  // Parallel to heads; nullopt where the entry is gone.
  std::vector<std::optional<Hash>> journal_hashes;
};

// The seals after `after_seq` in order, at most `limit`. A large seal is read whole: 64 bytes a head.
std::vector<StoredSeal> read_seals(Transaction& transaction, int64_t after_seq, int64_t limit);

// The first seal that covers the entry: made when the subject's chain stood there or further. Nullopt while there is
// none.
std::optional<StoredSeal> read_seal_of_entry(Transaction& transaction, int64_t subject_id, int64_t entry_seq);

// Hashes of the journal's entries, parallel to `heads`; nullopt where there is no such entry.
std::vector<std::optional<Hash>> read_entry_hashes(Transaction& transaction, std::span<const SealedHead> heads);

}  // namespace authledger
