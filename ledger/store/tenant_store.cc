#include "ledger/store/tenant_store.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace authledger {

namespace {

constexpr Statement kFindTenant{"find_tenant", R"(
  select tenant_id, time_zone
    from tenant
   where name = $1)"};

constexpr Statement kCreateTenant{"create_tenant", R"(
  insert into tenant (name, time_zone)
  values ($1, $2)
      on conflict (name) do nothing)"};

constexpr Statement kChangeTimeZone{"change_time_zone", R"(
  update tenant
     set time_zone = $2
   where tenant_id = $1)"};

// One writer of policies at a time: versions stay dense. The lock goes with the transaction.
constexpr Statement kLockPolicies{"lock_policies", R"(
  select pg_advisory_xact_lock(470211, $1::bigint::integer))"};

// Versions of rules that are in force beside these are passed over.
constexpr Statement kLatestPolicy{"latest_policy", R"(
  select policy_version, body
    from policy
   where tenant_id = $1
     and rule_version is distinct from $2
   order by policy_version desc
   limit 1)"};

constexpr Statement kNewestPolicy{"newest_policy", R"(
  select coalesce(max(policy_version), 0)
    from policy
   where tenant_id = $1)"};

constexpr Statement kCreatePolicy{"create_policy", R"(
  insert into policy (tenant_id, policy_version, body, body_hash, rule_version)
  values ($1, $2, $3, $4, $5))"};

// Every subject may be allocated in another way now. Coalesce keeps one that is due already in its place.
constexpr Statement kRaiseAllSubjects{"raise_all_subjects", R"(
  update subject
     set due_at = least(coalesce(due_at, now()), now())
   where tenant_id = $1)"};

constexpr Statement kReadPolicy{"read_policy", R"(
  select body
    from policy
   where tenant_id = $1
     and policy_version = $2)"};

}  // namespace

int64_t ensure_tenant(PgConnection& connection, const std::string& name, const std::string& time_zone) {
  Rows rows = connection.execute(kFindTenant, Parameters().text(name));
  if (rows.size() == 0) {
    connection.execute(kCreateTenant, Parameters().text(name).text(time_zone));
    rows = connection.execute(kFindTenant, Parameters().text(name));
  }
  const int64_t tenant_id = rows.integer(0, 0);
  if (rows.text(0, 1) != time_zone) {
    transact(connection, tenant_id, [&](Transaction& transaction) {
      transaction.execute(kChangeTimeZone, Parameters().integer(tenant_id).text(time_zone));
    });
  }
  return tenant_id;
}

std::optional<int64_t> find_tenant(PgConnection& connection, const std::string& name) {
  const Rows rows = connection.execute(kFindTenant, Parameters().text(name));
  return rows.size() == 0 ? std::nullopt : std::optional(rows.integer(0, 0));
}

Policy policy_from(int64_t version, Rules rules) {
  Result<Policy> policy = make_policy(version, std::move(rules));
  if (!policy) throw DbError("AL002", fmt::format("policy version {}: {}", version, policy.error().message));
  return std::move(policy).value();
}

void lock_policies(Transaction& transaction) {
  transaction.execute(kLockPolicies, Parameters().integer(transaction.tenant_id()));
}

void raise_all_subjects(Transaction& transaction) {
  transaction.execute(kRaiseAllSubjects, Parameters().integer(transaction.tenant_id()));
}

int64_t newest_policy_version(Transaction& transaction) {
  return transaction.execute(kNewestPolicy, Parameters().integer(transaction.tenant_id())).integer(0, 0);
}

Policy find_policy(Transaction& transaction, int64_t rule_version, std::optional<int64_t> other_rule_version,
                   const Rules& rules, bool is_recorded) {
  const int64_t tenant_id = transaction.tenant_id();
  const std::string body = rules_json(rules);
  const Rows latest =
      transaction.execute(kLatestPolicy, Parameters().integer(tenant_id).optional_integer(other_rule_version));
  if (latest.size() > 0 && latest.text(0, 1) == body) return policy_from(latest.integer(0, 0), rules);
  const int64_t version = newest_policy_version(transaction) + 1;
  if (is_recorded) {
    Parameters parameters;
    parameters.integer(tenant_id).integer(version).text(body).hash(sha256(body)).integer(rule_version);
    transaction.execute(kCreatePolicy, parameters);
    if (version > 1) raise_all_subjects(transaction);
  }
  return policy_from(version, rules);
}

Policy read_policy(PgConnection& connection, int64_t tenant_id, int64_t policy_version) {
  std::string body;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Rows rows = transaction.execute(kReadPolicy, Parameters().integer(tenant_id).integer(policy_version));
    if (rows.size() == 0) throw DbError("AL002", fmt::format("there is no policy version {}", policy_version));
    body = rows.string(0, 0);
  });
  Rules rules;
  const Issues issues = read_rules(body, fmt::format("policy version {}", policy_version), rules);
  if (has_error(issues)) {
    throw DbError("AL002", fmt::format("policy version {} cannot be read: {}", policy_version, issues.front().message));
  }
  return policy_from(policy_version, std::move(rules));
}

}  // namespace authledger
