#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/store/pg.h"

// What a database that went back (a restored backup, a replica that lagged when it took over) still knows, and how its
// notices find again what stands in the EHR. FAULTS 52 and 58.

namespace authledger {

// The last seal of a tenant, as somebody outside the database remembers it.
struct SealMark {
  int64_t seal_seq = 0;  // 0: none yet.
  Hash seal_hash{};
  bool operator==(const SealMark&) const = default;
};

SealMark last_seal(Transaction& transaction);
// False when the chain of seals does not hold it: commits were lost, or this is another database.
bool has_seal(Transaction& transaction, const SealMark& mark);

// Every notice that is not retired is searched for in the EHR before anything is written. Returns how many.
int64_t look_for_all_notices(Transaction& transaction, Instant now);
// Those of `notice_keys` that the tenant has no notice of.
std::vector<std::string> find_unknown_notices(Transaction& transaction, std::span<const std::string> notice_keys);

}  // namespace authledger
