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

// What the endpoint offers and authledger does not take: it changes nothing that it did not make.
std::vector<std::string> other_roads(const NoticePlan& plan, const Capability& capability) {
  const bool lacks_task = plan.channel != "Task" && plan.kind != NoticeKind::utilization;
  if (!lacks_task || capability.can("Task", "create") || !capability.can("Task", "update")) return {};
  return {"update of Tasks that the EHR makes itself"};
}

constexpr const char* kWhoeverTreats = "Practitioner/whoever-treats";

// Whose a notice of a role would be: whoever treats is a Practitioner.
std::string owner_for(Role role, const PlanInput& input) {
  const auto rule = input.notices.roles.find(role);
  if (rule != input.notices.roles.end() && !rule->second.owner.empty()) return rule->second.owner;
  return role == Role::clinician ? kWhoeverTreats : "";
}

// ". Below severity 2 …": what becomes of it as information, where a warning takes a channel that is read one by one.
std::string below_warning_text(ChannelRequest request, const NoticePlace& place, const PlanInput& input) {
  request.severity = kMessageSeverityMin - 1;
  const ChannelPlan below = plan_channel(request, input.endpoint, input.delivery, input.capability);
  if (below.place.channel == place.channel) return "";
  const std::string why = place.is_message ? "a message cannot be taken back" : "notes are read one by one";
  if (!below.place.channel.empty()) {
    return fmt::format(". Below severity {} (information) it takes the channel {}, because {}", kMessageSeverityMin,
                       below.place.channel, why);
  }
  const std::vector<std::string> channels =
      channels_for(input.delivery.channels, word_of(request.kind), word_of(request.role));
  const bool lacks_file = std::find(channels.begin(), channels.end(), kWorklist) != channels.end();
  return fmt::format(". Below severity {} (information) nothing is written, because {}{}", kMessageSeverityMin, why,
                     lacks_file ? "; with delivery.worklist_file it would stand in that file" : "");
}

// What a probe found where the notice would stand. Deliveries go there all the same, and are refused.
void add_test(const PlanInput& input, NoticePlan& plan) {
  const auto found = input.findings.find(plan.channel);
  if (found == input.findings.end()) return;
  const TypeFinding& finding = found->second;
  // A message is sent all the same; only what is not answered is searched for.
  plan.fails_test = finding.creates == false || (finding.heeds_identifier == false && !plan.is_message);
  if (plan.fails_test) {
    plan.reason = fmt::format("{} is declared, but the server fails the test: {}", plan.channel, finding.problem);
    plan.better = fmt::format("have {}, or leave {} out of delivery.channels",
                              finding.creates == false ? "the right granted" : "the server mended", plan.channel);
  } else if (finding.heeds_identifier == false) {
    plan.reason += fmt::format(" (tested: {}; a message that is not answered may be sent twice)", finding.problem);
  } else if (finding.conditional_create == false) {
    plan.reason += " (conditional create is declared, but made a duplicate: tested)";
  }
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

// FAULTS 25: what stays unseen for good is said where the plan is, and is no gap of each round.
void add_deletion_remarks(EndpointPlan& plan) {
  std::vector<std::string> changes, swept, exported;
  for (const SourcePlan& source : plan.sources) {
    if (source.sees_deletions != false) continue;
    const SourceStrategy strategy = source.strategy == SourceStrategy::bulk ? source.afterwards : source.strategy;
    const bool is_swept = strategy == SourceStrategy::per_patient;
    (strategy == SourceStrategy::bulk ? exported : is_swept ? swept : changes).push_back(source.resource_type);
  }
  const auto remark = [&](const std::vector<std::string>& types, std::string_view why) {
    if (types.empty()) return;
    plan.remarks.push_back(
        fmt::format("what is deleted at the EHR stays in the ledger, of {}: {}", join(types, ", "), why));
  };
  remark(changes,
         "the endpoint offers no history of the type; a sweep (strategy: per_patient) would notice it in patients' "
         "records");
  remark(swept, "the endpoint offers neither a history of the type nor reading by id");
  remark(exported, "exports of what changed tell it only where the server lists what was deleted");
}

// What a payer decided stands in these two; elsewhere only what somebody wrote into an order or a visit.
void add_authorization_remark(EndpointPlan& plan) {
  const bool is_read = std::any_of(plan.sources.begin(), plan.sources.end(), [](const SourcePlan& source) {
    const bool is_answer = source.resource_type == "ClaimResponse" || source.resource_type == "ExplanationOfBenefit";
    return is_answer && source.strategy != SourceStrategy::off && source.strategy != SourceStrategy::impossible;
  });
  if (is_read) return;
  plan.remarks.emplace_back(
      "no payer's answer is read here (ClaimResponse, ExplanationOfBenefit): of authorizations this endpoint tells "
      "only what stands in orders and visits. Add where the others come from: the payer's endpoint (preset: "
      "da_vinci_payer), a folder of files, or tables (authledger import)");
}

void add_export_remark(const PlanInput& input, EndpointPlan& plan) {
  const Capability& capability = input.capability;
  const bool of_all = capability.offers_operation("", "export") || capability.offers_operation("Patient", "export");
  const bool is_offered = of_all || capability.offers_operation("Group", "export");
  if (!is_offered || count_of(plan.sources, SourceStrategy::bulk) > 0) return;
  plan.remarks.push_back(fmt::format(
      "the endpoint offers Bulk Data export: strategy: bulk makes the first load of a feed one export instead of many "
      "searches ({})",
      of_all ? "bulk: {group: ID} for that of a Group" : "of a Group only: it needs bulk: {group: ID}"));
}

// Whom a sweep visits.
void add_roster_remark(const PlanInput& input, EndpointPlan& plan) {
  if (count_read_so(plan.sources, SourceStrategy::per_patient) == 0) return;
  const RosterConfig& roster = input.endpoint.roster;
  const bool reads_group = input.capability.can("Group", "read");
  if (roster.kind == RosterKind::group && !reads_group) {
    plan.remarks.emplace_back(
        "the roster is a Group, but the endpoint does not offer read on Group: use roster: {file: PATH}, one patient "
        "id a line");
  } else if (roster.kind != RosterKind::patient_search && roster.group.empty() && roster.file.empty()) {
    plan.remarks.push_back(
        fmt::format("the config must say whose records are read: roster: {}{{file: PATH}}, one patient id a line",
                    reads_group ? "{group: ID}, a Group that the EHR keeps, or " : ""));
  }
}

void add_remarks(const PlanInput& input, EndpointPlan& plan) {
  const Capability& capability = input.capability;
  if (capability.types.empty()) {
    plan.remarks.emplace_back(
        "the CapabilityStatement lists no resource type at all (rest.resource): it is not what GET [base]/metadata of "
        "a FHIR server answers, or the base URL is not that of its R4 API");
  }
  add_authorization_remark(plan);
  add_export_remark(input, plan);
  add_roster_remark(input, plan);
  for (const auto& [type, finding] : input.findings) {
    if (finding.pages == false) plan.remarks.push_back(type + ": the second page repeats the first or fails (tested)");
    if (finding.finds_written == false) {
      plan.remarks.push_back(
          fmt::format("{}: what was written there is not found by its identifier within {} (tested): raise "
                      "delivery.visibility_window beyond the server's lag, or an unanswered create makes a duplicate",
                      type, format_span(input.delivery.visibility_window.count())));
    }
    if (finding.guards_update == false) {
      plan.remarks.push_back(type +
                             ": an update with an old ETag was taken (tested): changes by people can be overwritten");
    }
  }
  add_deletion_remarks(plan);
}

}  // namespace

