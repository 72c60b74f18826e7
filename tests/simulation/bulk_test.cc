// First loads by Bulk Data export, end to end. FAULTS 31.

#include <gtest/gtest.h>

#include <csignal>

#include "base/clock.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kBulkFeeds =
    "    feeds:\n"
    "      Patient: {strategy: bulk, mappings: [patient]}\n"
    "      Coverage: {strategy: bulk, mappings: [coverage]}\n"
    "      ClaimResponse: {strategy: bulk, mappings: [pas_claim_response]}\n"
    "      Encounter: {strategy: bulk, mappings: [encounter]}\n";

SandboxOptions exporting(int resources_per_file = 10'000) {
  return {.bulk_export = true, .export_resources_per_file = resources_per_file};
}

size_t file_requests(Site& site) {
  size_t count = 0;
  for (const std::string& request : site.ehr().request_log()) count += request.find("$export-file") != request.npos;
  return count;
}

TEST(Bulk, AFirstLoadIsOneExportAndThenOnlyWhatChangedIsRead) {
  Site site(exporting(), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 5);
  Answer first(sync_now(site));
  EXPECT_EQ(feed_of(first, "Encounter")["strategy"].text(), "bulk");
  EXPECT_TRUE(feed_of(first, "Encounter")["complete"].boolean());
  EXPECT_EQ(feed_of(first, "Encounter")["read"].text(), "5");
  EXPECT_EQ(feed_of(first, "Encounter")["stated_total"].text(), "5");
  EXPECT_EQ(balance(site, "used"), "5");
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 1U);
  EXPECT_EQ(count_requests(site, "DELETE /fhir/$export-status/1"), 1U) << "the server need not keep the files";

  ASSERT_TRUE(site.ehr().load(encounter_json("later", "p1", "90837", "2026-10-20")).ok());
  Answer second(sync_now(site));
  EXPECT_EQ(feed_of(second, "Encounter")["strategy"].text(), "last_updated");
  EXPECT_EQ(balance(site, "used"), "6");
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 1U);
  expect_consistent(site);
}

TEST(Bulk, AGroupsExportHoldsItsMembers) {
  Site site(exporting(), kFastDelivery, "    bulk: {group: practice}\n" + kBulkFeeds);
  load_patient(site, 12, 2);
  ASSERT_TRUE(site.ehr().load(patient_json("other")).ok());
  ASSERT_TRUE(
      site.ehr()
          .load(
              R"({"resourceType":"Group","id":"practice","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p1"}}]})")
          .ok());
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"pulled", "Patient"}), 1);
  EXPECT_EQ(count_requests(site, "GET /fhir/Group/practice/$export"), 1U);
  EXPECT_EQ(balance(site, "used"), "2");
}

TEST(Bulk, AnExportInPreparationIsWaitedForAndAskedForAgainNextTime) {
  Site site(exporting(), kFastDelivery, kBulkFeeds + "    retry_after_max: 3s\n");
  load_patient(site, 12, 3);
  site.ehr().set_faults({.retry_after = "1", .export_polls_pending = 1});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3") << "it was ready after a second";

  Site slow(exporting(), kFastDelivery, kBulkFeeds + "    retry_after_max: 3s\n");
  load_patient(slow, 12, 3);
  slow.ehr().set_faults({.retry_after = "60", .export_polls_pending = 1});
  Answer first(sync_now(slow));
  EXPECT_FALSE(feed_of(first, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(first, "Encounter").find("preparing"), std::string::npos);
  EXPECT_EQ(count_requests(slow, "GET /fhir/Encounter"), 1U) << "the test of _lastUpdated: nothing is read twice";
  sync_now(slow);
  EXPECT_EQ(balance(slow, "used"), "3");
  EXPECT_EQ(count_requests(slow, "GET /fhir/$export"), 1U) << "asked for once";
}

TEST(Bulk, DeletionsOfAnExportSinceAreRetracted) {
  // No search of Encounter is possible here: exports of what changed are the only road.
  Site site(exporting(), kFastDelivery,
            "    feeds:\n      Encounter: {strategy: bulk, requires: [location], mappings: [encounter]}\n");
  load_patient(site, 12, 4);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "4");
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("e9", "p1", "90837", "2026-10-22")).ok());
  Answer summary(sync_now(site));
  EXPECT_EQ(feed_of(summary, "Encounter")["deleted"].text(), "1");
  EXPECT_TRUE(feed_of(summary, "Encounter")["from"].is_string());
  EXPECT_EQ(balance(site, "used"), "4");
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 2U);
  expect_consistent(site);
}

