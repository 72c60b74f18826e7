#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "adapters/capability_plan.h"
#include "base/text.h"
#include "config/read_endpoint.h"

// How the resources of one type are read: by what changed, or patient by patient.

namespace authledger {

bool belongs_to_no_patient(const std::string& resource_type) {
  static const std::set<std::string> kShared = {"Organization",      "Practitioner", "PractitionerRole",
                                                "HealthcareService", "Location",     "Slot"};
  return kShared.contains(resource_type);
}

namespace {

using Names = std::set<std::string>;

constexpr size_t kParametersShownMax = 5;

// Some statements write _lastupdated; FHIR's names are compared without regard to case here.
bool offers(const TypeCapability& type, const std::string& parameter) {
  return std::any_of(type.search_parameters.begin(), type.search_parameters.end(),
                     [&](const std::string& name) { return lower_case(name) == lower_case(parameter); });
}

const char* patient_parameter(const std::string& resource_type) {
  return resource_type == "Patient" ? "_id" : "patient";
}

// What a search must hold: the config's sets and the statement's, each "one of these".
std::vector<std::vector<Names>> demands_of(const FeedConfig& feed, const TypeCapability& type) {
  std::vector<std::vector<Names>> demands;
  std::vector<Names> of_config;
  for (const std::string& text : feed.requires_one_of) {
    const std::vector<std::string> names = split(text, '+');
    of_config.emplace_back(names.begin(), names.end());
  }
  if (!of_config.empty()) demands.push_back(std::move(of_config));
  if (!type.requires_one_of.empty()) demands.push_back(type.requires_one_of);
  return demands;
}

std::string listed(const Names& names, std::string_view joint) {
  return join({names.begin(), names.end()}, joint);
}

// What a search with these parameters still lacks, as words; "" when nothing. A patient is named before other ways,
// since it is the one that a roster gives.
std::string lacking(const std::vector<std::vector<Names>>& demands, const Names& given) {
  for (const std::vector<Names>& one_of : demands) {
    std::optional<Names> chosen;
    for (const Names& each : one_of) {
      Names rest;
      std::set_difference(each.begin(), each.end(), given.begin(), given.end(), std::inserter(rest, rest.end()));
      const bool is_better = !chosen || rest.empty() || (rest.contains("patient") && !chosen->contains("patient")) ||
                             (rest.size() < chosen->size() && rest.contains("patient") == chosen->contains("patient"));
      if (is_better) chosen = std::move(rest);
      if (chosen->empty()) break;
    }
    if (chosen && !chosen->empty()) return listed(*chosen, " and ");
  }
  return "";
}

// What can be searched by, apart from the id and how results are shown.
Names real_parameters(const TypeCapability& type) {
  Names names = type.search_parameters;
  std::erase_if(names, [](const std::string& name) { return name.starts_with("_"); });
  return names;
}

Names parameters_of(const FeedConfig& feed) {
  Names names;
  for (const auto& [name, value] : feed.search) names.insert(name);
  return names;
}

// Whether a patient by patient sweep is possible; a reason and a remedy when it is not.
bool can_sweep(const FeedConfig& feed, const TypeCapability& type, SourcePlan& plan) {
  const std::string parameter = patient_parameter(feed.resource_type);
  Names given = parameters_of(feed);
  given.insert(parameter);
  const std::string missing = lacking(demands_of(feed, type), given);
  // A statement without any search parameter says nothing; one with some, but not this, says no.
  const bool is_unlisted = !type.search_parameters.empty() && !offers(type, parameter);
  if (missing.empty() && !is_unlisted) return true;
  plan.strategy = SourceStrategy::impossible;
  if (is_unlisted) {
    const Names offered = real_parameters(type);
    plan.reason =
        offered.empty()
            ? fmt::format("the endpoint searches {} by _id only", feed.resource_type)
            : fmt::format("the endpoint searches {} by {}, not by {}", feed.resource_type,
                          offered.size() > kParametersShownMax ? "other parameters" : listed(offered, ", "), parameter);
    plan.better = fmt::format("set {}: off, or ask the EHR's administrator to enable the search parameter {}",
                              feed.resource_type, parameter);
  } else {
    plan.reason = fmt::format("the endpoint answers a search of {} only with {} as well", feed.resource_type, missing);
    plan.better =
        fmt::format("add search: {{{}: VALUE}} to the endpoint or the feed (docs/configuration.md, \"endpoints\")",
                    missing.substr(0, missing.find(' ')));
  }
  return false;
}

// Why changes alone cannot be asked for, or "".
std::string no_changes_reason(const FeedConfig& feed, const TypeCapability& type, const TypeFinding& finding) {
  Names given = parameters_of(feed);
  given.insert("_lastUpdated");
  const std::string missing = lacking(demands_of(feed, type), given);
  if (!missing.empty()) return fmt::format("the endpoint wants {} in every search of {}", missing, feed.resource_type);
  if (finding.honours_last_updated == false) {
    return "the server ignores or refuses _lastUpdated (tested): it would never say what changed";
  }
  const bool is_unlisted = !type.search_parameters.empty() && !offers(type, "_lastUpdated");
  if (is_unlisted && finding.honours_last_updated != true) {
    return fmt::format("the endpoint does not search {} by _lastUpdated", feed.resource_type);
  }
  return "";
}

// The mappings that ship for a type, as the config writes them.
std::string shipped_mappings(const std::string& resource_type) {
  static const EndpointConfig kShipped = [] {
    EndpointConfig shipped;
    apply_preset("folder", shipped);
    return shipped;
  }();
  for (const FeedConfig& feed : kShipped.feeds) {
    if (feed.resource_type == resource_type) return join(feed.mappings, ", ");
  }
  return "...";
}

// Why a type that belongs to no patient cannot be read whole, or "".
std::string no_whole_reason(const FeedConfig& feed, const TypeCapability& type) {
  if (!type.search_parameters.empty() && real_parameters(type).empty())
    return fmt::format("the endpoint searches {} by _id only", feed.resource_type);
  const std::string missing = lacking(demands_of(feed, type), parameters_of(feed));
  return missing.empty() ? "" : fmt::format("the endpoint wants {} in every search of {}", missing, feed.resource_type);
}

SourcePlan plan_off(const FeedConfig& feed, const std::string& preset, const TypeCapability* type, SourcePlan plan) {
  plan.strategy = SourceStrategy::off;
  if (type == nullptr) {
    plan.reason = "the endpoint does not offer it";
    return plan;
  }
  if (!type->interactions.contains("search-type")) {
    plan.reason = "the endpoint offers no search, only reading by id: it cannot be followed";
    return plan;
  }
  const bool is_shared = belongs_to_no_patient(feed.resource_type);
  SourcePlan swept = plan;
  if (!is_shared && !can_sweep(feed, *type, swept)) plan.reason = swept.reason;
  if (is_shared) plan.reason = no_whole_reason(feed, *type);
  if (!plan.reason.empty()) {
    plan.reason += ": it cannot be followed";
    return plan;
  }
  plan.reason = fmt::format("switched off (preset {} or the config), though the endpoint offers it", preset);
  plan.better = fmt::format("if it matters here: feeds: {{{}: {{strategy: {}, mappings: [{}]}}}}", feed.resource_type,
                            is_shared ? "last_updated" : "per_patient", shipped_mappings(feed.resource_type));
  return plan;
}

// Patient by patient, or all of it, because of `no_changes` (empty: the config says so).
SourcePlan plan_without_changes(const FeedConfig& feed, const TypeCapability& type, const std::string& no_changes,
                                SourcePlan plan) {
  const bool is_configured = feed.strategy == FeedConfig::Strategy::per_patient;
  if (belongs_to_no_patient(feed.resource_type) && !is_configured && no_whole_reason(feed, type).empty()) {
    plan.strategy = SourceStrategy::everything;
    plan.reason = no_changes + "; all of them are read in each round";
    return plan;
  }
  if (!can_sweep(feed, type, plan)) return plan;
  plan.strategy = SourceStrategy::per_patient;
  plan.reason = is_configured && no_changes.empty() ? "searched for each patient, as the config says" : no_changes;
  if (!is_configured) {
    plan.better = "roster: {group: ID} or {file: PATH} says which patients are swept, if a search of Patient does not";
  } else if (no_changes.empty()) {
    plan.better = fmt::format("{}: {{strategy: last_updated}} would read only what changed: try it with probe",
                              feed.resource_type);
  }
  return plan;
}

SourcePlan plan_inquiry(const Capability& capability, SourcePlan plan) {
  if (capability.offers_operation("Claim", "inquire") || capability.offers_operation("", "inquire")) {
    plan.strategy = SourceStrategy::inquire;
    plan.reason = "Claim/$inquire for each request that waits for its decision";
    return plan;
  }
  plan.strategy = SourceStrategy::impossible;
  plan.reason = "the endpoint does not declare the operation $inquire on Claim (Da Vinci PAS)";
  plan.better = "ask the payer for the base URL of its PAS service, or set ClaimResponse: off";
  return plan;
}

SourcePlan plan_road(const FeedConfig& feed, const std::string& preset, const Capability& capability,
                     const TypeFinding& finding, const std::string& export_path);

// Changes among the records of a Group's members: what the whole server has to say holds others' too.
SourcePlan plan_for_members(FeedConfig feed, const std::string& preset, const Capability& capability,
                            const TypeFinding& finding) {
  SourcePlan plan;
  plan.strategy = SourceStrategy::impossible;
  if (!capability.can("Group", "read")) {
    plan.better = "ask the EHR's administrator to let this client read the Group: then who joins it is read at once";
    return plan;
  }
  feed.strategy = FeedConfig::Strategy::per_patient;
  plan = plan_road(feed, preset, capability, finding, "");
  if (plan.strategy != SourceStrategy::per_patient) return plan;
  plan.reason = "searched for each member of the Group";
  plan.better.clear();
  return plan;
}

SourcePlan plan_road(const FeedConfig& feed, const std::string& preset, const Capability& capability,
                     const TypeFinding& finding, const std::string& export_path) {
  SourcePlan plan;
  plan.resource_type = feed.resource_type;
  plan.configured = feed.strategy;
  const auto found = capability.types.find(feed.resource_type);
  const TypeCapability* type = found == capability.types.end() ? nullptr : &found->second;
  if (feed.strategy == FeedConfig::Strategy::off) return plan_off(feed, preset, type, plan);
  if (feed.strategy == FeedConfig::Strategy::inquire) return plan_inquiry(capability, plan);
  if (feed.strategy == FeedConfig::Strategy::bulk) {
    FeedConfig later = feed;
    later.strategy = FeedConfig::Strategy::last_updated;
    SourcePlan afterwards = plan_road(later, preset, capability, finding, "");
    afterwards.configured = feed.strategy;
    if (export_path.empty()) {
      afterwards.reason = "the endpoint offers no Bulk Data export that fits; " + afterwards.reason;
      return afterwards;
    }
    const std::string group = group_of_export(export_path);
    if (!group.empty() && !belongs_to_no_patient(feed.resource_type)) {
      afterwards = plan_for_members(later, preset, capability, finding);
      plan.group = group;
      plan.better = afterwards.better;
    }
    plan.strategy = SourceStrategy::bulk;
    plan.afterwards = afterwards.strategy == SourceStrategy::impossible ? SourceStrategy::bulk : afterwards.strategy;
    plan.reason = fmt::format("first by Bulk Data export ({}), then {}", export_path,
                              plan.afterwards == SourceStrategy::bulk
                                  ? "by exports of what changed (_since)"
                                  : fmt::format("{}: {}", word_of(plan.afterwards), afterwards.reason));
    return plan;
  }
  if (type == nullptr || !type->interactions.contains("search-type")) {
    plan.strategy = SourceStrategy::impossible;
    plan.reason = type == nullptr ? "the endpoint's CapabilityStatement does not list it"
                                  : "the endpoint offers no search, only reading by id";
    plan.better =
        fmt::format("set {}: off, or ask the EHR's administrator to enable it for this client", feed.resource_type);
    return plan;
  }
  if (finding.answers == false) {
    plan.strategy = SourceStrategy::impossible;
    plan.reason = "declared, but the server refused: " + finding.problem;
    plan.better = "ask the EHR's administrator whether this client may read it (scopes, sensitive records)";
    return plan;
  }
  const std::string no_changes = no_changes_reason(feed, *type, finding);
  if (feed.strategy == FeedConfig::Strategy::last_updated && no_changes.empty()) {
    plan.strategy = SourceStrategy::last_updated;
    plan.reason = finding.honours_last_updated == true ? "reads what changed; _lastUpdated is honoured (tested)"
                                                       : "reads what changed since the last round (_lastUpdated)";
    return plan;
  }
  return plan_without_changes(feed, *type, no_changes, std::move(plan));
}

}  // namespace

std::string export_path(const EndpointConfig& endpoint, const Capability& capability) {
  const std::string& group = !endpoint.bulk.group.empty() ? endpoint.bulk.group : endpoint.roster.group;
  if (!group.empty() && capability.offers_operation("Group", "export")) return "Group/" + group + "/$export";
  if (!group.empty() && !endpoint.bulk.group.empty()) return "";  // Another set of patients than was asked for.
  if (capability.offers_operation("", "export")) return "$export";
  return capability.offers_operation("Patient", "export") ? "Patient/$export" : "";
}

std::string group_of_export(const std::string& export_path) {
  if (!export_path.starts_with("Group/")) return "";
  return export_path.substr(6, export_path.rfind('/') - 6);
}

std::string_view word_of(SourceStrategy strategy) {
  switch (strategy) {
    case SourceStrategy::last_updated:
      return "last_updated";
    case SourceStrategy::per_patient:
      return "per_patient";
    case SourceStrategy::everything:
      return "everything";
    case SourceStrategy::bulk:
      return "bulk";
    case SourceStrategy::inquire:
      return "inquire";
    case SourceStrategy::off:
      return "off";
    case SourceStrategy::impossible:
      return "none";
  }
  return "";
}

std::optional<bool> sees_deletions(const SourcePlan& plan, const Capability& capability) {
  const bool has_history = capability.can(plan.resource_type, "history-type");
  switch (plan.strategy == SourceStrategy::bulk ? plan.afterwards : plan.strategy) {
    case SourceStrategy::last_updated:
    case SourceStrategy::everything:
      return has_history;
    case SourceStrategy::per_patient:
      return has_history || capability.can(plan.resource_type, "read");
    case SourceStrategy::bulk:
      return false;
    case SourceStrategy::inquire:
    case SourceStrategy::off:
    case SourceStrategy::impossible:
      return std::nullopt;
  }
  return std::nullopt;
}

SourcePlan plan_source(const FeedConfig& feed, const std::string& preset, const Capability& capability,
                       const TypeFinding& finding, const std::string& export_path) {
  SourcePlan plan = plan_road(feed, preset, capability, finding, export_path);
  plan.sees_deletions = sees_deletions(plan, capability);
  return plan;
}

}  // namespace authledger
