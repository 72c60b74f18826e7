#pragma once

#include <vector>

#include "ledger/consolidate_parts.h"

// Orders for which nobody has asked the payer yet. Internal to `consolidate`. Source: CAPABILITIES row 24.

namespace authledger {

// A request goes out so soon after its order was written.
inline constexpr int kSubmitAfterHours = 48;

// Active ServiceRequests with codes and a date, for which the payer wants an authorization, a payer rule says how long
// before the first visit to ask for it, and no request or authorization of the codes and days is on file. Of the parts
// that a request needs, what facts show is known: whether the order states a schedule, and whether diagnosis codes and
// an assessment are on file.
std::vector<UnsubmittedOrder> unsubmitted_orders(const ConsolidationInput& input,
                                                 const std::vector<AuthorizationLine>& lines,
                                                 const std::vector<Service>& services);

}  // namespace authledger
