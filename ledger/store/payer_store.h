#pragma once

#include <vector>

#include "ledger/payer_directory.h"
#include "ledger/store/pg.h"

namespace authledger {

// The organizations that coverages or answers of the tenant name as a payer, as they stand.
std::vector<PayerOrganization> read_payer_organizations(PgConnection& connection, int64_t tenant_id);

}  // namespace authledger
