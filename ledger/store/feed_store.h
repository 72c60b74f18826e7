#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/store/sweep_store.h"

namespace authledger {

// Where one feed stands. `watermark`: everything last updated before it has been read (server's clock, overlap already
// taken off), `deletions_watermark`: and every deletion before that, where the server tells of them. `resume_link`:
// next page of a run that has not ended; its run_started_at becomes the watermark when the run's last page commits.
struct FeedState {
  std::string source, resource_type;
  std::optional<Instant> watermark, deletions_watermark;
  std::string resume_link;
  std::optional<Instant> run_started_at;
  std::optional<Instant> last_success_at;
  std::string mapping_version;      // Of the type's mappings when it was last read to its end.
  std::string run_mapping_version;  // Under which the run that has not ended reads.
  bool is_short = false;            // The last whole run brought fewer resources than the server had stated.
  // Whether searches of the feed heed _lastUpdated, found by a test of the server that declared what `tested_on`
  // hashes, and when.
  std::optional<bool> heeds_last_updated;
  std::optional<Hash> tested_on;
  std::optional<Instant> tested_at;
  // Of a sweep: whose records have been read with this page, and whose could not be, to be noted with it.
  std::vector<std::string> swept = {};
  std::vector<SweepRefusal> refused = {};
  Instant swept_at{};
  std::string lease_token;  // When set, save_feed refuses to write under a lease that was lost.
};

FeedState read_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                    const std::string& resource_type);
// A finding alone, whatever else stands of the feed.
struct FeedFinding {
  bool heeds_last_updated = false;
  Hash tested_on{};
  Instant tested_at{};
};
void save_finding(PgConnection& connection, int64_t tenant_id, const std::string& source,
                  const std::string& resource_type, const FeedFinding& finding);
// In the page's own transaction (see record_page). Throws DbError kLeaseLost when state.lease_token is set and the feed
// is leased to another worker by now: the page rolls back.
void save_feed(Transaction& transaction, const FeedState& feed);

// Takes the feed for one worker until `lease_seconds` from now; false when another worker holds it. The token fences:
// release and renewal need it.
bool lease_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                const std::string& resource_type, const std::string& lease_token, int lease_seconds);
// For the worker that has it; false when another one has had it since. What was read under the lease before is stale
// then, and must not be recorded.
bool renew_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                const std::string& resource_type, const std::string& lease_token, int lease_seconds);
void release_feed(PgConnection& connection, int64_t tenant_id, const std::string& source,
                  const std::string& resource_type, const std::string& lease_token);
std::vector<FeedState> read_feeds(PgConnection& connection, int64_t tenant_id);

}  // namespace authledger
