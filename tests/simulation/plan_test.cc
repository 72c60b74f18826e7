// Rounds read as the plan says that `probe` prints, and certify what they read. FAULTS 19, 22–24, 26, 39 and 79.

#include <gtest/gtest.h>

#include <thread>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

// The certificate of one feed in a summary or in the rows of `feeds`.
std::string strategy_probed(Site& site, const std::string& type) {
  Answer probed(site.run({"probe"}));
  for (JsonView source : probed.root().at(0)["sources"]) {
    if (source["resource_type"].text() == type) return source["strategy"].string();
  }
  return "";
}

TEST(Fault26, AServerThatIgnoresLastUpdatedIsFoundOutAtTheStartAndSwept) {
  Site site({.honours_last_updated = true, .pretends_last_updated = true}, kFastDelivery);
  load_patient(site, 12, 3);
  ProgramResult first = sync_now(site);
  Answer summary(first);
  for (const char* type : {"Encounter", "ClaimResponse", "Coverage"}) {
    EXPECT_EQ(feed_of(summary, type)["strategy"].text(), "per_patient") << type;
    EXPECT_EQ(strategy_probed(site, type), "per_patient") << "probe and sync agree about " << type;
  }
  EXPECT_EQ(balance(site, "used"), "3");
  const std::string said = "feed_read_otherwise";
  EXPECT_NE(first.errors.find(said), std::string::npos) << first.errors;
  const size_t searches = count_requests(site, "GET /fhir/Encounter");
  sync_now(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), searches + 1)
      << "what was tested is remembered: one search for the one patient";
  expect_consistent(site);
}

const std::string kEncountersAlone = [] {
  std::string keys = "    feeds:\n";
  for (const char* type :
       {"Patient", "Organization", "Coverage", "CoverageEligibilityResponse", "DocumentReference", "ServiceRequest",
        "Claim", "ClaimResponse", "ExplanationOfBenefit", "Procedure", "ChargeItem", "Appointment"}) {
    keys += "      " + std::string(type) + ": off\n";
  }
  return keys;
}();

// A visit that says it is older than any watermark.
std::string old_visit_page() {
  std::string visit = encounter_json("e1", "p1", "90837", "2026-10-04", "cancelled");
  const std::string type = "\"resourceType\":\"Encounter\"";
  visit.replace(visit.find(type), type.size(),
                type + R"(,"meta":{"versionId":"2","lastUpdated":"2026-10-04T12:00:00Z"})");
  return R"({"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":)" + visit + "}]}";
}

std::string strategy_of_next_round(Site& site) {
  return feed_of(Answer(sync_now(site)), "Encounter")["strategy"].string();
}

TEST(Fault26, OneResourceWhoseTimeWentBackCondemnsNoServer) {
  Site site({}, kFastDelivery, kEncountersAlone);
  load_patient(site, 12, 3);
  sync_now(site);
  site.ehr().set_faults({.body_next = 1, .body = old_visit_page(), .only_for = "_lastUpdated=ge"});
  Answer summary(sync_now(site));
  EXPECT_NE(gaps_of(summary, "Encounter").find("not found to ignore _lastUpdated"), std::string::npos)
      << gaps_of(summary, "Encounter");
  site.ehr().set_faults({});
  EXPECT_EQ(strategy_of_next_round(site), "last_updated");
}

