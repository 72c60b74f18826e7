#pragma once

#include <functional>
#include <stop_token>

#include "ledger/store/feed_store.h"
#include "ledger/store/subject_store.h"
#include "sync/round.h"

namespace authledger {

// What the loop tells its owner after every round: the summary, or why the round could not be done.
struct LoopReport {
  std::optional<RoundSummary> summary;
  std::string failure;
  std::vector<FeedState> feeds;
  SubjectTotals subjects;
};

// Rounds at the configured interval until `stop`, and small ones in between as soon as an endpoint says that something
// has changed. A lost database is tried again with growing pauses (to a minute).
// Runs on the calling thread, which owns the session.
void run_loop(TenantSession& session, const Clock& clock, std::stop_token stop,
              const std::function<void(const LoopReport&)>& report);

}  // namespace authledger
