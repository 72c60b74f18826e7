#pragma once

#include "sync/round.h"

namespace authledger {

// Maps every quarantined resource again with today's mappings. What now maps leaves quarantine and becomes facts; the
// rest stays with its new reason. Resources of endpoints that the config no longer names stay untouched.
void retry_quarantine(RoundContext& context, RoundSummary& summary);

}  // namespace authledger
