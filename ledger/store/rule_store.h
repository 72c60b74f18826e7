#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "ledger/payer_directory.h"
#include "ledger/policy.h"
#include "ledger/rollout.h"
#include "ledger/store/pg.h"

namespace authledger {

// Rules that decide nothing yet, or only for some patients.
struct WaitingRules {
  int64_t rule_version = 0;
  int canary_percent = 0;  // 0: a dry run, for nobody.
  Policy policy;           // Of a dry run: without a version, since no entry is posted under it.
};

// By which rules the subjects of a tenant are reckoned. A value: what another process steps to meanwhile is told by
// are_rules_current.
struct RulesInForce {
  int64_t rule_version = 0;
  Policy policy;
  bool is_delivered = true;  // False: no notice is wanted (Rollout::is_delivered).
  std::optional<WaitingRules> waiting;
  std::set<int64_t> retracted;
  int64_t step_no = 0, newest_policy = 0;  // What was recorded when it was read.
};

// Whether the waiting rules decide for the subject already.
bool is_on_waiting_rules(const RulesInForce& rules, int64_t subject_id);
const Policy& policy_for(const RulesInForce& rules, int64_t subject_id);

// What a round goes by: `written` are the config's rules, `organizations` the payers as sources describe them. A
// changed body is recorded as a new version. It starts as active where it changes nothing, or where nothing was ever
// written to the EHR; else as `rollout` says. A body that comes back is a new version too. All subjects become due when
// what decides for them changes.
RulesInForce record_rules(PgConnection& connection, int64_t tenant_id, const Rules& written,
                          const std::vector<PayerOrganization>& organizations, const RolloutConfig& rollout);

// The same without writing anything: what the next round would go by. With `retracted`: as if that version had been
// retracted.
RulesInForce read_rules_in_force(PgConnection& connection, int64_t tenant_id, const Rules& written,
                                 const std::vector<PayerOrganization>& organizations, const RolloutConfig& rollout,
                                 std::optional<int64_t> retracted = std::nullopt);

// False once a step or a policy was recorded since. Asked in the transaction that has locked its subjects: a later step
// makes them due again after it.
bool are_rules_current(Transaction& transaction, const RulesInForce& rules);

// One version with its state, for people.
struct RuleVersionRow {
  RuleStep step;  // The last one.
  Instant since{};
  std::string role, reason;
  int64_t standing = 0;                              // Notices that stand in the EHR as this version wrote them.
  int64_t appears = 0, changes = 0, disappears = 0;  // Previewed while it waits.
};
std::vector<RuleVersionRow> read_rule_versions(PgConnection& connection, int64_t tenant_id);

// Takes a step and makes every subject due. `now` is kept with it, as are the words of the person who answers for it.
void step_rules(PgConnection& connection, int64_t tenant_id, const RuleStep& step, const std::string& role,
                const std::string& reason, Instant now);

}  // namespace authledger
