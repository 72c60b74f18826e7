#include "sync/retract.h"

#include "ledger/store/notice_store.h"
#include "sync/deliver.h"
#include "sync/reconcile.h"

namespace authledger {

RetractSummary retract_rules(RoundContext& context, int64_t rule_version, const std::string& role,
                             const std::string& reason) {
  TenantSession& session = context.session;
  PgConnection& connection = session.connection();
  const int64_t tenant_id = session.tenant_id();
  RetractSummary summary;
  session.refresh_rules();
  if (!session.rules().retracted.contains(rule_version)) {
    step_rules(connection, tenant_id, {rule_version, RuleState::retracted, 0}, role, reason, context.clock.now());
  }
  reconcile_due(context, summary.round);
  if (!context.stop.stop_requested()) {
    release_retracted(connection, tenant_id, rule_version, context.clock.now());
    summary.kept = adopt_kept(connection, tenant_id, rule_version, session.rules().rule_version);
    deliver_due(context, summary.round);
  }
  summary.left = count_written_by(connection, tenant_id, rule_version);
  summary.round.is_stopped = context.stop.stop_requested();
  return summary;
}

}  // namespace authledger
