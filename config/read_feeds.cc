#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "config/read_endpoint.h"

namespace authledger {
namespace {

const std::vector<std::pair<std::string, FeedConfig::Strategy>> kStrategies = {
    {"last_updated", FeedConfig::Strategy::last_updated},
    {"per_patient", FeedConfig::Strategy::per_patient},
    {"bulk", FeedConfig::Strategy::bulk},
    {"inquire", FeedConfig::Strategy::inquire},
    {"off", FeedConfig::Strategy::off}};

// FHIR R4 types that can say something about coverage, authorizations or services.
const std::vector<std::string> kResourceTypes = {"Account",
                                                 "Appointment",
                                                 "AppointmentResponse",
                                                 "CarePlan",
                                                 "ChargeItem",
                                                 "Claim",
                                                 "ClaimResponse",
                                                 "Communication",
                                                 "CommunicationRequest",
                                                 "Condition",
                                                 "Contract",
                                                 "Coverage",
                                                 "CoverageEligibilityResponse",
                                                 "DeviceRequest",
                                                 "DocumentReference",
                                                 "Encounter",
                                                 "EpisodeOfCare",
                                                 "ExplanationOfBenefit",
                                                 "Group",
                                                 "HealthcareService",
                                                 "Location",
                                                 "MedicationRequest",
                                                 "NutritionOrder",
                                                 "Observation",
                                                 "Organization",
                                                 "Patient",
                                                 "Practitioner",
                                                 "PractitionerRole",
                                                 "Procedure",
                                                 "RelatedPerson",
                                                 "ServiceRequest",
                                                 "Slot",
                                                 "Task"};

FeedConfig& feed_of(EndpointConfig& endpoint, const std::string& resource_type) {
  for (FeedConfig& feed : endpoint.feeds) {
    if (feed.resource_type == resource_type) return feed;
  }
  endpoint.feeds.emplace_back();
  endpoint.feeds.back().resource_type = resource_type;
  return endpoint.feeds.back();
}

// A shipped mapping by its name, or a file of the site: such a name becomes a path.
void check_mapping(YamlMapReader& map, const std::string& folder, std::string& name) {
  std::vector<std::string> shipped = shipped_names("mappings");
  if (std::find(shipped.begin(), shipped.end(), name) != shipped.end()) return;
  std::string path = path_below(folder, name);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) {
    name = path;
    return;
  }
  map.problem("mappings",
              fmt::format("`{}` is neither a shipped mapping nor a file{}", name, suggestion(name, shipped)));
}

void read_feed(YamlMapReader& map, FeedConfig& feed, const std::string& folder) {
  map.word("strategy", feed.strategy, kStrategies);
  map.text_map("search", feed.search);
  for (const auto& [parameter, value] : feed.search) {
    if (parameter == "_lastUpdated" || parameter == "_count" || parameter.empty()) {
      map.problem("search", fmt::format("`{}` is set by authledger itself", parameter));
    }
  }
  if (feed.strategy == FeedConfig::Strategy::inquire && feed.resource_type != "ClaimResponse") {
    map.problem("strategy", "inquire is for ClaimResponse: it asks a payer for the answer to a request that waits");
  }
  map.text_list("payers", feed.payers);
  const bool is_inquiry = feed.strategy == FeedConfig::Strategy::inquire;
  if (is_inquiry && feed.payers.empty()) {
    map.problem(map.has("payers") ? "payers" : "strategy",
                "inquire needs the payers that this endpoint answers for, or every payer's open requests would be sent "
                "to it: write payers: [NAME, …], named as `authledger authorizations` shows them");
  } else if (!is_inquiry && map.has("payers")) {
    map.problem("payers", "is for strategy inquire: whose requests may be sent to this endpoint");
  }
  map.text_list("requires", feed.requires_one_of);
  bool is_preset = folder.empty();
  map.text_list("mappings", feed.mappings);
  if (map.has("mappings") && !is_preset) {
    for (std::string& mapping : feed.mappings) check_mapping(map, folder, mapping);
  }
  if (feed.strategy != FeedConfig::Strategy::off && feed.mappings.empty()) {
    map.problem("mappings",
                fmt::format("a feed of {} needs at least one mapping, or strategy: off", feed.resource_type));
  }
  map.finish();
}

bool check_type(YamlMapReader& map, const YamlNode& at, const std::string& resource_type) {
  if (std::find(kResourceTypes.begin(), kResourceTypes.end(), resource_type) != kResourceTypes.end()) return true;
  std::string nearest = nearest_word(resource_type, kResourceTypes);
  map.problem_at(at, "feeds",
                 fmt::format("`{}` is not a FHIR resource type that authledger reads{}", resource_type,
                             nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest)));
  return false;
}

void read_feed_list(YamlMapReader& map, const YamlNode& list, EndpointConfig& endpoint, const std::string& folder) {
  std::vector<std::string> seen;
  for (size_t i = 0; i < list.items.size(); ++i) {
    YamlMapReader inner(list.items[i], fmt::format("{}[{}]", map.path_of("feeds"), i), map.problems());
    std::string resource_type;
    inner.required("resource_type", "a FHIR resource type");
    inner.text("resource_type", resource_type);
    if (resource_type.empty() || !check_type(map, list.items[i], resource_type)) continue;
    if (std::find(seen.begin(), seen.end(), resource_type) != seen.end()) {
      inner.problem("resource_type", fmt::format("{} has a feed already", resource_type));
    }
    seen.push_back(resource_type);
    read_feed(inner, feed_of(endpoint, resource_type), folder);
  }
}

}  // namespace

std::string_view word_of(FeedConfig::Strategy strategy) {
  for (const auto& [word, each] : kStrategies) {
    if (each == strategy) return word;
  }
  return "";
}

void read_feeds(YamlMapReader& map, EndpointConfig& endpoint, const std::string& folder) {
  const YamlNode* node = map.find("feeds");
  if (node == nullptr) return;
  if (node->kind == YamlKind::sequence) return read_feed_list(map, *node, endpoint, folder);
  if (node->kind != YamlKind::map) {
    map.problem("feeds", "expected a map from resource types to feeds, or a list");
    return;
  }
  for (const YamlMember& member : node->members) {
    YamlNode at;
    at.line = member.line;
    at.column = member.column;
    if (!check_type(map, at, member.key)) continue;
    FeedConfig& feed = feed_of(endpoint, member.key);
    // `Claim: off` for short.
    if (member.value.kind == YamlKind::scalar && member.value.text == "off") {
      feed.strategy = FeedConfig::Strategy::off;
      continue;
    }
    YamlMapReader inner(member.value, map.path_of("feeds") + "." + member.key, map.problems());
    read_feed(inner, feed, folder);
  }
}

}  // namespace authledger