TEST(Bulk, WhatChangesWhileAnExportIsMadeIsReadAfterwards) {
  // The server calls the job's end the transaction's time.
  Site site(exporting(), kFastDelivery, kBulkFeeds + "    overlap: 1s\n");
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_takes = std::chrono::minutes(10)});
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "3");
  site.ehr().set_faults({});
  ASSERT_TRUE(site.ehr().load(encounter_json("meanwhile", "p1", "90837", "2026-10-20")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "4");
}

TEST(Bulk, AMomentOfTheServersClockIsNotComparedWithOurs) {
  // An hour behind: what changes afterwards has earlier times than our kick-off.
  SandboxOptions options = exporting();
  options.clock_behind = std::chrono::hours(1);
  Site site(options, kFastDelivery, kBulkFeeds + "    overlap: 1s\n");
  load_patient(site, 12, 3);
  Answer first(sync_now(site));
  const auto to = parse_instant(feed_of(first, "Encounter")["to"].text());
  ASSERT_TRUE(to);
  EXPECT_LT(*to, SystemClock().now() - std::chrono::minutes(59));
  ASSERT_TRUE(site.ehr().load(encounter_json("later", "p1", "90837", "2026-10-20")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "4");
}

std::string group_json(const std::vector<std::string>& patients) {
  std::string members;
  for (const std::string& patient : patients) {
    members += (members.empty() ? "" : ",") + std::string(R"({"entity":{"reference":"Patient/)") + patient + "\"}}";
  }
  return R"({"resourceType":"Group","id":"practice","type":"person","actual":true,"member":[)" + members + "]}";
}

// p1 is a member of the practice and p2 is not; both had a visit long ago.
void load_practice(Site& site) {
  load_patient(site, 12, 2);
  ASSERT_TRUE(site.ehr().load(patient_json("p2")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("of-p2", "p2", "90837", "2026-09-01")).ok());
  ASSERT_TRUE(site.ehr().load(group_json({"p1"})).ok());
}

size_t visits_of(Site& site, const std::string& patient) {
  return Answer(site.run({"services", "--patient", "Patient/" + patient})).root().size();
}

TEST(Bulk, AfterAGroupsExportItsMembersAloneAreRead) {
  Site site(exporting(), kFastDelivery, "    bulk: {group: practice}\n" + kBulkFeeds);
  load_practice(site);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "2");
  ASSERT_TRUE(site.ehr().load(encounter_json("new-of-p1", "p1", "90837", "2026-10-20")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("new-of-p2", "p2", "90837", "2026-10-21")).ok());
  Answer second(sync_now(site));
  EXPECT_EQ(feed_of(second, "Encounter")["strategy"].text(), "per_patient");
  EXPECT_EQ(feed_of(second, "Encounter")["patients_known"].text(), "1");
  EXPECT_EQ(second.number({"pulled", "Encounter"}), 3) << "p1's";
  EXPECT_EQ(second.number({"pulled", "Patient"}), 1);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(visits_of(site, "p2"), 0U);

  ASSERT_TRUE(site.ehr().put(group_json({"p1", "p2"})).ok());
  sync_now(site);
  EXPECT_EQ(visits_of(site, "p2"), 2U) << "who joins is read whole";
  EXPECT_EQ(count_requests(site, "GET /fhir/Group/practice/$export"), 1U);
  expect_consistent(site);
}

TEST(Bulk, AGroupThatCannotBeReadIsExportedAgainAndNowAndThenAllOfIt) {
  Site site(exporting(), kFastDelivery, "    bulk: {group: practice}\n" + kBulkFeeds);
  site.ehr().set_faults({.withheld = "Group:read"});
  load_practice(site);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("new-of-p1", "p1", "90837", "2026-10-20")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("new-of-p2", "p2", "90837", "2026-10-21")).ok());
  Answer second(sync_now(site));
  EXPECT_EQ(feed_of(second, "Encounter")["strategy"].text(), "bulk");
  EXPECT_TRUE(feed_of(second, "Encounter")["from"].is_string());
  EXPECT_NE(gaps_of(second, "Encounter").find("whoever joined the Group since"), std::string::npos);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(visits_of(site, "p2"), 0U);

  ASSERT_TRUE(site.ehr().put(group_json({"p1", "p2"})).ok());
  PgConnection connection = site.database().connection();
  transact(connection, 1, [](Transaction& transaction) {
    transaction.execute({"a_week_later", "update bulk_feed set whole_at = whole_at - interval '7 days'"});
  });
  Answer whole(sync_now(site));
  EXPECT_TRUE(feed_of(whole, "Encounter")["from"].is_null());
  EXPECT_EQ(gaps_of(whole, "Encounter"), "");
  EXPECT_EQ(visits_of(site, "p2"), 2U);
  Answer after(sync_now(site));
  EXPECT_TRUE(feed_of(after, "Encounter")["from"].is_string()) << "once a week";
}

