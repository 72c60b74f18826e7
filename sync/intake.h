#pragma once

#include <string>
#include <vector>

#include "adapters/mapping.h"
#include "sync/round.h"

namespace authledger {

// One resource on its way from a page or file to the ledger.
struct ReceivedResource {
  std::string type, id;
  std::string text;      // JSON as kept and hashed.
  std::string base_url;  // Of the server it came from: references are relative to it.
};

inline constexpr size_t kResourcesPerPageMax = 1000;

// The common end of every source: leaves out what did not change, maps the rest, records it with the feed's progress.
// Not thread-safe.
class Intake {
 public:
  Intake(RoundContext& context, const EndpointConfig& endpoint, const ResourceMapper& mapper, RoundSummary& summary);

  // One transaction a call. `feed` may be null. Throws DbError.
  void record(std::vector<ReceivedResource> resources, const FeedState* feed);
  // The same without asking what is unchanged: for resources whose mapping failed before.
  void record_again(std::vector<ReceivedResource> resources);
  // Retracts resources that the source no longer has.
  void record_deleted(const std::vector<ResourceHash>& resources, const FeedState* feed);

 private:
  MappedResource mapped(ReceivedResource& received, const Hash& hash);
  void count(const RecordCounts& counts);

  RoundContext& context_;
  const EndpointConfig& endpoint_;
  const ResourceMapper& mapper_;
  RoundSummary& summary_;
  JsonDocument document_;
};

// Whether the body is kept for remapping: what carries authorizations (DESIGN, raw_resource).
bool keeps_body(std::string_view resource_type);

}  // namespace authledger
