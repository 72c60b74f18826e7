#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapters/capability_plan.h"
#include "fhir/client.h"
#include "sync/round.h"

// How the feeds of an endpoint are read in this round: the plan that `authledger probe` prints, from the endpoint's
// CapabilityStatement and what was tested.

namespace authledger {

struct FeedPlans {
  Capability capability;
  std::vector<SourcePlan> plans;  // Parallel to the endpoint's feeds.
};

// Whether the server heeds _lastUpdated in searches of the feed, asked now; the answer is kept as found of a server
// that declares what `statement` hashes. Nothing when the server gave no answer that tells.
std::optional<bool> test_last_updated(RoundContext& context, const EndpointConfig& endpoint, const FeedConfig& feed,
                                      const Hash& statement, FhirClient& client);

// The statement is asked for once a process (again after a day), a feed's honesty about _lastUpdated once for each
// statement, daily where it has none: the answer is kept in the database. An endpoint that has no statement is read as
// the config says. Errors: one that cannot say it now, and may have deletions that the watermarks would pass.
Result<FeedPlans, FhirError> plan_feeds(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client);

}  // namespace authledger
