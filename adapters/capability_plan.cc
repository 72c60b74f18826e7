#include "adapters/capability_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/render.h"
#include "base/text.h"

namespace authledger {
namespace {

constexpr NoticeKind kKinds[] = {NoticeKind::utilization,      NoticeKind::expiring,      NoticeKind::units_low,
                                 NoticeKind::exhausted,        NoticeKind::booked_beyond, NoticeKind::uncovered_service,
                                 NoticeKind::decision_overdue, NoticeKind::count_differs, NoticeKind::conflict,
                                 NoticeKind::benefit_low,      NoticeKind::update_due,    NoticeKind::submit,
                                 NoticeKind::letter_changed};

// The further roads of the ladder, best first. Only what the statement offers is named.
std::vector<std::string> other_roads(const std::string& type, const Capability& capability) {
  std::vector<std::string> roads;
  if (type == "Task" && capability.can("Task", "update"))
    roads.emplace_back("update of Tasks that the EHR makes itself");
  for (const char* other : {"Communication", "DocumentReference"}) {
    if (capability.can(other, "create")) roads.push_back(fmt::format("{} (create)", other));
  }
  return roads;
}

// What to ask for beyond what is offered.
std::string missing_rights(const Capability& capability, const std::string& type) {
  std::vector<std::string> rights;
  for (const char* interaction : {"create", "update"}) {
    if (!capability.can(type, interaction)) rights.emplace_back(interaction);
  }
  if (!capability.can(type, "search-type") || !capability.searches_by(type, "identifier")) {
    rights.emplace_back("search by identifier");
  }
  return rights.empty() ? "what it declares" : join(rights, ", ");
}

// The limit that binds, as the config writes it.
std::string limit_text(const EndpointConfig& endpoint) {
  const auto per_day = requests_per_day(endpoint);
  if (endpoint.requests_per_day_max > 0 && endpoint.requests_per_day_max == per_day) {
    return fmt::format("{} requests a day", endpoint.requests_per_day_max);
  }
  if (endpoint.requests_per_minute_max > 0 && int64_t{endpoint.requests_per_minute_max} * 1440 == per_day) {
    return fmt::format("{} requests a minute", endpoint.requests_per_minute_max);
  }
  return fmt::format("{} requests a second", endpoint.requests_per_second_max);
}

// "3 h 20 min", "47 min", "12 s".
std::string format_span(int64_t seconds) {
  if (seconds >= 86'400) return fmt::format("{} d {} h", seconds / 86'400, seconds % 86'400 / 3600);
  if (seconds >= 3600) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  if (seconds >= 60) return fmt::format("{} min", (seconds + 59) / 60);
  return fmt::format("{} s", std::max<int64_t>(seconds, 1));
}

int64_t count_of(const std::vector<SourcePlan>& sources, SourceStrategy strategy) {
  return std::count_if(sources.begin(), sources.end(),
                       [&](const SourcePlan& source) { return source.strategy == strategy; });
}

// Read so in the long run: after a first load.
int64_t count_read_so(const std::vector<SourcePlan>& sources, SourceStrategy strategy) {
  return std::count_if(sources.begin(), sources.end(), [&](const SourcePlan& source) {
    return (source.strategy == SourceStrategy::bulk ? source.afterwards : source.strategy) == strategy;
  });
}

// A round asks at least once for each patient and swept feed; longer records take more pages.
std::string sweep_text(const PlanInput& input, int64_t swept) {
  if (swept == 0) return "";
  const int64_t patients = input.patients.value_or(1000);
  const int64_t requests = patients * swept;
  const std::string who = input.patients ? fmt::format("for the {} patients of the roster", patients)
                                         : "for every 1000 patients of the roster";
  const auto per_day = requests_per_day(input.endpoint);
  if (!per_day) return fmt::format("a sweep takes at least {} requests {}; no request limit is set", requests, who);
  return fmt::format("a sweep takes at least {} requests {}: {} within the limit of {}", requests, who,
                     format_span((requests * 86'400 + *per_day - 1) / *per_day), limit_text(input.endpoint));
}

std::string freshness_text(const PlanInput& input, int64_t swept, int64_t changed) {
  std::vector<std::string> parts;
  if (changed > 0) {
    parts.push_back(fmt::format("what is read by _lastUpdated is at most {} old (sync_interval) plus one round",
                                format_span(input.sync_interval.count())));
  }
  if (swept > 0) {
    parts.emplace_back(
        "what is swept is as old as the last whole sweep; patients with visits in the next 14 days or open "
        "authorizations come first");
  }
  return join(parts, "; ");
}

void add_remarks(const PlanInput& input, EndpointPlan& plan) {
  const Capability& capability = input.capability;
  const bool exports = capability.offers_operation("", "export") || capability.offers_operation("Group", "export") ||
                       capability.offers_operation("Patient", "export");
  if (exports && count_of(plan.sources, SourceStrategy::bulk) == 0) {
    plan.remarks.emplace_back(
        "the endpoint offers Bulk Data export: strategy: bulk makes the first load of a feed one export instead of "
        "many searches (bulk: {group: ID} for that of a Group)");
  }
  const bool reads_group = count_of(plan.sources, SourceStrategy::per_patient) > 0 &&
                           input.endpoint.roster.kind == RosterKind::group && !capability.can("Group", "read");
  if (reads_group) {
    plan.remarks.emplace_back(
        "the roster is a Group, but the endpoint does not offer read on Group: use roster: {file: PATH}");
  }
  for (const auto& [type, finding] : input.findings) {
    if (finding.pages == false) plan.remarks.push_back(type + ": the second page repeats the first or fails (tested)");
    if (finding.guards_update == false) {
      plan.remarks.push_back(type +
                             ": an update with an old ETag was taken (tested): changes by people can be overwritten");
    }
  }
}

}  // namespace

ChannelPlan plan_channel(NoticeKind kind, const Capability& capability) {
  const std::string type = resource_type_of(kind);
  ChannelPlan plan;
  const auto found = capability.types.find(type);
  if (found == capability.types.end()) {
    plan.reason = fmt::format("the endpoint's CapabilityStatement does not list {}", type);
    return plan;
  }
  plan.conditional_create = found->second.conditional_create;
  if (!capability.can(type, "create")) {
    plan.reason = fmt::format("the endpoint does not offer create on {}", type);
  } else if (!capability.can(type, "update")) {
    plan.reason =
        fmt::format("the endpoint does not offer update on {}: what we write there could not be kept true", type);
  } else if (!capability.can(type, "search-type") || !capability.searches_by(type, "identifier")) {
    plan.reason = fmt::format(
        "the endpoint does not search {} by identifier: an unanswered create could not be found "
        "again",
        type);
  } else {
    plan.can_deliver = true;
  }
  return plan;
}

std::optional<int64_t> requests_per_day(const EndpointConfig& endpoint) {
  std::optional<int64_t> least;
  for (const int64_t limit :
       {int64_t{endpoint.requests_per_second_max} * 86'400, int64_t{endpoint.requests_per_minute_max} * 1440,
        int64_t{endpoint.requests_per_day_max}}) {
    if (limit > 0) least = std::min(least.value_or(limit), limit);
  }
  return least;
}

NoticePlan plan_notice(NoticeKind kind, const Capability& capability, const TypeFinding& finding) {
  const std::string type = resource_type_of(kind);
  const ChannelPlan channel = plan_channel(kind, capability);
  NoticePlan plan;
  plan.kind = kind;
  const bool is_refused = finding.answers == false;
  if (channel.can_deliver && !is_refused) {
    plan.channel = type;
    plan.reason = channel.conditional_create && finding.conditional_create != false
                      ? "created once by conditional create, then kept true by update"
                      : "searched for by identifier before it is created, then kept true by update";
    if (finding.conditional_create == false)
      plan.reason += " (conditional create is declared, but made a duplicate: tested)";
    return plan;
  }
  plan.reason = is_refused ? fmt::format("{} is declared, but the server refused the test: {}", type, finding.problem)
                           : channel.reason;
  plan.offered = other_roads(type, capability);
  plan.better = fmt::format("ask the EHR's administrator whether this client can be given {} on {}",
                            missing_rights(capability, type), type);
  return plan;
}

EndpointPlan plan_endpoint(const PlanInput& input) {
  const auto finding_of = [&](const std::string& type) {
    const auto found = input.findings.find(type);
    return found == input.findings.end() ? TypeFinding{} : found->second;
  };
  EndpointPlan plan;
  plan.endpoint = input.endpoint.name;
  plan.base_url = input.endpoint.base_url;
  plan.preset = input.endpoint.preset;
  plan.software = input.capability.software;
  plan.fhir_version = input.capability.fhir_version;
  for (const FeedConfig& feed : input.endpoint.feeds) {
    plan.sources.push_back(plan_source(feed, input.endpoint.preset, input.capability, finding_of(feed.resource_type),
                                       export_path(input.endpoint, input.capability)));
  }
  if (!input.notices_go_elsewhere.empty()) {
    plan.no_notices_reason = "the config sends the notices to " + input.notices_go_elsewhere;
  } else if (!input.endpoint.deliver) {
    plan.no_notices_reason = "switched off by the config (deliver, delivery) or the preset";
  }
  plan.receives_notices = plan.no_notices_reason.empty();
  if (plan.receives_notices) {
    for (const NoticeKind kind : kKinds) {
      plan.notices.push_back(plan_notice(kind, input.capability, finding_of(resource_type_of(kind))));
    }
  }
  const int64_t swept = count_read_so(plan.sources, SourceStrategy::per_patient);
  plan.sweep = sweep_text(input, swept);
  plan.freshness = freshness_text(input, swept, count_read_so(plan.sources, SourceStrategy::last_updated));
  if (!plan.fhir_version.empty() && !plan.fhir_version.starts_with("4.0")) {
    plan.remarks.push_back(fmt::format("the endpoint speaks FHIR {}, authledger reads R4 (4.0.1)", plan.fhir_version));
  }
  add_remarks(input, plan);
  return plan;
}

bool is_complete(const EndpointPlan& plan) {
  return count_of(plan.sources, SourceStrategy::impossible) == 0 &&
         std::all_of(plan.notices.begin(), plan.notices.end(),
                     [](const NoticePlan& notice) { return !notice.channel.empty(); });
}

}  // namespace authledger