TEST(Bulk, AGroupThatIsDeclaredAndNotGivenIsExportedInstead) {
  Site site(exporting(), kFastDelivery, "    bulk: {group: practice}\n" + kBulkFeeds);
  load_practice(site);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("new-of-p1", "p1", "90837", "2026-10-20")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("new-of-p2", "p2", "90837", "2026-10-21")).ok());
  // A read that brings no FHIR is tried three times; the export is asked for after it.
  site.ehr().set_faults({.html_next = 3, .only_for = "/fhir/Group/practice"});
  Answer second(sync_now(site));
  EXPECT_EQ(feed_of(second, "Encounter")["strategy"].text(), "bulk");
  EXPECT_TRUE(feed_of(second, "Encounter")["complete"].boolean());
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(visits_of(site, "p2"), 0U);
  Answer third(sync_now(site));
  EXPECT_EQ(feed_of(third, "Encounter")["strategy"].text(), "per_patient");
  expect_consistent(site);
}

TEST(Bulk, AnotherGroupIsExportedFromItsBeginning) {
  Site site(exporting(), kFastDelivery,
            "    bulk: {group: practice}\n    feeds:\n"
            "      Encounter: {strategy: bulk, requires: [location], mappings: [encounter]}\n");
  load_practice(site);
  ASSERT_TRUE(
      site.ehr()
          .load(
              R"({"resourceType":"Group","id":"other","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p2"}}]})")
          .ok());
  sync_now(site);
  EXPECT_EQ(visits_of(site, "p2"), 0U);
  std::string config = read_file(site.config_file());
  config.replace(config.find("group: practice"), 15, "group: other");
  site.folder().write("authledger.yaml", config);
  sync_now(site);
  EXPECT_EQ(visits_of(site, "p2"), 1U);
}

const std::string kOrganization =
    R"({"resourceType":"Organization","id":"payer-1","identifier":[{"system":"urn:example:payer","value":"1"}],"name":"Payer One"})";

TEST(Bulk, ATypeThatAnExportMadeNoFileOfIsReadByItsOtherRoadFromTheBeginning) {
  Site site(exporting(), kFastDelivery,
            kBulkFeeds + "      Organization: {strategy: bulk, mappings: [organization]}\n");
  load_patient(site, 12, 2);
  ASSERT_TRUE(site.ehr().load(kOrganization).ok());
  site.ehr().set_faults({.export_leaves_out = "Organization"});
  Answer first(sync_now(site));
  EXPECT_EQ(first.number({"pulled", "Organization"}), 1);
  EXPECT_EQ(feed_of(first, "Organization")["strategy"].text(), "last_updated");
  EXPECT_TRUE(feed_of(first, "Organization")["from"].is_null());
  EXPECT_TRUE(feed_of(first, "Organization")["complete"].boolean());
  EXPECT_EQ(feed_of(first, "Encounter")["strategy"].text(), "bulk");
  sync_now(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 1U) << "no export is asked for what exports leave out";
}

