#pragma once

#include "cmd/output.h"
#include "ledger/status.h"

namespace authledger {

// Cells of ledger values, the same in every command.
OutputCell cell_of(const std::optional<Quantity>& quantity);
OutputCell cell_of(const std::optional<Day>& day);
OutputCell cell_of(const std::vector<CoveredBy>& covered_by);

}  // namespace authledger
