#pragma once

#include <span>
#include <vector>

#include "adapters/fact_from_row.h"

namespace authledger {

// The lines of one Claim with use=preauthorization. Rows have `part`: response (the Claim itself), item or diagnosis.
// A root cancel (certification type 3) cancels every line; without items it gives one line "" that stands for all.
// Errors: no patient; dates and quantities that cannot be read. Source: PAS profile-claim, profile-claim-update.
std::vector<RequestLineFact> request_lines_from_rows(std::span<const Row> rows, const RowContext& context,
                                                     Issues& issues);

}  // namespace authledger
