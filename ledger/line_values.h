#pragma once

#include <vector>

#include "ledger/statements.h"

namespace authledger {

// One authorization line from all that state it (at least one, ordered by `leads`): whom to believe, what to fill in
// from whom, where they disagree, and what a cancelled line was before. `book` holds the book's name.
AuthorizationLine resolve_line(const std::vector<const SourceStatement*>& statements, const RequestChains& chains,
                               const ConsolidationInput& input, std::vector<Conflict>& conflicts);

}  // namespace authledger
