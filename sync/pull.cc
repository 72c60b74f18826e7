#include "sync/pull.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/log.h"
#include "fhir/client.h"
#include "ledger/store/evidence_store.h"
#include "ledger/store/sweep_store.h"
#include "ledger/store/wakeup_store.h"
#include "sync/feed_pages.h"
#include "sync/feed_plan.h"
#include "sync/pull_bulk.h"
#include "sync/pull_feed.h"
#include "sync/pull_folder.h"
#include "sync/pull_woken.h"

namespace authledger {
namespace {

bool is_swept(const SourcePlan& plan) {
  return plan.strategy == SourceStrategy::per_patient || plan.afterwards == SourceStrategy::per_patient;
}

// Whom the swept feeds of a plan's group read; nothing when it cannot be known: with a failure in the summary, unless
// it is a Group, which can be exported instead.
std::optional<SweepRoster> sweep_roster(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client,
                                        const std::string& group, RoundSummary& summary) {
  SweepRoster roster;
  auto patients = read_roster(context, endpoint, client, group);
  if (!patients && !group.empty()) {
    if (context.session.is_news(endpoint.name + "/Group/" + group)) {
      log_warning("group_unreadable", {{"endpoint", endpoint.name}, {"cause", patients.error().message}});
    }
    return std::nullopt;
  }
  if (!patients) {
    summary.failures.push_back(fmt::format("{}: no roster of patients: {}", endpoint.name, patients.error().message));
    return std::nullopt;
  }
  roster.patients = std::move(*patients);
  TenantSession& session = context.session;
  const Day today = context.today();
  roster.in_need =
      patients_in_need(session.connection(), session.tenant_id(), endpoint.name, today, today + kNeedDaysAhead);
  return roster;
}

// A feed that no road leads to: said in the certificate, with what would open one. A type that the endpoint does not
// list at all is simply not there, which a preset cannot know.
void certify_closed(const SourcePlan& plan, const Capability& capability, FeedCertificate& certificate,
                    RoundSummary& summary) {
  certificate.gaps.push_back(plan.better.empty() ? plan.reason : fmt::format("{}; {}", plan.reason, plan.better));
  if (capability.types.contains(plan.resource_type)) {
    ++summary.feeds_without_road;
  } else {
    certificate.strategy = kAbsentStrategy;
  }
}

// What is left of the round's requests is shared evenly by the feeds that are still to come, of these plans: none
// starves. What the roster took stands outside: it may be more than all of them have.
uint64_t requests_max_of(const EndpointConfig& endpoint, const FhirClient& client, uint64_t roster_requests,
                         std::span<const SourcePlan> to_come) {
  const auto budget = static_cast<uint64_t>(endpoint.requests_per_round_max);
  if (budget == 0) return std::numeric_limits<uint64_t>::max();
  const auto feeds = std::count_if(to_come.begin(), to_come.end(), [](const SourcePlan& plan) {
    const SourceStrategy strategy = plan.strategy == SourceStrategy::bulk ? plan.afterwards : plan.strategy;
    return strategy != SourceStrategy::off && strategy != SourceStrategy::impossible &&
           strategy != SourceStrategy::bulk;
  });
  const uint64_t spent = client.requests() - roster_requests;
  const uint64_t left = budget > spent ? budget - spent : 0;
  return client.requests() + left / static_cast<uint64_t>(std::max<std::ptrdiff_t>(feeds, 1));
}

// Of an endpoint that cannot be read now.
void certify_unread(RoundContext& context, const EndpointConfig& endpoint, const std::string& why,
                    RoundSummary& summary) {
  for (const FeedConfig& feed : endpoint.feeds) {
    if (feed.strategy == FeedConfig::Strategy::off) continue;
    FeedCertificate certificate;
    certificate.source = endpoint.name;
    certificate.resource_type = feed.resource_type;
    certificate.strategy = word_of(SourceStrategy::impossible);
    certificate.started_at = certificate.ended_at = context.clock.now();
    certificate.gaps.push_back(why);
    save_certificate(context.session.connection(), context.session.tenant_id(), certificate);
    summary.feeds.push_back(std::move(certificate));
  }
}

// The named resources first, then the feed, unless the round is for what was named alone. One that cannot be read keeps
// nobody from the rest.
std::optional<std::string> pull_one(const FeedRun& run, const SweepRoster& roster, const std::vector<Wakeup>& wakeups,
                                    RoundSummary& summary) {
  const bool woken_only = run.context.options.woken_only;
  bool must_read_feed = !woken_only;
  auto failure = pull_woken(run, wakeups, must_read_feed);
  if (must_read_feed) {
    FeedEnd end = pull_feed(run, roster);
    if (end.is_held && woken_only) {
      summary.left_woken = true;
      return failure;
    }
    if (end.failure) failure = std::move(end.failure);
  }
  if (failure) return failure;
  remove_wakeups(run.context.session.connection(), run.context.session.tenant_id(), wakeups);
  return std::nullopt;
}

// While it lives, the intake may ask the endpoint which of two versions is the current one.
class AskingIntake {
 public:
  AskingIntake(Intake& intake, FhirClient& client) : intake_(intake) {
    intake_.read_again_by([&client](const std::string& type, const std::string& id) -> std::optional<std::string> {
      auto found = client.read(type, id);
      if (!found) return std::nullopt;
      return as_searches_give_it(std::move(found->body));
    });
  }
  AskingIntake(const AskingIntake&) = delete;
  AskingIntake& operator=(const AskingIntake&) = delete;
  ~AskingIntake() { intake_.read_again_by({}); }

