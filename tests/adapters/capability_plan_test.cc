#include "adapters/capability_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/adapters/statements.h"

namespace authledger {
namespace {

const SourcePlan& source(const EndpointPlan& plan, const std::string& type) {
  const auto found = std::find_if(plan.sources.begin(), plan.sources.end(),
                                  [&](const SourcePlan& each) { return each.resource_type == type; });
  EXPECT_NE(found, plan.sources.end()) << type;
  return *found;
}

bool has_remark(const EndpointPlan& plan, const std::string& words) {
  return std::any_of(plan.remarks.begin(), plan.remarks.end(),
                     [&](const std::string& remark) { return remark.find(words) != std::string::npos; });
}

std::string strategies(const EndpointPlan& plan, SourceStrategy strategy) {
  std::string types;
  for (const SourcePlan& each : plan.sources) {
    if (each.strategy == strategy) types += each.resource_type + " ";
  }
  return types;
}

FeedConfig feed(FeedConfig::Strategy strategy) {
  FeedConfig made;
  made.resource_type = "Encounter";
  made.strategy = strategy;
  made.mappings = {"encounter"};
  return made;
}
constexpr auto kChanges = FeedConfig::Strategy::last_updated;
constexpr auto kSweep = FeedConfig::Strategy::per_patient;

TEST(CapabilityPlan, EpicIsSweptAndTakesNoNotice) {
  STATEMENT_OR_SKIP(epic, "epic-r4");
  const EndpointConfig endpoint = preset("epic");
  const EndpointPlan plan = plan_endpoint({endpoint, epic});
  EXPECT_EQ(plan.software, "Epic May 2026");
  EXPECT_EQ(strategies(plan, SourceStrategy::per_patient),
            "Patient Coverage ServiceRequest ExplanationOfBenefit Encounter Procedure Appointment ");
  EXPECT_EQ(strategies(plan, SourceStrategy::last_updated), "");
  EXPECT_EQ(strategies(plan, SourceStrategy::impossible), "");
  EXPECT_EQ(source(plan, "Claim").reason, "the endpoint searches Claim by _id only: it cannot be followed");
  EXPECT_EQ(source(plan, "ClaimResponse").reason, "the endpoint does not offer it");
  EXPECT_EQ(source(plan, "Encounter").reason, "the endpoint wants patient in every search of Encounter");
  ASSERT_EQ(plan.notices.size(), 12u) << "nobody is told of update_due";
  for (const NoticePlan& notice : plan.notices) {
    EXPECT_EQ(notice.channel, "Communication") << word_of(notice.kind);
    EXPECT_TRUE(notice.is_message);
    EXPECT_EQ(notice.reason,
              "sent as a message, since the endpoint does not offer update on Communication: one when it is a warning "
              "(severity 2), one more when it becomes urgent, none for a changed count, and none is taken back. Below "
              "severity 2 (information) nothing is written, because a message cannot be taken back; with "
              "delivery.worklist_file it would stand in that file");
  }
  EXPECT_EQ(plan.notices[0].passed_over, std::vector<std::string>{"the endpoint does not offer create on Flag"});
  EXPECT_EQ(plan.notices[0].better,
            "ask the EHR's administrator whether this client can be given create, update on Flag");
  EXPECT_TRUE(plan.notices[0].offered.empty());
  EXPECT_EQ(plan.notices[1].passed_over, std::vector<std::string>{"the endpoint does not offer create on Task"});
  EXPECT_EQ(plan.notices[1].better, "ask the EHR's administrator whether this client can be given create on Task");
  EXPECT_EQ(plan.notices[1].offered, std::vector<std::string>{"update of Tasks that the EHR makes itself"});
  EXPECT_EQ(plan.sweep,
            "a sweep takes at least 7000 requests for every 1000 patients of the roster: 12 min within the "
            "limit of 10 requests a second");
  EXPECT_TRUE(is_complete(plan));
  EXPECT_FALSE(has_remark(plan, "no payer's answer is read here")) << "ExplanationOfBenefit is";
  EXPECT_TRUE(
      has_remark(plan, "whose records are read: roster: {group: ID}, a Group that the EHR keeps, or {file: PATH}"));
  EXPECT_TRUE(has_remark(plan, "of a Group only: it needs bulk: {group: ID}"));
}

TEST(CapabilityPlan, EpicKeepsANoteTrueWhereTheSiteNamesIt) {
  STATEMENT_OR_SKIP(epic, "epic-r4");
  const EndpointConfig endpoint = preset("epic");
  PlanInput input{endpoint, epic};
  input.delivery.channels.by_scope["utilization"] = {"Flag", "DocumentReference"};
  const NoticePlan note = plan_endpoint(input).notices[0];
  EXPECT_EQ(note.channel, "DocumentReference");
  EXPECT_FALSE(note.is_message);
  EXPECT_EQ(note.reason,
            "created once, and searched for by identifier before it is sent again, then kept true by update. Below "
            "severity 2 (information) nothing is written, because notes are read one by one");
}

TEST(CapabilityPlan, ATokenThatIsNotAskedForARightClosesItsChannel) {
  STATEMENT_OR_SKIP(epic, "epic-r4");
  EndpointConfig endpoint = preset("epic");
  endpoint.auth.kind = AuthKind::smart_backend;
  PlanInput input{endpoint, epic};
  EXPECT_EQ(plan_endpoint(input).notices[1].channel, "Communication");
  EXPECT_EQ(plan_endpoint(input).notices[1].better,
            "ask the EHR's administrator whether this client can be given create on Task, and name Task in "
            "delivery.channels");
  endpoint.writes.types = {"Flag", "Task"};
  const NoticePlan closed = plan_endpoint(input).notices[1];
  EXPECT_EQ(closed.channel, "");
  EXPECT_NE(closed.reason.find("the token is not asked for rights on Communication: name it in delivery.channels"),
            std::string::npos)
      << closed.reason;
}

TEST(CapabilityPlan, OracleHealthIsSweptAndHasNeitherFlagNorTask) {
  STATEMENT_OR_SKIP(oracle, "oracle-health-r4");
  const EndpointConfig endpoint = preset("oracle_health");
  const EndpointPlan plan = plan_endpoint({endpoint, oracle});
  EXPECT_EQ(plan.software, "Oracle Health");
  EXPECT_EQ(strategies(plan, SourceStrategy::per_patient),
            "Patient Coverage ServiceRequest Encounter Procedure Appointment ");
  EXPECT_EQ(strategies(plan, SourceStrategy::impossible), "");
  EXPECT_NE(source(plan, "ChargeItem").reason.find("not by patient: it cannot be followed"), std::string::npos)
      << source(plan, "ChargeItem").reason;
  EXPECT_EQ(source(plan, "Claim").reason, "the endpoint does not offer it");
  EXPECT_EQ(source(plan, "Organization").reason,
            "switched off (preset oracle_health or the config), though the endpoint offers it");
  EXPECT_EQ(source(plan, "Organization").better,
            "if it matters here: feeds: {Organization: {strategy: last_updated, mappings: [organization]}}");
  EXPECT_TRUE(has_remark(plan, "the config must say whose records are read: roster: {file: PATH}"));
  // Nobody is known whom its message centre could write to: a note is next, which it does not search by identifier.
  EXPECT_EQ(plan.notices[0].channel, "DocumentReference");
  EXPECT_EQ(
      plan.notices[0].reason,
      "created once, then kept true by update; one that is not answered is not tried again, since it could not be "
      "found by identifier. Below severity 2 (information) nothing is written, because notes are read one by one; with "
      "delivery.worklist_file it would stand in that file");
  EXPECT_EQ(
      plan.notices[0].better,
      "set delivery.recipient to a Practitioner or Group at this endpoint: it is then sent there as a Communication")
      << "no right helps with a Flag that is not there";
  EXPECT_EQ(plan.notices[0].passed_over,
            (std::vector<std::string>{"the endpoint's CapabilityStatement does not list Flag",
                                      "the endpoint sends a Communication to a Practitioner or Group only: set "
                                      "delivery.recipient, or an owner that is one"}));
  for (const NoticePlan& notice : plan.notices) {
    const bool is_clinicians = notice.kind == NoticeKind::benefit_low;
    EXPECT_EQ(notice.channel, is_clinicians ? "Communication" : "DocumentReference") << word_of(notice.kind);
    EXPECT_EQ(notice.reason.starts_with("to whoever treats, sent as a message"), is_clinicians) << notice.reason;
  }
  PlanInput with_recipient{endpoint, oracle};
  with_recipient.delivery.recipient = "Group/renewals";
  for (const NoticePlan& notice : plan_endpoint(with_recipient).notices) {
    EXPECT_EQ(notice.channel, "Communication") << word_of(notice.kind);
    EXPECT_TRUE(notice.is_message);
    EXPECT_NE(notice.reason.find("not answered is not tried again"), std::string::npos) << notice.reason;
  }
  EXPECT_TRUE(has_remark(plan, "no payer's answer is read here"));
  EXPECT_TRUE(has_remark(plan, "bulk: {group: ID} for that of a Group"));
}

TEST(CapabilityPlan, AthenahealthWantsItsPracticeInEverySearch) {
  STATEMENT_OR_SKIP(athena, "athenahealth-r4");
  EndpointConfig endpoint = preset("athenahealth");
  const EndpointPlan without = plan_endpoint({endpoint, athena});
  EXPECT_EQ(source(without, "Encounter").strategy, SourceStrategy::impossible);
  EXPECT_EQ(source(without, "Encounter").better,
            "add search: {ah-practice: VALUE} to the endpoint or the feed (docs/configuration.md, \"endpoints\")");
  for (FeedConfig& each : endpoint.feeds) each.search.emplace("ah-practice", "Organization/a-1.Practice-195900");
  const EndpointPlan plan = plan_endpoint({endpoint, athena});
  EXPECT_EQ(strategies(plan, SourceStrategy::per_patient), "Patient Coverage ServiceRequest Encounter Procedure ");
  EXPECT_EQ(strategies(plan, SourceStrategy::impossible), "");
  EXPECT_EQ(source(plan, "Appointment").strategy, SourceStrategy::off);
  EXPECT_EQ(source(plan, "Organization").reason,
            "the endpoint wants _id in every search of Organization: it cannot be followed");
  for (const NoticePlan& notice : plan.notices) {
    EXPECT_EQ(notice.channel, "");
    EXPECT_TRUE(notice.offered.empty());
    EXPECT_NE(notice.reason.find("no worklist file is configured (delivery.worklist_file)"), std::string::npos);
    EXPECT_EQ(notice.better, "set delivery.worklist_file: it is then written to that file after each round");
  }
  PlanInput listed{endpoint, athena};
  listed.delivery.worklist_file = "worklist.csv";
  for (const NoticePlan& notice : plan_endpoint(listed).notices) {
    EXPECT_EQ(notice.channel, "worklist");
    EXPECT_EQ(notice.better, "");
  }
  EXPECT_TRUE(has_remark(plan, "no payer's answer is read here"));
  EXPECT_TRUE(has_remark(plan, "of a Group only: it needs bulk: {group: ID}"));
}

TEST(CapabilityPlan, AthenahealthSaysItselfThatASearchMustNameAPatient) {
  STATEMENT_OR_SKIP(athena, "athenahealth-r4");
  // Without any preset: the statement's own extension is enough to fall from changes to a sweep.
  const SourcePlan plan = plan_source(feed(kChanges), "generic", athena, {});
  EXPECT_EQ(plan.strategy, SourceStrategy::per_patient);
  EXPECT_EQ(plan.reason, "the endpoint wants patient in every search of Encounter");
}

TEST(CapabilityPlan, AGenericFeedFallsToASweepAtEveryVendor) {
  for (const char* name : {"epic-r4", "oracle-health-r4", "athenahealth-r4"}) {
    STATEMENT_OR_SKIP(vendor, name);
    FeedConfig coverage = feed(kChanges);
    coverage.resource_type = "Coverage";
    const SourcePlan plan = plan_source(coverage, "generic", vendor, {});
    EXPECT_EQ(plan.strategy, SourceStrategy::per_patient) << name;
    EXPECT_FALSE(plan.better.empty()) << name;
  }
}

TEST(CapabilityPlan, PresetsSearchOnlyByWhatTheVendorOffers) {
  for (const auto& [name, file] : {std::pair("epic", "epic-r4"), std::pair("oracle_health", "oracle-health-r4"),
                                   std::pair("athenahealth", "athenahealth-r4")}) {
    STATEMENT_OR_SKIP(vendor, file);
    for (const FeedConfig& each : preset(name).feeds) {
      const bool is_on = each.strategy != FeedConfig::Strategy::off;
      EXPECT_TRUE(!is_on || vendor.can(each.resource_type, "search-type")) << name << " " << each.resource_type;
      for (const auto& [parameter, value] : each.search) {
        EXPECT_TRUE(vendor.searches_by(each.resource_type, parameter))
            << name << " " << each.resource_type << " " << parameter;
      }
      for (const std::string& one : each.requires_one_of) {
        std::istringstream names(one);
        for (std::string parameter; std::getline(names, parameter, '+');) {
          EXPECT_TRUE(vendor.searches_by(each.resource_type, parameter))
              << name << " " << each.resource_type << " " << parameter;
        }
      }
    }
  }
}

TEST(Fault26, AServerThatIgnoresLastUpdatedIsSwept) {
  const Capability capability = statement_of(statement("Encounter", "read search-type", "patient _lastUpdated"));
  TypeFinding finding;
  finding.honours_last_updated = false;
  const SourcePlan plan = plan_source(feed(kChanges), "generic", capability, finding);
  EXPECT_EQ(plan.strategy, SourceStrategy::per_patient);
  EXPECT_EQ(plan.reason, "the server ignores or refuses _lastUpdated (tested): it would never say what changed");
  EXPECT_EQ(plan.better,
            "roster: {group: ID} or {file: PATH} says which patients are swept, if a search of Patient does not");
}

TEST(Fault25, ThePlanSaysWhereDeletionsStayUnseen) {
  const Capability silent = statement_of(statement("Encounter", "read search-type", "patient _lastUpdated"));
  const Capability told = statement_of(statement("Encounter", "search-type history-type", "patient _lastUpdated"));
  const Capability unread = statement_of(statement("Encounter", "search-type", "patient _lastUpdated"));
  EXPECT_EQ(plan_source(feed(kChanges), "generic", silent, {}).sees_deletions, false);
  EXPECT_EQ(plan_source(feed(kChanges), "generic", told, {}).sees_deletions, true);
  EXPECT_EQ(plan_source(feed(kSweep), "generic", silent, {}).sees_deletions, true);
  EXPECT_EQ(plan_source(feed(kSweep), "generic", unread, {}).sees_deletions, false);
  EXPECT_EQ(plan_source(feed(FeedConfig::Strategy::off), "generic", silent, {}).sees_deletions, std::nullopt);
  EndpointConfig endpoint;
  endpoint.feeds = {feed(kChanges)};
  const EndpointPlan plan = plan_endpoint({endpoint, silent});
  ASSERT_FALSE(plan.remarks.empty());
  EXPECT_EQ(plan.remarks.back(),
            "what is deleted at the EHR stays in the ledger, of Encounter: the endpoint offers no history of the type; "
            "a sweep (strategy: per_patient) would notice it in patients' records");
  EXPECT_FALSE(has_remark(plan_endpoint({endpoint, told}), "what is deleted"));
}

TEST(Fault25, ExportsOfChangesAloneSeeNoDeletionThatTheyDoNotList) {
  Capability exports = statement_of(statement("Encounter", "history-type", "patient"));
  const SourcePlan plan = plan_source(feed(FeedConfig::Strategy::bulk), "generic", exports, {}, "$export");
  EXPECT_EQ(plan.afterwards, SourceStrategy::bulk);
  EXPECT_EQ(plan.sees_deletions, false);
}

TEST(CapabilityPlan, WhatWasTestedOutweighsWhatIsDeclared) {
  const Capability silent = statement_of(statement("Encounter", "read search-type", "patient"));
  EXPECT_EQ(plan_source(feed(kChanges), "generic", silent, {}).strategy, SourceStrategy::per_patient);
  TypeFinding finding;
  finding.honours_last_updated = true;
  EXPECT_EQ(plan_source(feed(kChanges), "generic", silent, finding).strategy, SourceStrategy::last_updated);
  finding.answers = false;
  finding.problem = "ehr: GET Encounter: answered 403";
  const SourcePlan refused = plan_source(feed(kChanges), "generic", silent, finding);
  EXPECT_EQ(refused.strategy, SourceStrategy::impossible);
  EXPECT_NE(refused.reason.find("answered 403"), std::string::npos);
}

TEST(CapabilityPlan, AfterAGroupsExportOnlyItsMembersAreAskedFor) {
  Capability capability = statement_of(statement("Encounter", "read search-type", "patient _lastUpdated"));
  FeedConfig feed{.resource_type = "Encounter", .strategy = FeedConfig::Strategy::bulk};
  const std::string path = "Group/g1/$export";
  const SourcePlan exported = plan_source(feed, "generic", capability, {}, path);
  EXPECT_EQ(exported.afterwards, SourceStrategy::bulk) << "who is a member cannot be known";
  EXPECT_NE(exported.better.find("read the Group"), std::string::npos);

  capability.types["Group"].interactions = {"read"};
  const SourcePlan swept = plan_source(feed, "generic", capability, {}, path);
  EXPECT_EQ(swept.afterwards, SourceStrategy::per_patient);
  EXPECT_EQ(swept.group, "g1");
  EXPECT_EQ(plan_source(feed, "generic", capability, {}, "$export").afterwards, SourceStrategy::last_updated);

  capability.types["Encounter"].search_parameters = {"_lastUpdated"};
  EXPECT_EQ(plan_source(feed, "generic", capability, {}, path).afterwards, SourceStrategy::bulk)
      << "not by what changes in the whole server";
  feed.resource_type = "Organization";
  capability.types["Organization"] = capability.types["Encounter"];
  EXPECT_EQ(plan_source(feed, "generic", capability, {}, path).afterwards, SourceStrategy::last_updated)
      << "it is nobody's record";
}

TEST(CapabilityPlan, AStatementThatListsNoParameterAtAllIsTakenAtTheConfigsWord) {
  const Capability capability = statement_of(statement("Encounter", "read search-type", ""));
  EXPECT_EQ(plan_source(feed(kChanges), "generic", capability, {}).strategy, SourceStrategy::last_updated);
  EXPECT_EQ(plan_source(feed(kSweep), "generic", capability, {}).strategy, SourceStrategy::per_patient);
}

TEST(CapabilityPlan, AStatementOfNothingIsCalledSo) {
  const EndpointConfig endpoint = preset("epic");
  EXPECT_TRUE(has_remark(plan_endpoint({endpoint, Capability{}}), "lists no resource type at all"));
}

TEST(CapabilityPlan, ATypeThatIsNotThereSaysWhatToAskFor) {
  const Capability capability = statement_of(statement("Patient", "read", ""));
  const SourcePlan plan = plan_source(feed(kChanges), "generic", capability, {});
  EXPECT_EQ(plan.strategy, SourceStrategy::impossible);
  EXPECT_NE(plan.better.find("set Encounter: off"), std::string::npos);
}

TEST(CapabilityPlan, APayerAndAnEndpointThatIsNotTheReceiverTakeNoNotice) {
  const Capability capability;
  const EndpointConfig payer = preset("da_vinci_payer");
  const EndpointPlan plan = plan_endpoint({payer, capability});
  EXPECT_FALSE(plan.receives_notices);
  EXPECT_TRUE(plan.notices.empty());
  const EndpointConfig second = preset("hapi");
  PlanInput input{second, capability};
  input.notices_go_elsewhere = "ehr";
  EXPECT_EQ(plan_endpoint(input).no_notices_reason, "the config sends the notices to ehr");
}

TEST(CapabilityPlan, TheTightestLimitSaysHowLongASweepTakes) {
  const Capability capability = statement_of(statement("Encounter", "read search-type", "patient"));
  EndpointConfig endpoint;
  endpoint.feeds = {feed(kSweep)};
  EXPECT_EQ(requests_per_day(endpoint), std::nullopt);
  PlanInput input{endpoint, capability};
  input.patients = 5000;
  EXPECT_EQ(plan_endpoint(input).sweep,
            "a sweep takes at least 5000 requests for the 5000 patients of the roster; no request limit is set");
  endpoint.requests_per_second_max = 10;
  endpoint.requests_per_minute_max = 250;
  EXPECT_EQ(requests_per_day(endpoint), 360'000);
  EXPECT_EQ(plan_endpoint(input).sweep,
            "a sweep takes at least 5000 requests for the 5000 patients of the roster: 20 min "
            "within the limit of 250 requests a minute");
}

}  // namespace
}  // namespace authledger
