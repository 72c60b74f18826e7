#include "sync/feed_plan.h"

#include <fmt/format.h>

#include "base/log.h"
#include "fhir/probe.h"
#include "ledger/store/feed_store.h"

namespace authledger {
namespace {

constexpr std::chrono::hours kStatementAgeMax{24};
// A feed that was found to ignore _lastUpdated is tested again after that.
constexpr std::chrono::hours kCondemnedFor{24};

// The answer is final: asking again at the next round would not change it.
bool says_no(FhirErrorKind kind) {
  return kind == FhirErrorKind::not_found || kind == FhirErrorKind::refused || kind == FhirErrorKind::unauthorized;
}

// Nothing when the endpoint has none.
Result<std::optional<Capability>, FhirError> statement_of(RoundContext& context, const EndpointConfig& endpoint,
                                                          FhirClient& client) {
  using Found = std::optional<Capability>;
  std::map<std::string, KnownStatement>& known = context.session.known_statements();
  const auto found = known.find(endpoint.name);
  const auto now = std::chrono::steady_clock::now();
  if (found != known.end() && now - found->second.read_at < kStatementAgeMax) return Found(found->second.capability);
  const auto text = client.capability_statement();
  if (!text && !says_no(text.error().kind)) return text.error();
  if (!text) {
    log_warning("no_capability_statement", {{"endpoint", endpoint.name}, {"cause", text.error().message}});
    return Found();
  }
  JsonDocument document;
  const auto root = document.parse(*text);
  Capability capability = root ? read_capability(*root) : Capability();
  if (capability.types.empty()) {
    log_warning("no_capability_statement", {{"endpoint", endpoint.name}, {"cause", "it lists no resource type"}});
    return Found();
  }
  known[endpoint.name] = {capability, now};
  return Found(std::move(capability));
}

// The feed as the config says it, where nothing else is known.
SourcePlan plan_as_configured(const FeedConfig& feed) {
  SourcePlan plan;
  plan.resource_type = feed.resource_type;
  plan.configured = feed.strategy;
  plan.reason = "the endpoint has no CapabilityStatement that can be read: as the config says";
  switch (feed.strategy) {
    case FeedConfig::Strategy::last_updated:
      plan.strategy = SourceStrategy::last_updated;
      break;
    case FeedConfig::Strategy::per_patient:
      plan.strategy = SourceStrategy::per_patient;
      break;
    case FeedConfig::Strategy::bulk:
      plan.strategy = SourceStrategy::last_updated;
      break;
    case FeedConfig::Strategy::inquire:
      plan.strategy = SourceStrategy::inquire;
      break;
    case FeedConfig::Strategy::off:
      break;
  }
  return plan;
}

// Whether the feed is one whose strategy hangs on _lastUpdated.
bool wants_changes(const FeedConfig& feed) {
  return feed.strategy == FeedConfig::Strategy::last_updated || feed.strategy == FeedConfig::Strategy::bulk;
}

std::string test_url(const FeedConfig& feed) {
  std::string url = feed.resource_type + "?_count=1";
  for (const auto& [parameter, value] : feed.search) url += "&" + parameter + "=" + query_value(value);
  return url;
}

bool stands(const FeedState& state, const Hash& statement, Instant now) {
  if (state.tested_on != statement) return false;
  if (state.heeds_last_updated == true) return true;
  return state.tested_at && *state.tested_at <= now && now - *state.tested_at < kCondemnedFor;
}

// FAULTS 26: tested once for each feed and statement, before anything is left out because of it; what is left out,
// daily.
std::optional<bool> finding_of(RoundContext& context, const EndpointConfig& endpoint, const FeedConfig& feed,
                               const Hash& statement, FhirClient& client) {
  TenantSession& session = context.session;
  const FeedState state = read_feed(session.connection(), session.tenant_id(), endpoint.name, feed.resource_type);
  if (stands(state, statement, context.clock.now())) return state.heeds_last_updated;
  const auto found = test_last_updated(context, endpoint, feed, statement, client);
  return found || state.tested_on != statement ? found : state.heeds_last_updated;
}

}  // namespace

std::optional<bool> test_last_updated(RoundContext& context, const EndpointConfig& endpoint, const FeedConfig& feed,
                                      const Hash& statement, FhirClient& client) {
  const auto heeds = heeds_last_updated(client, feed.resource_type, test_url(feed));
  if (!heeds) return std::nullopt;  // The feed itself will say what is wrong.
  save_finding(context.session.connection(), context.session.tenant_id(), endpoint.name, feed.resource_type,
               {*heeds, statement, context.clock.now()});
  return *heeds;
}

Result<FeedPlans, FhirError> plan_feeds(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client) {
  FeedPlans planned;
  const auto statement_read = statement_of(context, endpoint, client);
  if (!statement_read) return statement_read.error();
  const std::optional<Capability>& capability = *statement_read;
  if (capability) planned.capability = *capability;
  const Hash statement = hash_of(planned.capability);
  const std::string exported = export_path(endpoint, planned.capability);
  for (const FeedConfig& feed : endpoint.feeds) {
    if (!capability || context.stop.stop_requested()) {
      planned.plans.push_back(plan_as_configured(feed));
      planned.plans.back().sees_deletions = sees_deletions(planned.plans.back(), planned.capability);
      continue;
    }
    TypeFinding finding;
    const SourcePlan declared = plan_source(feed, endpoint.preset, *capability, finding, exported);
    if (wants_changes(feed) && capability->can(feed.resource_type, "search-type") &&
        declared.strategy != SourceStrategy::impossible) {
      finding.honours_last_updated = finding_of(context, endpoint, feed, statement, client);
    }
    SourcePlan plan = plan_source(feed, endpoint.preset, *capability, finding, exported);
    if (plan.strategy != declared.strategy && context.session.is_news(endpoint.name + "/" + feed.resource_type)) {
      log_warning("feed_read_otherwise", {{"feed", endpoint.name + "/" + feed.resource_type},
                                          {"strategy", word_of(plan.strategy)},
                                          {"cause", plan.reason}});
    }
    planned.plans.push_back(std::move(plan));
  }
  return planned;
}

}  // namespace authledger
