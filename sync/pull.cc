#include "sync/pull.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "fhir/client.h"
#include "ledger/store/evidence_store.h"
#include "ledger/store/wakeup_store.h"
#include "sync/pull_feed.h"
#include "sync/pull_folder.h"
#include "sync/pull_woken.h"

namespace authledger {
namespace {

// The answer is final: asking again at the next round would not change it.
bool says_no(FhirErrorKind kind) {
  return kind == FhirErrorKind::not_found || kind == FhirErrorKind::refused || kind == FhirErrorKind::unauthorized;
}

// The named resources first, then the feed, unless the round is for what was named alone.
std::optional<std::string> pull_one(const FeedRun& run, const std::vector<std::string>& roster,
                                    const std::vector<Wakeup>& wakeups) {
  bool must_read_feed = !run.context.options.woken_only;
  if (auto failure = pull_woken(run, wakeups, must_read_feed)) return failure;
  if (must_read_feed) {
    if (auto failure = pull_feed(run, roster)) return failure;
  }
  remove_wakeups(run.context.session.connection(), run.context.session.tenant_id(), wakeups);
  return std::nullopt;
}

void pull_http(RoundContext& context, const EndpointConfig& endpoint, Intake& intake, RoundSummary& summary) {
  WokenTypes woken = read_woken(context, endpoint);
  if (context.options.woken_only && woken.empty()) return;
  auto client = context.open_client(endpoint);
  if (!client) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint.name, client.error().message));
    return;
  }
  const bool needs_roster = !context.options.woken_only &&
                            std::any_of(endpoint.feeds.begin(), endpoint.feeds.end(), [](const FeedConfig& feed) {
                              return feed.strategy == FeedConfig::Strategy::per_patient;
                            });
  // What the endpoint offers only widens what is read (deletions): one that has no statement is read without. But one
  // that cannot say it now may have deletions, and the watermarks would pass them.
  Capability capability;
  JsonDocument statement;
  auto text = (*client)->capability_statement();
  if (!text && !says_no(text.error().kind)) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint.name, text.error().message));
    summary.requests += static_cast<int64_t>((*client)->requests());
    return;
  }
  if (text) {
    if (auto root = statement.parse(*text)) capability = read_capability(*root);
  }
  std::vector<std::string> roster;
  if (needs_roster) {
    auto read = read_roster(context, endpoint, **client);
    if (read) {
      roster = std::move(*read);
    } else {
      summary.failures.push_back(fmt::format("{}: no roster of patients: {}", endpoint.name, read.error().message));
    }
  }
  for (const FeedConfig& feed : endpoint.feeds) {
    if (context.stop.stop_requested()) break;
    const std::vector<Wakeup>& wakeups = woken[feed.resource_type];
    if (feed.strategy == FeedConfig::Strategy::off || (context.options.woken_only && wakeups.empty())) continue;
    if (auto failure = pull_one({context, endpoint, feed, capability, **client, intake}, roster, wakeups)) {
      log_warning("feed_failed", {{"feed", endpoint.name + "/" + feed.resource_type}, {"cause", *failure}});
      summary.failures.push_back(fmt::format("{}/{}: {}", endpoint.name, feed.resource_type, *failure));
    }
  }
  summary.requests += static_cast<int64_t>((*client)->requests());
}

}  // namespace

void pull_endpoints(RoundContext& context, RoundSummary& summary) {
  const Config& config = context.session.config();
  for (const EndpointConfig& endpoint : config.endpoints) {
    if (context.stop.stop_requested()) return;
    if (context.options.woken_only && endpoint.subscriptions.hook_url.empty()) continue;
    if (!context.options.endpoint.empty() && endpoint.name != context.options.endpoint) continue;
    auto mapper = ResourceMapper::compile(endpoint, config.folder, context.session.policy().zone);
    if (!mapper) {
      for (const Issue& issue : mapper.error()) {
        summary.failures.push_back(fmt::format("{}: {}: {}", endpoint.name, issue.element_path, issue.message));
      }
      summary.is_misconfigured = true;
      continue;
    }
    transact(context.session.connection(), context.session.tenant_id(),
             [&](Transaction& transaction) { save_mapping_paths(transaction, mapper->paths()); });
    Intake intake(context, endpoint, *mapper, summary);
    if (endpoint.folder.empty()) {
      pull_http(context, endpoint, intake, summary);
    } else if (auto failure = pull_folder(context, endpoint, intake, summary)) {
      summary.failures.push_back(fmt::format("{}: {}", endpoint.name, *failure));
    }
  }
}

}  // namespace authledger