TEST(Fault26, AServerThatNoLongerHeedsLastUpdatedIsFoundOutAndTriedAgainAfterADay) {
  // Of a day before, and of an older version, which kept no time and moved the watermark.
  for (const char* aged : {"tested_at = tested_at - interval '25 hours'", "tested_at = null, watermark_at = now()"}) {
    Site site({}, kFastDelivery, kEncountersAlone + "    roster: {file: roster.txt}\n    overlap: 0s\n");
    site.folder().write("roster.txt", "p1\n");
    load_patient(site, 12, 3);
    sync_now(site);
    site.ehr().set_faults({.body_next = 2, .body = old_visit_page(), .only_for = "_lastUpdated=g"});
    Answer summary(sync_now(site));
    EXPECT_NE(gaps_of(summary, "Encounter").find("it ignores _lastUpdated"), std::string::npos);
    site.ehr().set_faults({});
    EXPECT_EQ(strategy_of_next_round(site), "per_patient") << "what was found stands for a day";
    // Of somebody whom the roster does not name, while the feed was swept.
    ASSERT_TRUE(site.ehr().load(patient_json("p2")).ok());
    ASSERT_TRUE(site.ehr().load(encounter_json("meanwhile", "p2", "90837", "2026-10-05")).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HTTP dates count whole seconds.
    EXPECT_EQ(strategy_of_next_round(site), "per_patient");
    site.database().owner_connection().execute_script(std::string("set authledger.tenant_id = '1'; update feed set ") +
                                                      aged);
    EXPECT_EQ(strategy_of_next_round(site), "last_updated");
    Answer services(site.run({"services", "--on", "2026-11-01"}));
    EXPECT_TRUE(services.row("key", "Encounter/meanwhile").exists()) << "a sweep moves no watermark";
  }
}

TEST(Fault26, OneRefusalAtTheTestIsNoFindingAndTwoAre) {
  for (const int refusals : {1, 2}) {
    Site site({}, kFastDelivery, kEncountersAlone);
    load_patient(site, 12, 3);
    site.ehr().set_faults({.fail_next = refusals, .fail_status = 400, .only_for = "_lastUpdated=gt2200"});
    EXPECT_EQ(strategy_of_next_round(site), refusals == 1 ? "last_updated" : "per_patient");
  }
}

TEST(Fault26, AProbeShowsWhatRoundsFoundAndReplacesWhatIsFalse) {
  Site site({}, kFastDelivery, kEncountersAlone);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.fail_next = 2, .fail_status = 400, .only_for = "_lastUpdated=gt2200"});
  ASSERT_EQ(strategy_of_next_round(site), "per_patient");
  ProgramResult result = site.run({"probe"});
  Answer probed(result);
  const JsonView stored = probed.root().at(0)["findings"].at(0)["stored"];
  EXPECT_EQ(stored["honours_last_updated"].text(), "false") << result.output;
  EXPECT_TRUE(parse_instant(stored["tested_at"].text())) << result.output;
  EXPECT_TRUE(stored["is_replaced"].boolean());
  EXPECT_EQ(strategy_probed(site, "Encounter"), "last_updated");
  EXPECT_EQ(strategy_of_next_round(site), "last_updated");
}

TEST(Fault26, AProbeThatCanTestNothingPlansByWhatRoundsFound) {
  Site site({}, kFastDelivery, kEncountersAlone);
  site.ehr().set_faults({.fail_next = 2, .fail_status = 400, .only_for = "_lastUpdated=gt2200"});
  ASSERT_EQ(strategy_of_next_round(site), "per_patient");
  EXPECT_EQ(strategy_probed(site, "Encounter"), "per_patient") << "no visit is there to test with";
}

TEST(Fault26, ATypeOfNoPatientIsReadWholeWhereChangesCannotBeAskedFor) {
  Site site({.honours_last_updated = true, .pretends_last_updated = true}, kFastDelivery);
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr().load(R"({"resourceType":"Organization","id":"payer-1","name":"Acme"})").ok());
  Answer summary(sync_now(site));
  EXPECT_EQ(feed_of(summary, "Organization")["strategy"].text(), "everything");
  EXPECT_EQ(feed_of(summary, "Organization")["read"].text(), "1");
  EXPECT_TRUE(feed_of(summary, "Organization")["complete"].boolean());
}

TEST(Plan, AFeedThatNoRoadLeadsToIsAGapAndTheOthersGoOn) {
  Site site({}, kFastDelivery, "    feeds:\n      Encounter: {requires: [location], mappings: [encounter]}\n");
  load_patient(site, 12, 3);
  ProgramResult result = sync_now(site, 1);
  Answer summary(result);
  EXPECT_EQ(feed_of(summary, "Encounter")["strategy"].text(), "none");
  EXPECT_FALSE(feed_of(summary, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(summary, "Encounter").find("only with location as well"), std::string::npos);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 0U);
  EXPECT_EQ(balance(site, "approved"), "12");
}

TEST(Plan, ARoundInWhichNothingChangedAsksOncePerFeed) {
  Site site({.type_history = false}, kFastDelivery);
  load_patient(site, 12, 3);
  sync_now(site);
  const int64_t before = site.ehr().requests();
  Answer summary(sync_now(site));
  // The statement, and one search for each of the thirteen feeds of the preset.
  EXPECT_EQ(site.ehr().requests() - before, 14);
  EXPECT_EQ(summary.number({"requests"}), 14);
}