TEST(Bulk, ATypeThatAnExportMadeNoFileOfAndThatHasNoOtherRoadSaysSo) {
  for (const bool is_of_group : {true, false}) {
    Site site(exporting(), kFastDelivery,
              std::string(is_of_group ? "    bulk: {group: practice}\n" : "") +
                  "    feeds:\n"
                  "      Patient: {strategy: bulk, requires: [location], mappings: [patient]}\n"
                  "      Claim: {strategy: bulk, requires: [location], mappings: [claim]}\n"
                  "      Organization: {strategy: bulk, requires: [location], mappings: [organization]}\n");
    load_patient(site, 12, 2);
    ASSERT_TRUE(site.ehr().load(kOrganization).ok());
    ASSERT_TRUE(site.ehr().load(group_json({"p1"})).ok());
    site.ehr().set_faults({.export_leaves_out = "Organization"});
    for (int round = 0; round < 2; ++round) {
      Answer answer(sync_now(site));
      EXPECT_TRUE(feed_of(answer, "Patient")["complete"].boolean());
      EXPECT_EQ(gaps_of(answer, "Patient").find("brought no file"), std::string::npos);
      EXPECT_TRUE(feed_of(answer, "Claim")["complete"].boolean()) << "no member has any";
      EXPECT_NE(gaps_of(answer, "Claim").find("brought no file"), std::string::npos) << round;
      EXPECT_NE(gaps_of(answer, "Organization").find("brought no file"), std::string::npos) << round;
      EXPECT_EQ(feed_of(answer, "Organization")["complete"].boolean(), !is_of_group)
          << "a Group's export need not hold what belongs to no patient";
    }
    site.ehr().set_faults({});
    ASSERT_TRUE(site.ehr().put(kOrganization).ok());
    Answer brought(sync_now(site));
    EXPECT_TRUE(feed_of(brought, "Organization")["complete"].boolean());
    EXPECT_EQ(gaps_of(brought, "Organization"), "");
  }
}

TEST(Fault31, AFileThatIsMissingIsReadNextTimeAndUntilThenNothingIsComplete) {
  Site site(exporting(2), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 7);
  site.ehr().set_faults({.export_file_missing_next = 1});
  Answer first(sync_now(site, 4));
  for (const char* type : {"Patient", "Encounter"}) {
    EXPECT_FALSE(feed_of(first, type)["complete"].boolean()) << type;
    EXPECT_TRUE(feed_of(first, type)["to"].is_null()) << "no watermark";
  }
  const size_t before = file_requests(site);
  Answer second(sync_now(site));
  EXPECT_EQ(file_requests(site), before + 1) << "only what was missing";
  EXPECT_TRUE(feed_of(second, "Encounter")["complete"].boolean());
  EXPECT_EQ(balance(site, "used"), "7");
  expect_consistent(site);
}

TEST(Fault28, AnAnswerThatIsNotTheFileIsNeverTakenForIt) {
  for (const char* body : {R"({"error":"link expired"})",
                           R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"expired"}]})"}) {
    Site site(exporting(), kFastDelivery, kBulkFeeds);
    load_patient(site, 12, 3);
    site.ehr().set_faults({.body_next = 2, .body = body, .only_for = "$export-file/1/3"});
    for (int round = 0; round < 2; ++round) {
      Answer failed(sync_now(site, 4));
      EXPECT_FALSE(feed_of(failed, "Encounter")["complete"].boolean()) << round;
      EXPECT_NE(gaps_of(failed, "Encounter").find("is not the file"), std::string::npos)
          << gaps_of(failed, "Encounter");
    }
    Answer whole(sync_now(site));
    EXPECT_TRUE(feed_of(whole, "Encounter")["complete"].boolean());
    EXPECT_EQ(balance(site, "used"), "3");
    EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 1U);
    expect_consistent(site);
  }
}

TEST(Fault11, ABadLineOfAFileStopsNoOther) {
  for (const std::string& line : {std::string("{\"resourceType\":"), patient_json("p2")}) {
    Site site(exporting(), kFastDelivery, kBulkFeeds);
    load_patient(site, 12, 3);
    const std::string body = encounter_json("e1", "p1", "90837", "2026-10-04") + "\n" + line + "\n" +
                             encounter_json("e3", "p1", "90837", "2026-10-06") + "\n";
    site.ehr().set_faults({.body_next = 1, .body = body, .only_for = "$export-file/1/3"});
    Answer summary(sync_now(site));
    EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean());
    EXPECT_EQ(feed_of(summary, "Encounter")["read"].text(), "2") << line;
    EXPECT_NE(gaps_of(summary, "Encounter").find("1 lines of an export file are no resources"), std::string::npos);
    EXPECT_EQ(balance(site, "used"), "2");
    EXPECT_EQ(Answer(site.run({"quarantine", "list"})).root().size(), 1U);
  }
}

TEST(Fault28, AFileWhoseLastLineIsCutIsReadAgainBeforeItIsBelieved) {
  Site site(exporting(), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 3);
  const std::string body = encounter_json("e1", "p1", "90837", "2026-10-04") + "\n" +
                           encounter_json("e2", "p1", "90837", "2026-10-05") + "\n{\"resourceType\":\"Enc";
  site.ehr().set_faults({.body_next = 1, .body = body, .only_for = "$export-file/1/3"});
  Answer first(sync_now(site, 4));
  EXPECT_FALSE(feed_of(first, "Encounter")["complete"].boolean());
  EXPECT_EQ(balance(site, "used"), "2") << "what came is kept";
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(Answer(site.run({"quarantine", "list"})).root().size(), 0U) << "the whole line came";
  expect_consistent(site);
}

