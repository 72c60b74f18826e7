#pragma once

#include <string>
#include <vector>

#include "fhir/capability.h"
#include "fhir/client.h"
#include "sync/intake.h"

namespace authledger {

// One feed of an HTTP endpoint: incremental by _lastUpdated, or a sweep over a roster of patients.
// Returns nothing when it ended well, else the failure as a sentence; what had been committed stays.
struct FeedRun {
  RoundContext& context;
  const EndpointConfig& endpoint;
  const FeedConfig& feed;
  const Capability& capability;
  FhirClient& client;
  Intake& intake;
};
std::optional<std::string> pull_feed(const FeedRun& run, const std::vector<std::string>& roster);

// Patient ids to sweep, from a Patient search, a Group or a list file; sorted, without repetition.
Result<std::vector<std::string>> read_roster(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client);

}  // namespace authledger
