#include "sync/pull_woken.h"

#include <algorithm>

#include "base/crypto.h"

namespace authledger {

WokenTypes read_woken(RoundContext& context, const EndpointConfig& endpoint) {
  WokenTypes woken;
  if (endpoint.subscriptions.hook_url.empty()) return woken;
  TenantSession& session = context.session;
  for (Wakeup& wakeup : read_wakeups(session.connection(), session.tenant_id(), endpoint.name)) {
    woken[wakeup.resource_type].push_back(std::move(wakeup));
  }
  return woken;
}

std::optional<std::string> pull_woken(const FeedRun& run, const std::vector<Wakeup>& wakeups, bool& must_read_feed) {
  if (wakeups.empty()) return std::nullopt;
  const std::string& type = run.feed.resource_type;
  const bool is_sweep = run.plan.strategy == SourceStrategy::per_patient;
  const bool is_wide =
      wakeups.size() > kSingleReadsMax || !run.feed.search.empty() ||
      std::any_of(wakeups.begin(), wakeups.end(), [](const Wakeup& wakeup) { return wakeup.resource_id.empty(); });
  if (is_wide && !is_sweep) {
    must_read_feed = true;
    return std::nullopt;
  }
  std::vector<ReceivedResource> received;
  std::vector<ResourceHash> gone;
  for (const Wakeup& wakeup : wakeups) {
    const std::string& id = wakeup.resource_id;
    if (run.context.stop.stop_requested()) return "stopped; the next round goes on";
    if (id.empty()) continue;  // A sweep's turn comes by itself.
    auto read = run.client.read(type, id);
    if (read) {
      received.push_back({type, id, std::move(read->body), run.client.base_url()});
    } else if (read.error().kind == FhirErrorKind::not_found) {
      gone.push_back({type, id, sha256("deleted " + type + "/" + id), ""});
    } else {
      return read.error().message;
    }
    if (received.size() >= kResourcesPerPageMax) run.intake.record(std::exchange(received, {}), nullptr);
  }
  if (!received.empty()) run.intake.record(std::move(received), nullptr);
  if (!gone.empty()) run.intake.record_deleted(gone, nullptr);
  run.intake.finish();
  return std::nullopt;
}

}  // namespace authledger
