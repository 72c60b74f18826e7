#pragma once

#include "ledger/notices.h"

namespace authledger {

// Days of care without authority: between the first and the last visit of one code (rendered or booked), those on which
// no usable line would take such a visit, whatever its units. Codes for which no authorization is required have none.
// Pure.
int64_t gap_days(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today);

}  // namespace authledger