TEST(Certificate, CountsWhatWasReadAndWhatBecameOfIt) {
  Site site({.type_history = false}, kFastDelivery, "    overlap: 0s\n    page_size: 2\n");
  load_patient(site, 12, 5);
  Answer first(sync_now(site));
  JsonView feed = feed_of(first, "Encounter");
  EXPECT_EQ(feed["pages"].text(), "3");
  EXPECT_EQ(feed["read"].text(), "5");
  EXPECT_EQ(feed["new"].text(), "5");
  EXPECT_EQ(feed["stated_total"].text(), "5");
  EXPECT_TRUE(feed["from"].is_null());
  EXPECT_TRUE(feed["to"].is_string());
  EXPECT_TRUE(feed["complete"].boolean());
  EXPECT_EQ(feed["gaps"].size(), 0U);
  const std::string hash = feed["pages_hash"].string();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HTTP dates count whole seconds.
  sync_now(site);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  edit(site, "Encounter", "e1", "finished", "cancelled");
  Answer second(sync_now(site));
  feed = feed_of(second, "Encounter");
  EXPECT_EQ(feed["read"].text(), "1");
  EXPECT_EQ(feed["changed"].text(), "1");
  EXPECT_EQ(feed["new"].text(), "0");
  EXPECT_TRUE(feed["from"].is_string());
  EXPECT_NE(feed["pages_hash"].text(), hash);

  ProgramResult rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 0) << rows.output << rows.errors;
  Answer stored(rows);
  EXPECT_EQ(feed_of(stored, "Encounter")["changed"].text(), "1");
  EXPECT_EQ(feed_of(stored, "Encounter")["stale"].boolean(), false);
  EXPECT_EQ(rows.output.find("p1"), std::string::npos) << "a certificate names no patient";
}

TEST(Fault19, AServerThatWasAwayLeavesAGapThatIsSaidAndThenClosed) {
  Site site({}, kFastDelivery, "    retries_max: 0\n");
  load_patient(site, 12, 2);
  sync_now(site);
  site.ehr().set_faults({.unavailable_next = 1'000'000});
  for (int round = 0; round < 3; ++round) {
    Answer away(sync_now(site, 4));
    EXPECT_FALSE(feed_of(away, "Encounter")["complete"].boolean());
    EXPECT_NE(gaps_of(away, "Encounter").find("answered 503"), std::string::npos);
  }
  ProgramResult rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 3) << "the freshness alarm";
  EXPECT_TRUE(feed_of(Answer(rows), "Encounter")["last_success"].is_string()) << "since when nothing came";
  EXPECT_EQ(balance(site, "used"), "2") << "answers go on";
  ASSERT_TRUE(site.ehr().load(encounter_json("late", "p1", "90837", "2026-10-20")).ok());
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(site.run({"feeds"}).exit_code, 0);
  expect_consistent(site);
}

TEST(Fault22, MoreResourcesOfOneInstantThanAPageHoldsAreAllRead) {
  Site site({}, kFastDelivery, "    page_size: 3\n");
  load_patient(site, 40, 0);
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string id = "same" + std::to_string(i);
    all += encounter_json(id, "p1", "90837", "2026-10-" + std::to_string(i + 10)) + "\n";
  }
  site.ehr().set_faults({.clock_stands_at = "2026-10-31T12:00:00Z"});
  ASSERT_TRUE(site.ehr().load(all).ok());
  site.ehr().set_faults({});
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 20);
  EXPECT_EQ(balance(site, "used"), "20");
}

TEST(Fault23, AHigherVersionWithAnEarlierLastUpdatedWinsAndIsNoted) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "3");
  site.ehr().set_faults({.clock_behind = std::chrono::minutes(3)});
  edit(site, "Encounter", "e1", "finished", "cancelled");
  Answer summary(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "2") << "version 2 counts, though it claims to be older";
  EXPECT_NE(gaps_of(summary, "Encounter").find("clock went back"), std::string::npos);
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Fault24, ASearchThatExpiresBetweenItsPagesBeginsAgain) {
  Site site({}, kFastDelivery, "    page_size: 2\n");
  load_patient(site, 12, 5);
  site.ehr().set_faults({.expired_pages_next = 1, .only_for = "Encounter"});
  Answer summary(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "5");
  EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(summary, "Encounter").find("expired"), std::string::npos);
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Fault24, ASearchThatKeepsExpiringMovesNoWatermark) {
  Site site({}, kFastDelivery, "    page_size: 2\n");
  load_patient(site, 12, 5);
  site.ehr().set_faults({.expired_pages_next = 100, .only_for = "Encounter"});
  Answer summary(sync_now(site, 4));
  EXPECT_FALSE(feed_of(summary, "Encounter")["complete"].boolean());
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "5");
  expect_consistent(site);
}

TEST(Fault24, AServerThatIsAwayBetweenTwoPagesMakesNobodyBeginAnew) {
  Site site({}, kFastDelivery, "    page_size: 2\n    retries_max: 0\n");
  load_patient(site, 12, 9);
  site.ehr().set_faults({.unavailable_next = 1'000'000, .only_for = "_page_token"});
  sync_now(site, 4);
  const size_t searches = count_requests(site, "GET /fhir/Encounter");
  sync_now(site, 4);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), searches + 1)
      << "the second page was asked for, not the first";
  site.ehr().set_faults({});
  const Answer summary(sync_now(site));
  EXPECT_EQ(gaps_of(summary, "Encounter"), "");
  EXPECT_EQ(balance(site, "used"), "9");
  expect_consistent(site);
}

