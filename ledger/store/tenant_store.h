#pragma once

#include <string>

#include "ledger/policy.h"
#include "ledger/store/pg.h"

namespace authledger {

// Finds or creates the tenant of that name; returns its id. A changed time zone is stored.
int64_t ensure_tenant(PgConnection& connection, const std::string& name, const std::string& time_zone);
std::optional<int64_t> find_tenant(PgConnection& connection, const std::string& name);

// One writer of rules and policies at a time: versions stay dense. The lock goes with the transaction.
void lock_policies(Transaction& transaction);
// Every subject may be decided in another way now.
void raise_all_subjects(Transaction& transaction);

// The policy of a rule version: the latest recorded one when its body is `rules_json(rules)`; else, if `is_recorded`, a
// new one, and every subject becomes due. A body that comes back is a new version too: a version never repeats, or the
// inputs of an entry would. Policies of `other_rule_version`, which is in force beside this one for other subjects
// (a canary), are passed over.
Policy find_policy(Transaction& transaction, int64_t rule_version, std::optional<int64_t> other_rule_version,
                   const Rules& rules, bool is_recorded);
int64_t newest_policy_version(Transaction& transaction);
// Throws DbError "AL002" when the rules cannot be used.
Policy policy_from(int64_t version, Rules rules);
// Throws DbError "AL002" when there is no such version.
Policy read_policy(PgConnection& connection, int64_t tenant_id, int64_t policy_version);

}  // namespace authledger
