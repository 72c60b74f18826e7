#pragma once

#include "sync/round.h"

namespace authledger {

// Subjects in one transaction: PostgreSQL pays per statement, so a batch is large; a lock is held while it runs, so it
// is not huge.
inline constexpr int kSubjectsPerBatchMax = 200;
inline constexpr int kReconcileAttemptsMax = 5;

// Takes up the rules (TenantSession::refresh_rules), then reconciles every due subject: consolidate, allocate, post,
// plan notices. No network I/O. A batch that fails is run again singly, so only the culprit backs off and, after
// kReconcileAttemptsMax attempts, is parked. Two workers share a run that is larger than one batch. Several workers may
// run at once. Throws DbError when the database is lost.
void reconcile_due(RoundContext& context, RoundSummary& summary);

}  // namespace authledger
