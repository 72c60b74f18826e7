#pragma once

#include "ledger/consolidate.h"

// Money of a line: what draws cost, where a claim says so. Internal to `allocate`.

namespace authledger {

// `whole` times `part` / `of`, rounded down to thousandths; nothing where `of` is not positive.
Quantity part_of(Quantity whole, Quantity part, Quantity of);

// What `take` (in the line's measure) of the service costs; nothing where no claim says what the service costs, or says
// it in another currency.
Quantity cost_of(Quantity take, const Service& service, const AuthorizationLine& line);

// The most whole units of the service, in the line's measure, that `left` pays for. The service has an amount.
Quantity most_payable(Quantity left, const Service& service, const AuthorizationLine& line);

}  // namespace authledger
