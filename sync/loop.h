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

// Rounds at the configured interval until `stop`. A lost database is tried again with growing pauses (to a minute).
// Where an endpoint may notify, small rounds run beside from the first one's end on, on a thread and a session of their
// own, as soon as something is said to have changed: a resource that is named waits for no long round. `report` is
// called on both threads. Runs on the calling thread, which owns the session.
void run_loop(TenantSession& session, const Clock& clock, std::stop_token stop,
              const std::function<void(const LoopReport&)>& report);

}  // namespace authledger
