#pragma once

#include <chrono>

#include "ledger/store/pg.h"

namespace authledger {

// Makes time pass for the leases of feeds and notices, which go by the database's clock: no test can set that.
void pass_lease_time(PgConnection& owner, int64_t tenant_id, std::chrono::seconds by);

}  // namespace authledger
