#include "cmd/stored_findings.h"

#include <fmt/format.h>

#include <filesystem>

#include "ledger/store/feed_store.h"

namespace authledger {

Result<std::unique_ptr<TenantSession>> open_stored_findings(const Config& config) {
  std::error_code ignored;  // What cannot be looked at is not there for this user.
  const bool has_database =
      !config.database.url.empty() || std::filesystem::exists(config.database.data_folder, ignored);
  if (!has_database) return std::unique_ptr<TenantSession>();
  return TenantSession::open(config);
}

StoredFindings compare_with_stored(TenantSession& session, const EndpointConfig& endpoint, const Capability& capability,
                                   Instant now, ProbeFindings& findings) {
  StoredFindings all;
  const Hash statement = hash_of(capability);
  for (const FeedConfig& feed : endpoint.feeds) {
    const bool hangs_on_it =
        feed.strategy == FeedConfig::Strategy::last_updated || feed.strategy == FeedConfig::Strategy::bulk;
    if (!hangs_on_it) continue;
    const FeedState state = read_feed(session.connection(), session.tenant_id(), endpoint.name, feed.resource_type);
    if (!state.heeds_last_updated || state.tested_on != statement) continue;
    StoredFinding stored{*state.heeds_last_updated, state.tested_at};
    std::optional<bool>& found = findings[feed.resource_type].honours_last_updated;
    if (!found) {
      found = stored.honours_last_updated;
    } else if (*found != stored.honours_last_updated) {
      save_finding(session.connection(), session.tenant_id(), endpoint.name, feed.resource_type,
                   {*found, statement, now});
      stored.is_replaced = true;
    }
    all.emplace(feed.resource_type, stored);
  }
  return all;
}

std::string stored_text(const StoredFinding& stored) {
  if (stored.honours_last_updated && !stored.is_replaced) return "";
  const std::string when = stored.tested_at ? " on " + format_instant(*stored.tested_at) : "";
  return fmt::format("a round found{} that it {} _lastUpdated{}", when,
                     stored.honours_last_updated ? "heeds" : "ignores",
                     stored.is_replaced ? ": replaced by what was found now" : "");
}

}  // namespace authledger
