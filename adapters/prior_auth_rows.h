#pragma once

#include <span>

#include "adapters/fact_from_row.h"
#include "adapters/prior_auth_normalize.h"

namespace authledger {

// Collects the rows of a prior_auth mapping: their column `part` says whether a row is the response, an item, an
// add_item or a header_period. Errors: no patient; dates and quantities that cannot be read.
PayerAnswer answer_from_rows(std::span<const Row> rows, const RowContext& context, Issues& issues);

}  // namespace authledger
