#pragma once

#include <map>
#include <string>

#include "ledger/store/certificate_store.h"
#include "sync/feed_plan.h"
#include "sync/intake.h"

namespace authledger {

struct BulkRun {
  RoundContext& context;
  const EndpointConfig& endpoint;
  const FeedPlans& planned;
  FhirClient& client;
  Intake& intake;
};

// The feeds of an endpoint that are read by a Bulk Data export: those that were never read, and those that have no
// other road. One export for all of them; it may take several rounds, and goes on where a killed one was. Adds a
// certificate for each type that belongs to it: such a feed is not read otherwise in this round. A type that a complete
// export made no file of gets none where it has another road: it is read by that one. Returns the failure as a
// sentence.
std::optional<std::string> pull_bulk(const BulkRun& run, std::map<std::string, FeedCertificate>& certificates);

}  // namespace authledger
