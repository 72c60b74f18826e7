#pragma once

#include "sync/round.h"

namespace authledger {

// Seals the heads of the hash chains that moved since the last seal: one Merkle root a round, chained.
void seal_tenant(RoundContext& context);

}  // namespace authledger