TEST(Fault27, AnErrorInPlaceOfResultsMovesNoWatermark) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults(
      {.body_next = 1,
       .body = R"({"resourceType":"Bundle","type":"searchset","entry":[{"search":{"mode":"outcome"},"resource":)"
               R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"timeout"}]}}]})",
       .only_for = "Encounter?_count=200"});
  const Answer summary(sync_now(site, 4));
  EXPECT_FALSE(feed_of(summary, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(summary, "Encounter").find("timeout"), std::string::npos);
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(Fault20, AResourceThatSlippedBetweenTwoPagesComesWithTheNextRound) {
  Site site({}, kFastDelivery, "    page_size: 3\n    overlap: 0s\n");
  load_patient(site, 12, 9);
  site.ehr().set_faults({.lost_entries_next = 1, .only_for = "Encounter"});
  const Answer summary(sync_now(site));
  EXPECT_FALSE(feed_of(summary, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(summary, "Encounter").find("9, 8 came"), std::string::npos) << gaps_of(summary, "Encounter");
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3);
  EXPECT_TRUE(feed_of(Answer(sync_now(site)), "Encounter")["complete"].boolean());
  EXPECT_EQ(balance(site, "used"), "9");
  expect_consistent(site);
}

TEST(Fault27, AServerThatCannotCountIsReadTwiceAndThenBelieved) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.outcome_in_searchset = true, .only_for = "Encounter"});
  EXPECT_FALSE(feed_of(Answer(sync_now(site)), "Encounter")["complete"].boolean());
  for (int round = 0; round < 2; ++round) {
    const Answer summary(sync_now(site));
    EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean());
    EXPECT_NE(gaps_of(summary, "Encounter").find("Bundle.total says"), std::string::npos);
  }
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Fault39, AServerWhoseClockIsFiveMinutesOffMissesNothing) {
  for (const auto behind : {std::chrono::minutes(5), std::chrono::minutes(-5)}) {
    Site site({.clock_behind = behind}, kFastDelivery, "    overlap: 0s\n");
    load_patient(site, 12, 2);
    sync_now(site);
    ASSERT_EQ(balance(site, "used"), "2");
    ASSERT_TRUE(site.ehr().load(encounter_json("next", "p1", "90837", "2026-10-20")).ok());
    sync_now(site);
    EXPECT_EQ(balance(site, "used"), "3") << "the watermark is the server's own time";
  }
}

TEST(Fault32, AnEhrThatSpeaksIpv6AloneIsReadAndWritten) {
  if (!Sandbox::start({.listen = "[::1]:0"}).ok()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  Site site({.listen = "[::1]:0"}, kFastDelivery);
  load_patient(site, 12, 2);
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Fault79, AnotherPatientsRecordsInAPatientsSearchGoToQuarantine) {
  Site site({}, kFastDelivery,
            "    roster: {file: roster.txt}\n"
            "    feeds:\n"
            "      Encounter: {strategy: per_patient, mappings: [encounter]}\n");
  site.folder().write("roster.txt", "p1\n");
  load_patient(site, 12, 2);
  ASSERT_TRUE(site.ehr().load(patient_json("stranger")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("alien", "stranger", "90837", "2026-10-12")).ok());
  site.ehr().set_faults({.strangers_patient = "stranger", .only_for = "Encounter"});
  Answer summary(sync_now(site, 1));
  EXPECT_EQ(summary.number({"facts", "quarantined"}), 1);
  EXPECT_EQ(feed_of(summary, "Encounter")["quarantined"].text(), "1");
  EXPECT_EQ(balance(site, "used"), "2");
  Answer services(site.run({"services", "--on", "2026-11-01"}));
  EXPECT_FALSE(services.row("key", "Encounter/alien").exists());
  Answer quarantined(site.run({"quarantine", "list"}));
  EXPECT_TRUE(quarantined.root().at(0)["reason"].text().find("another patient") != std::string::npos)
      << site.run({"quarantine", "list"}).output;
}

TEST(Fault79, ARecordThatCameInTheWrongSearchIsRecordedByItsOwnPatients) {
  Site site({}, kFastDelivery,
            "    roster: {kind: patient_search}\n"
            "    feeds:\n"
            "      Encounter: {strategy: per_patient, mappings: [encounter]}\n");
  load_patient(site, 12, 2);
  ASSERT_TRUE(site.ehr().load(patient_json("z9")).ok());  // Read after p1.
  ASSERT_TRUE(site.ehr().load(encounter_json("alien", "z9", "90837", "2026-10-12")).ok());
  site.ehr().set_faults({.strangers_patient = "z9", .only_for = "Encounter"});
  site.run(kSyncNow);
  Answer services(site.run({"services", "--on", "2026-11-01"}));
  EXPECT_EQ(services.row("key", "Encounter/alien")["patient"].text(), "Patient/z9");
  EXPECT_EQ(balance(site, "used"), "2");
}

}  // namespace
}  // namespace authledger
