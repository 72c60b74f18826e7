#pragma once

#include <string>

#include "ledger/store/pg.h"

namespace authledger {

// The kept body of a resource's current version; "" when there is none.
std::string read_stored_body(PgConnection& connection, int64_t tenant_id, const std::string& source,
                             const std::string& resource_type, const std::string& resource_id);

}  // namespace authledger