TEST(Fault31, FilesThatAManifestNamesInAnotherOrderAreKnownByTheirUrls) {
  const std::string moment = "2026-10-31T12:00:00Z";
  Site site(exporting(2), kFastDelivery, "    feeds:\n      Encounter: {strategy: bulk, mappings: [encounter]}\n");
  site.ehr().set_faults({.clock_stands_at = moment});
  load_patient(site, 12, 4);
  site.ehr().set_faults({.clock_stands_at = moment, .export_file_missing_next = 1});
  sync_now(site, 4);
  std::string files;
  for (const char* number : {"1", "0"}) {
    files += (files.empty() ? "" : ",") + std::string(R"({"type":"Encounter","count":2,"url":")") +
             site.ehr().base_url() + "/$export-file/1/" + number + "?signature=new\"}";
  }
  const std::string manifest =
      R"({"transactionTime":")" + moment + R"(","requiresAccessToken":false,"output":[)" + files + "]}";
  const size_t before = file_requests(site);
  site.ehr().set_faults({.body_next = 1, .body = manifest, .clock_stands_at = moment, .only_for = "$export-status"});
  Answer second(sync_now(site));
  EXPECT_TRUE(feed_of(second, "Encounter")["complete"].boolean());
  EXPECT_EQ(balance(site, "used"), "4") << "none was taken for another";
  EXPECT_EQ(file_requests(site), before + 1) << "only what was missing";
}

TEST(Fault31, AManifestThatExpiredMeansANewExport) {
  Site site(exporting(), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_status_gone_next = 1});
  Answer first(sync_now(site));
  EXPECT_NE(gaps_of(first, "Encounter").find("expired"), std::string::npos);
  EXPECT_EQ(balance(site, "used"), "");
  sync_now(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 2U);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(Fault31, AFileThatIsCutShortGoesOnWhereItEnded) {
  Site site(exporting(), kFastDelivery, kBulkFeeds);
  load_patient(site, 30, 20);
  site.ehr().set_faults({.truncate_next = 1, .only_for = "$export-file/1/3"});
  Answer summary(sync_now(site));
  EXPECT_EQ(feed_of(summary, "Encounter")["read"].text(), "20") << "no line came twice, none was lost";
  EXPECT_EQ(count_requests(site, "GET /fhir/$export-file/1/3"), 2U);
  EXPECT_EQ(balance(site, "used"), "20");
  expect_consistent(site);
}

TEST(Fault31, AFileWhoseDigestDiffersIsReadAgain) {
  Site site(exporting(), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_wrong_digest_next = 1});
  Answer first(sync_now(site, 4));
  EXPECT_FALSE(feed_of(first, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(first, "Patient").find("SHA-256 differs"), std::string::npos) << gaps_of(first, "Patient");
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(Fault31, AManifestThatCountsWronglyIsDoubtedOnceAndThenNoted) {
  Site site(exporting(), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_wrong_count = true});
  Answer first(sync_now(site, 4));
  EXPECT_FALSE(feed_of(first, "Encounter")["complete"].boolean());
  Answer second(sync_now(site));
  EXPECT_TRUE(feed_of(second, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(second, "Encounter").find("the manifest says 4 resources, the file holds 3"), std::string::npos);
  EXPECT_EQ(balance(site, "used"), "3");
}

TEST(Fault31, ARunThatIsKilledGoesOnWithTheSameExport) {
  Site site(exporting(2), kFastDelivery, kBulkFeeds);
  load_patient(site, 12, 9);
  // Files 0 to 2 are of Patient, Coverage and ClaimResponse, the visits begin with file 3.
  site.ehr().set_faults({.hold_next = 1, .only_for = "$export-file/1/5"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return count_requests(site, "GET /fhir/$export-file/1/5") == 1; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  site.ehr().set_faults({});
  wait_out_lease();
  Answer summary(sync_now(site));
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 1U);
  EXPECT_EQ(count_requests(site, "GET /fhir/$export-file/1/4"), 1U) << "what was committed is not fetched again";
  EXPECT_EQ(feed_of(summary, "Encounter")["read"].text(), "5") << "of nine visits, two files of two were in";
  EXPECT_EQ(balance(site, "used"), "9");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
