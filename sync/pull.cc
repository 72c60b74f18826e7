#include "sync/pull.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "fhir/client.h"
#include "ledger/store/wakeup_store.h"
#include "sync/pull_feed.h"
#include "sync/pull_folder.h"
#include "sync/pull_woken.h"

namespace authledger {
namespace {

// What the endpoint said has changed: resource type → the wake-ups of that type.
using WokenTypes = std::map<std::string, std::vector<Wakeup>>;

WokenTypes read_woken(RoundContext& context, const EndpointConfig& endpoint) {
  WokenTypes woken;
  if (endpoint.subscriptions.hook_url.empty()) return woken;
  TenantSession& session = context.session;
  for (Wakeup& wakeup : read_wakeups(session.connection(), session.tenant_id(), endpoint.name)) {
    woken[wakeup.resource_type].push_back(std::move(wakeup));
  }
  return woken;
}

// The named resources first, then the feed, unless the round is for what was named alone.
std::optional<std::string> pull_one(const FeedRun& run, const std::vector<std::string>& roster,
                                    const std::vector<Wakeup>& wakeups) {
  bool must_read_feed = !run.context.options.woken_only;
  if (!wakeups.empty()) {
    std::vector<std::string> ids;
    for (const Wakeup& wakeup : wakeups) ids.push_back(wakeup.resource_id);
    bool is_wide = false;
    if (auto failure = pull_woken(run, ids, is_wide)) return failure;
    must_read_feed |= is_wide;
  }
  if (must_read_feed) {
    if (auto failure = pull_feed(run, roster)) return failure;
  }
  remove_wakeups(run.context.session.connection(), run.context.session.tenant_id(), wakeups);
  return std::nullopt;
}

void pull_http(RoundContext& context, const EndpointConfig& endpoint, Intake& intake, RoundSummary& summary) {
  const Config& config = context.session.config();
  const WokenTypes woken = read_woken(context, endpoint);
  if (context.options.woken_only && woken.empty()) return;
  auto client = open_fhir_client(endpoint, config.folder, context.clock, context.stop, &context.session.rate_limits());
  if (!client) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint.name, client.error().message));
    return;
  }
  const bool needs_roster = !context.options.woken_only &&
                            std::any_of(endpoint.feeds.begin(), endpoint.feeds.end(), [](const FeedConfig& feed) {
                              return feed.strategy == FeedConfig::Strategy::per_patient;
                            });
  // What the endpoint offers only widens what is read (deletions); without the statement the feeds still run.
  Capability capability;
  JsonDocument statement;
  if (auto text = (*client)->capability_statement()) {
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
    const auto named = woken.find(feed.resource_type);
    const std::vector<Wakeup> wakeups = named == woken.end() ? std::vector<Wakeup>() : named->second;
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
    Intake intake(context, endpoint, *mapper, summary);
    if (endpoint.folder.empty()) {
      pull_http(context, endpoint, intake, summary);
    } else if (auto failure = pull_folder(context, endpoint, intake, summary)) {
      summary.failures.push_back(fmt::format("{}: {}", endpoint.name, *failure));
    }
  }
}

}  // namespace authledger
