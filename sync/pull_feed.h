#pragma once

#include <limits>
#include <string>
#include <vector>

#include "adapters/capability_plan.h"
#include "fhir/client.h"
#include "ledger/store/certificate_store.h"
#include "sync/intake.h"
#include "sync/sweep.h"

namespace authledger {

// One feed of an HTTP endpoint, read as its plan says.
struct FeedRun {
  RoundContext& context;
  const EndpointConfig& endpoint;
  const FeedConfig& feed;
  const SourcePlan& plan;
  const Capability& capability;
  FhirClient& client;
  Intake& intake;
  FeedCertificate& certificate;                                  // Filled as the feed is read.
  uint64_t requests_max = std::numeric_limits<uint64_t>::max();  // The client's count at which the feed's part ends.
};

struct FeedEnd {
  bool is_held = false;                // Another worker reads the feed: nothing was done.
  std::optional<std::string> failure;  // As a sentence; what had been committed stays.
};

// Without a failure the feed was read to its end, or goes on with the next round (the certificate says so). A full
// round waits for a worker that may be dead; a woken one does not: see RoundSummary::left_woken.
FeedEnd pull_feed(const FeedRun& run, const SweepRoster& roster);

// Patient ids to sweep, from a Patient search, a Group or a list file; sorted, without repetition. `group`: the members
// of this Group, whatever the endpoint's roster says; "": as it says.
Result<std::vector<std::string>> read_roster(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client,
                                             const std::string& group);

}  // namespace authledger
