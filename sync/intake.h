#pragma once

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "adapters/mapping.h"
#include "sync/round.h"

namespace authledger {

// One resource on its way from a page or file to the ledger.
struct ReceivedResource {
  std::string type, id;
  std::string text;      // JSON as kept and hashed.
  std::string base_url;  // Of the server it came from: references are relative to it.
  std::string patient =
      "";  // Whose records were asked for ("Patient/p1"): another's are quarantined. Empty: anybody's.
  std::optional<Instant> asked_at = std::nullopt;  // As of MappedResource.
};

// What record_deleted takes for a resource that is gone at the source.
ResourceHash deletion_of(const std::string& type, const std::string& id);

// What became of resources since the tally was taken last.
struct ResourceTally {
  int64_t read = 0, added = 0, changed = 0, unchanged = 0, quarantined = 0, deleted = 0, clock_went_back = 0;
  int64_t numbered_anew = 0, doubtful = 0;  // Lower versions with later times: that count; of which nobody can tell.
};

inline constexpr size_t kResourcesPerPageMax = 1000;

// The common end of every source: leaves out what did not change, maps the rest, records it with the feed's progress.
// While PostgreSQL records one page on a thread and a connection of its own, the next one is read and mapped here;
// pages commit in the order in which they were given. Not thread-safe. At its end it waits for the page under way.
class Intake {
 public:
  Intake(RoundContext& context, const EndpointConfig& endpoint, const ResourceMapper& mapper, RoundSummary& summary);

  // One transaction a call. `feed` may be null. Throws the DbError of an earlier page: nothing of this one is recorded.
  void record(std::vector<ReceivedResource> resources, const FeedState* feed);
  // The same without asking what is unchanged: for resources whose mapping failed before, or is another now.
  void record_again(std::vector<ReceivedResource> resources);
  // Reads one resource of the source as it is now, as JSON text; nothing when that cannot be done. Where there is one,
  // it is asked about a lower version with a later time than the ledger has: which of the two counts.
  using ReadAgain = std::function<std::optional<std::string>(const std::string& type, const std::string& id)>;
  void read_again_by(ReadAgain read_again) { read_again_ = std::move(read_again); }
  // Retracts resources that the source no longer has. `known_at`, by the source's clock, when that was of an earlier
  // time than now: what was written since stands.
  void record_deleted(const std::vector<ResourceHash>& resources, std::optional<Instant> known_at = std::nullopt);
  // Returns when every page is committed. Throws DbError.
  void finish();
  // After finish(): begins to count anew.
  ResourceTally take_tally();
  // Of all mappings of the type on this endpoint; "" when it has none.
  const std::string& mapping_version(std::string_view resource_type) const { return mapper_.version(resource_type); }

 private:
  MappedResource mapped(ReceivedResource& received, const Hash& hash);
  void settle(MappedResource& resource, ReceivedResource& received, const StoredVersion& stored);
  void record_page_behind(std::vector<MappedResource> resources, const FeedState* feed);

  RoundContext& context_;
  const EndpointConfig& endpoint_;
  const ResourceMapper& mapper_;
  RoundSummary& summary_;
  ReadAgain read_again_;
  JsonDocument document_;
  ResourceTally tally_;
  std::future<RecordCounts> recording_;
  std::unordered_set<std::string> recorded_last_;  // Type/id of the page that may be under way.
};

// Whether the body is kept for remapping: what carries authorizations (DESIGN, raw_resource).
bool keeps_body(std::string_view resource_type);

}  // namespace authledger
