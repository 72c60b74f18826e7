#pragma once

#include "base/crypto.h"
#include "ledger/allocate.h"

namespace authledger {

// Of everything that `authorizations` and `services` print, except what only the day decides: the balances that lapse
// are transfers of their own. Equal for equal answers, so that a changed belief that moves no unit still posts an entry
// and can be found again as it was known.
Hash outcome_hash(const Consolidated& subject, const Allocation& allocation);

}  // namespace authledger