std::optional<int64_t> requests_per_day(const EndpointConfig& endpoint) {
  std::optional<int64_t> least;
  for (const int64_t limit :
       {int64_t{endpoint.requests_per_second_max} * 86'400, int64_t{endpoint.requests_per_minute_max} * 1440,
        int64_t{endpoint.requests_per_day_max}}) {
    if (limit > 0) least = std::min(least.value_or(limit), limit);
  }
  return least;
}

NoticePlan plan_notice(NoticeKind kind, Role role, const PlanInput& input) {
  DesiredNotice notice;
  notice.kind = kind;
  notice.owner = owner_for(role, input);
  RenderContext render;
  render.owner = input.delivery.owner;
  render.patient = "Patient/anybody";
  render.recipient = input.delivery.recipient;
  render.recipient_types = input.endpoint.writes.recipient_types;
  ChannelRequest request{kind, role};
  request.recipient = recipient_of(notice, render);
  const ChannelPlan channel = plan_channel(request, input.endpoint, input.delivery, input.capability);
  NoticePlan plan;
  plan.kind = kind;
  plan.role = role;
  plan.channel = channel.place.channel;
  plan.is_message = channel.place.is_message;
  plan.reason = channel.reason;
  plan.passed_over = channel.passed_over;
  plan.offered = other_roads(plan, input.capability);
  plan.better = join(channel.remedies, "; or ");
  const bool is_addressed = plan.channel == "Communication" && !render.recipient_types.empty();
  if (is_addressed && request.recipient == kWhoeverTreats) plan.reason = "to whoever treats, " + plan.reason;
  if (!plan.channel.empty()) plan.reason += below_warning_text(request, channel.place, input);
  add_test(input, plan);
  return plan;
}

namespace {

// One row for a kind; one more for each further role whose copies go another way. What nobody is told of is not raised.
void add_notice(NoticeKind kind, const PlanInput& input, EndpointPlan& plan) {
  const auto found = input.notices.recipients.find(std::string(word_of(kind)));
  const bool is_everybodys = found == input.notices.recipients.end();
  const std::vector<Role> roles = is_everybodys ? std::vector<Role>{Role::none} : found->second;
  const size_t first = plan.notices.size();
  for (const Role role : roles) {
    NoticePlan notice = plan_notice(kind, role, input);
    const bool is_same = plan.notices.size() > first && plan.notices[first].channel == notice.channel;
    if (!is_same) plan.notices.push_back(std::move(notice));
  }
}

}  // namespace

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
    for (const NoticeKind kind : kKinds) add_notice(kind, input, plan);
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
                     [](const NoticePlan& notice) { return !notice.channel.empty() && !notice.fails_test; });
}

}  // namespace authledger
