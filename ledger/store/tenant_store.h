#pragma once

#include <string>

#include "ledger/policy.h"
#include "ledger/store/pg.h"

namespace authledger {

// Finds or creates the tenant of that name; returns its id. A changed time zone is stored.
int64_t ensure_tenant(PgConnection& connection, const std::string& name, const std::string& time_zone);
std::optional<int64_t> find_tenant(PgConnection& connection, const std::string& name);

// The tenant's latest policy version when its body is `rules_json(rules)`; else a new version, and every subject
// becomes due (its allocation may differ). A body that comes back is a new version too: a version never repeats, or
// the inputs of an entry would.
Policy ensure_policy(PgConnection& connection, int64_t tenant_id, const Rules& rules);
// Throws DbError "AL002" when there is no such version.
Policy read_policy(PgConnection& connection, int64_t tenant_id, int64_t policy_version);

}  // namespace authledger