 private:
  Intake& intake_;
};

void pull_http(RoundContext& context, const EndpointConfig& endpoint, Intake& intake, RoundSummary& summary) {
  WokenTypes woken = read_woken(context, endpoint);
  if (context.options.woken_only && woken.empty()) return;
  auto client = context.open_client(endpoint);
  if (!client) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint.name, client.error().message));
    return;
  }
  const AskingIntake asking(intake, **client);
  auto plans = plan_feeds(context, endpoint, **client);
  if (!plans) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint.name, plans.error().message));
    certify_unread(context, endpoint, plans.error().message, summary);
    summary.requests += static_cast<int64_t>((*client)->requests());
    return;
  }
  FeedPlans& planned = *plans;
  const bool woken_only = context.options.woken_only;
  const uint64_t before_roster = (*client)->requests();
  std::map<std::string, std::optional<SweepRoster>> rosters;  // By SourcePlan::group.
  for (SourcePlan& plan : planned.plans) {
    if (woken_only || !is_swept(plan)) continue;
    if (!rosters.contains(plan.group)) {
      rosters[plan.group] = sweep_roster(context, endpoint, **client, plan.group, summary);
    }
    if (!plan.group.empty() && !rosters[plan.group]) plan.afterwards = SourceStrategy::bulk;
  }
  const uint64_t roster_requests = (*client)->requests() - before_roster;
  const std::optional<SweepRoster> nobody = SweepRoster();
  std::map<std::string, FeedCertificate> exported;
  if (!woken_only) {
    if (auto failure = pull_bulk({context, endpoint, planned, **client, intake}, exported)) {
      log_warning("export_failed", {{"endpoint", endpoint.name}, {"cause", *failure}});
      summary.failures.push_back(fmt::format("{}/$export: {}", endpoint.name, *failure));
    }
  }
  for (auto& [type, certificate] : exported) {
    for (const SourcePlan& plan : planned.plans) {
      if (plan.resource_type == type) certificate.sees_deletions = plan.sees_deletions;
    }
    save_certificate(context.session.connection(), context.session.tenant_id(), certificate);
    summary.feeds.push_back(certificate);
  }
  for (size_t i = 0; i < endpoint.feeds.size(); ++i) {
    if (context.stop.stop_requested()) break;
    const FeedConfig& feed = endpoint.feeds[i];
    const std::vector<Wakeup>& wakeups = woken[feed.resource_type];
    if (woken_only && wakeups.empty()) continue;
    SourcePlan plan = planned.plans[i];
    if (plan.strategy == SourceStrategy::off || exported.contains(feed.resource_type)) continue;
    if (plan.strategy == SourceStrategy::bulk) plan.strategy = plan.afterwards;
    if (plan.strategy == SourceStrategy::bulk) continue;  // By its next export.
    const auto known_roster = rosters.find(plan.group);
    const std::optional<SweepRoster>& roster = known_roster == rosters.end() ? nobody : known_roster->second;
    FeedCertificate certificate;
    certificate.source = endpoint.name;
    certificate.resource_type = feed.resource_type;
    certificate.strategy = word_of(plan.strategy);
    certificate.sees_deletions = plan.sees_deletions;
    certificate.started_at = context.clock.now();
    if (plan.strategy == SourceStrategy::impossible) {
      certify_closed(plan, planned.capability, certificate, summary);
    } else if (!roster && plan.strategy == SourceStrategy::per_patient) {
      certificate.gaps.emplace_back("nobody to read: the roster of patients could not be read");
    } else {
      const std::span<const SourcePlan> to_come = std::span(planned.plans).subspan(i);
      const FeedRun run{context, endpoint,           feed,
                        plan,    planned.capability, **client,
                        intake,  certificate,        requests_max_of(endpoint, **client, roster_requests, to_come)};
      if (auto failure = pull_one(run, roster ? *roster : *nobody, wakeups, summary)) {
        log_warning("feed_failed", {{"feed", endpoint.name + "/" + feed.resource_type}, {"cause", *failure}});
        summary.failures.push_back(fmt::format("{}/{}: {}", endpoint.name, feed.resource_type, *failure));
      }
    }
    if (woken_only) continue;  // What is named says nothing of the rest.
    certificate.ended_at = context.clock.now();
    save_certificate(context.session.connection(), context.session.tenant_id(), certificate);
    summary.feeds.push_back(std::move(certificate));
  }
  summary.requests += static_cast<int64_t>((*client)->requests());
}

}  // namespace

bool is_of_progress(std::string_view gap) {
  return gap == kHeldByAnother || gap.find(kNextRoundGoesOn) != std::string_view::npos;
}

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
