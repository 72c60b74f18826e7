#include "sync/pull_woken.h"

#include <algorithm>

#include "sync/feed_pages.h"

namespace authledger {
namespace {

// What cannot be read for this reason is not tried for the next resource: the server is away, or its token is refused.
bool concerns_all(const FhirError& error) {
  return error.kind != FhirErrorKind::bad_answer;
}

}  // namespace

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
  std::optional<FhirError> failure;
  for (const Wakeup& wakeup : wakeups) {
    const std::string& id = wakeup.resource_id;
    if (id.empty()) continue;  // A sweep's turn comes by itself.
    if (run.context.stop.stop_requested()) failure = stopped("stopped; the next round goes on");
    if (failure && concerns_all(*failure)) break;
    if (auto end = read_by_id(run, id, received, gone)) failure = std::move(end);
    if (received.size() >= kResourcesPerPageMax) run.intake.record(std::exchange(received, {}), nullptr);
  }
  if (!received.empty()) run.intake.record(std::move(received), nullptr);
  if (!gone.empty()) run.intake.record_deleted(gone);
  run.intake.finish();
  return failure ? std::optional(failure->message) : std::nullopt;
}

}  // namespace authledger
