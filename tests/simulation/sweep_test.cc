// Patient by patient, where an endpoint cannot search by _lastUpdated: the same ledger, and a sweep that goes on where
// it stopped.

#include "sync/sweep.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kSweeps =
    "    roster: {kind: patient_search}\n"
    "    retries_max: 0\n"
    "    feeds:\n"
    "      Encounter: {strategy: per_patient, mappings: [encounter]}\n"
    "      ClaimResponse: {strategy: per_patient, mappings: [pas_claim_response]}\n";

void load_neighbours(Site& site, int count) {
  for (int i = 1; i <= count; ++i) {
    const std::string id = "n" + std::to_string(i);
    ASSERT_TRUE(site.ehr().load(patient_json(id)).ok());
    ASSERT_TRUE(site.ehr().load(encounter_json("visit-" + id, id, "90837", "2026-10-05")).ok());
  }
}

TEST(Sweep, GivesTheLedgerThatLastUpdatedGives) {
  Site site({}, kFastDelivery, kSweeps);
  load_patient(site, 12, 3);
  load_neighbours(site, 4);
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 7);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 5U) << "one search for each patient of the roster";
  expect_consistent(site);
}

TEST(Sweep, FindsWhatChangedAndWhoIsNew) {
  Site site({}, kFastDelivery, kSweeps);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().put(encounter_json("e3", "p1", "90837", "2026-10-06", "cancelled")).ok());
  load_neighbours(site, 1);
  Answer summary(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "2");
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 4);
  expect_consistent(site);
}

TEST(Sweep, GoesOnWithThePatientAtWhichItStopped) {
  Site site({}, kFastDelivery, kSweeps);
  load_patient(site, 12, 3);
  load_neighbours(site, 4);
  // The roster is sorted: n1, n2, n3, n4, p1.
  site.ehr().set_faults({.throttle_next = 9, .only_for = "patient=n3"});
  sync_now(site, 4);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 3U);
  site.ehr().set_faults({});
  Answer summary(sync_now(site));
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 6U);
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 5) << "n3, n4 and p1; n1 and n2 were committed";
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

const std::string kEncounterSweep =
    "    roster: {kind: patient_search}\n"
    "    feeds:\n"
    "      Encounter: {strategy: per_patient, mappings: [encounter]}\n";

std::string feeds_off(const std::vector<std::string>& types) {
  std::string keys;
  for (const std::string& type : types) keys += "      " + type + ": off\n";
  return keys;
}
const std::string kOnlyEncountersSwept =
    kEncounterSweep +
    feeds_off({"Patient", "Organization", "Coverage", "CoverageEligibilityResponse", "DocumentReference",
               "ServiceRequest", "Claim", "ExplanationOfBenefit", "Procedure", "ChargeItem", "Appointment"});

TEST(Sweep, ReadsThoseInNeedFirstAndGoesOnWhereItsBudgetEnded) {
  // The statement, a test and a search of ClaimResponse: what is left of eight are five patients' searches.
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept + "    requests_per_round_max: 8\n");
  load_neighbours(site, 6);
  load_patient(site, 12, 3);  // p1 comes last in the roster, and has an open authorization.
  Answer first(sync_now(site));
  EXPECT_FALSE(feed_of(first, "Encounter")["complete"].boolean());
  EXPECT_EQ(feed_of(first, "Encounter")["patients_known"].text(), "7");
  const int64_t read_first = std::stoll(feed_of(first, "Encounter")["patients_read"].string());
  EXPECT_GT(read_first, 0);
  EXPECT_LT(read_first, 7);
  int64_t read = read_first;
  for (int round = 0; round < 7 && read < 7; ++round) {
    Answer next(sync_now(site));
    read += std::stoll(feed_of(next, "Encounter")["patients_read"].string());
    EXPECT_EQ(feed_of(next, "Encounter")["complete"].boolean(), read >= 7);
  }
  EXPECT_EQ(read, 7) << "each patient once in a sweep";
  // A new sweep: by now the ledger knows who is in need.
  Answer again(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_GE(std::stoll(feed_of(again, "Encounter")["read"].string()), 3) << "p1 is read first";
}

int64_t count_in(const Answer& summary, const char* column) {
  const std::string text = feed_of(summary, "Encounter")[column].string();
  return text.empty() ? -1 : std::stoll(text);
}

// As if so long had passed.
void an_hour_passes(Site& site, const std::string& table, const std::string& column) {
  PgConnection owner = site.database().owner_connection();
  owner.execute_script("set authledger.tenant_id = '1'; update " + table + " set " + column + " = " + column +
                       " - interval '1 hour' where resource_type = 'Encounter'");
}

TEST(Sweep, OneThatGoesOnIsNoAlarmAndOneThatStopsOrFailsIs) {
  Site site({.type_history = false}, kFastDelivery,
            kOnlyEncountersSwept + "    requests_per_round_max: 8\n    retries_max: 0\n");
  load_patient(site, 12, 3);
  load_neighbours(site, 11);
  Answer first(sync_now(site));
  ProgramResult rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 0) << "the first sweep is under way: " << rows.output;
  EXPECT_EQ(count_in(Answer(rows), "sweep_read"), count_in(first, "patients_read"));
  EXPECT_EQ(count_in(Answer(rows), "patients_known"), 12);
  EXPECT_FALSE(feed_of(Answer(rows), "Encounter")["complete"].boolean());
  bool is_whole = false;
  for (int round = 0; round < 12 && !is_whole; ++round) {
    is_whole = feed_of(Answer(sync_now(site)), "Encounter")["complete"].boolean();
  }
  ASSERT_TRUE(is_whole);
  rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 0);
  EXPECT_EQ(count_in(Answer(rows), "sweep_read"), -1) << "none is under way";

  an_hour_passes(site, "feed", "last_success_at");
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3) << "stale, and nothing goes on";
  sync_now(site);
  rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 0) << "the next sweep is under way: " << rows.output;
  EXPECT_GT(count_in(Answer(rows), "sweep_read"), 0);
  site.ehr().set_faults({.unavailable_next = 1'000'000, .only_for = "Encounter?"});
  sync_now(site, 4);
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3) << "the server fails";
  site.ehr().set_faults({});
  std::this_thread::sleep_for(std::chrono::seconds(3));  // The circuit closes again.
  bool goes_on = false;
  for (int round = 0; round < 12 && !goes_on; ++round) {
    sync_now(site);
    rows = site.run({"feeds"});
    EXPECT_EQ(rows.exit_code, 0) << rows.output;
    goes_on = count_in(Answer(rows), "sweep_read") > 0;
  }
  ASSERT_TRUE(goes_on);
  an_hour_passes(site, "feed", "last_success_at");
  an_hour_passes(site, "feed", "run_started_at");
  an_hour_passes(site, "sweep_visit", "read_at");
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3) << "nobody has been read for an hour";
}

TEST(Fault11, APatientWhomTheServerRefusesKeepsNobodyFromTheRest) {
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept);
  load_patient(site, 12, 3);
  load_neighbours(site, 4);
  site.ehr().set_faults({.fail_next = 1000, .fail_status = 403, .only_for = "patient=n2"});
  for (int round = 0; round < 2; ++round) {
    Answer summary(sync_now(site));
    EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 5U * (round + 1U)) << "each once in a sweep";
    EXPECT_EQ(count_in(summary, "patients_read"), 4);
    EXPECT_EQ(count_in(summary, "patients_withheld"), 1);
    EXPECT_EQ(count_in(summary, "patients_failed"), 0);
    EXPECT_FALSE(feed_of(summary, "Encounter")["complete"].boolean());
    EXPECT_NE(gaps_of(summary, "Encounter").find("refuses the records of 1 patients"), std::string::npos)
        << gaps_of(summary, "Encounter");
  }
  EXPECT_EQ(balance(site, "used"), "3") << "p1 comes after n2";
  ProgramResult rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 0) << "what is withheld for good is shown and is no alarm: " << rows.output;
  EXPECT_EQ(count_in(Answer(rows), "patients_withheld"), 1);
  EXPECT_EQ(rows.output.find("n2"), std::string::npos) << "a certificate names no patient";
  site.ehr().set_faults({});
  Answer summary(sync_now(site));
  EXPECT_EQ(count_in(summary, "patients_withheld"), 0);
  EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean());
}

TEST(Fault11, APatientAtWhomTheServerFailsIsAnAlarmAndKeepsNobodyFromTheRest) {
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept);
  load_patient(site, 12, 3);
  load_neighbours(site, 4);
  site.ehr().set_faults({.fail_next = 1000, .fail_status = 500, .only_for = "patient=n2"});
  Answer summary(sync_now(site));
  EXPECT_EQ(count_in(summary, "patients_read"), 4);
  EXPECT_EQ(count_in(summary, "patients_failed"), 1);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3);
}

TEST(Fault11, APatientAtWhomTheServerIsSilentKeepsNobodyFromTheRest) {
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept + "    retries_max: 0\n");
  load_patient(site, 12, 3);
  load_neighbours(site, 4);
  site.ehr().set_faults({.reset_next = 1000, .only_for = "patient=n2"});
  Answer summary(sync_now(site));
  EXPECT_EQ(count_in(summary, "patients_read"), 4);
  EXPECT_EQ(count_in(summary, "patients_failed"), 1);
  EXPECT_EQ(balance(site, "used"), "3");
}

TEST(Sweep, ManyWhoAreRefusedInARowAreTheServerOnlyWhenItGivesNobody) {
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept);
  load_patient(site, 12, 3);
  load_neighbours(site, 7);
  site.ehr().set_faults({.fail_next = 1000, .fail_status = 403, .only_for = "patient=n"});
  sync_now(site, 4);  // Nobody was ever read here: it may be the server.
  EXPECT_EQ(balance(site, "used"), "0");
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3);
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3") << "the next round begins with others";
  EXPECT_EQ(site.run({"feeds"}).exit_code, 3) << "so many are no policy";
  Answer third(sync_now(site));
  EXPECT_EQ(count_in(third, "patients_read"), 1);
  EXPECT_EQ(count_in(third, "patients_withheld"), 7) << "p1, asked once more, shows that the server is well";
}

TEST(Sweep, AServerThatFailsEverybodySetsNobodyAside) {
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept);
  load_patient(site, 12, 3);
  load_neighbours(site, 4);
  sync_now(site);
  site.ehr().set_faults({.fail_next = 1000, .fail_status = 500, .only_for = "Encounter"});
  Answer summary(sync_now(site, 4));
  EXPECT_EQ(count_in(summary, "patients_failed"), 0);
  EXPECT_EQ(count_in(summary, "patients_read"), 0);
  site.ehr().set_faults({});
  Answer again(sync_now(site));
  EXPECT_EQ(count_in(again, "patients_read"), 5);
  EXPECT_TRUE(feed_of(again, "Encounter")["complete"].boolean());
}

TEST(Fault11, AMissingVisitThatCannotBeReadIsKeptAndKeepsNobodyFromTheRest) {
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept);
  load_patient(site, 12, 3);
  ASSERT_TRUE(site.ehr().load(patient_json("z9")).ok());  // Read after p1.
  ASSERT_TRUE(site.ehr().load(encounter_json("visit-z9", "z9", "90837", "2026-10-05")).ok());
  sync_now(site);
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  ASSERT_TRUE(site.ehr().remove("Encounter", "visit-z9").ok());
  site.ehr().set_faults({.fail_next = 1000, .fail_status = 500, .only_for = "Encounter/e2"});
  Answer summary(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(count_in(summary, "patients_read"), 2);
  EXPECT_EQ(count_in(summary, "deleted"), 1);
  EXPECT_NE(gaps_of(summary, "Encounter").find("what is known of them is kept"), std::string::npos);
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
}

TEST(Sweep, ADeletedVisitIsAskedForOnceAndThenRetracted) {
  Site site({.type_history = false}, kFastDelivery, kSweeps);
  load_patient(site, 12, 3);
  load_neighbours(site, 2);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "3");
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  Answer summary(sync_now(site));
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter/e2"), 1U);
  EXPECT_EQ(feed_of(summary, "Encounter")["deleted"].text(), "1");
  EXPECT_EQ(balance(site, "used"), "2");
  expect_consistent(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter/e2"), 1U) << "what is known to be gone is not asked for again";
}

TEST(Sweep, AVisitThatSearchesHideButReadsGiveIsKept) {
  Site site({.type_history = false}, kFastDelivery, kSweeps);
  load_patient(site, 12, 3);
  sync_now(site);
  // An index that lags does not show what was written a moment ago.
  edit(site, "Encounter", "e2", "11:00", "11:01");
  site.ehr().set_faults({.search_lag = std::chrono::minutes(10), .only_for = "Encounter"});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter/e2"), 1U);
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Sweep, ARemarkOfTheServerMeansThatNothingIsTakenForDeleted) {
  Site site({.type_history = false}, kFastDelivery, kSweeps);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  site.ehr().set_faults({.outcome_in_searchset = true, .only_for = "Encounter"});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3") << "something may be held back";
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
}

const std::string kEncountersAlone = kOnlyEncountersSwept + feeds_off({"ClaimResponse"});

TEST(Sweep, ARosterOfMorePagesThanTheRoundHasRequestsLeavesOnePatientARound) {
  Site site({.type_history = false}, kFastDelivery,
            kEncountersAlone + "    page_size: 1\n    requests_per_round_max: 3\n");
  load_neighbours(site, 6);
  int64_t read = 0;
  for (int round = 0; round < 6 && read < 6; ++round) {
    Answer summary(sync_now(site));
    EXPECT_GE(count_in(summary, "patients_read"), 1);
    read += count_in(summary, "patients_read");
  }
  EXPECT_EQ(read, 6);
}

TEST(Sweep, FeedsThatAreOffTakeNoPartOfTheRoundsRequests) {
  Site site({.type_history = false}, kFastDelivery, kEncountersAlone + "    requests_per_round_max: 6\n");
  load_neighbours(site, 5);
  Answer summary(sync_now(site));
  EXPECT_EQ(count_in(summary, "patients_read"), 5) << "the statement is the sixth request";
  EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean());
}

const std::string kListedEncounters = [] {
  std::string keys = kEncountersAlone;
  return keys.replace(keys.find("{kind: patient_search}"), 22, "{file: roster.txt}");
}();

TEST(Sweep, ARosterThatShrinksMuchOrIsEmptyIsAGapAndNothingIsCalledWhole) {
  Site site({.type_history = false}, kFastDelivery, kListedEncounters);
  load_neighbours(site, 5);
  site.folder().write("roster.txt", "n1\nn2\nn3\nn4\nn5\n");
  sync_now(site);
  ASSERT_EQ(site.run({"feeds"}).exit_code, 0);
  site.folder().write("roster.txt", "n1\nn2\nn3\n");
  EXPECT_TRUE(feed_of(Answer(sync_now(site)), "Encounter")["complete"].boolean()) << "people leave";
  Answer whole(site.run({"feeds"}));
  site.folder().write("roster.txt", "n1\n");
  Answer one(sync_now(site));
  EXPECT_FALSE(feed_of(one, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(one, "Encounter").find("names 1 of the 5 patients who were read in the last 7 days"),
            std::string::npos)
      << gaps_of(one, "Encounter");
  site.folder().write("roster.txt", "# nobody\n");
  Answer nobody(sync_now(site));
  EXPECT_FALSE(feed_of(nobody, "Encounter")["complete"].boolean());
  EXPECT_NE(gaps_of(nobody, "Encounter").find("names nobody"), std::string::npos);
  ProgramResult rows = site.run({"feeds"});
  EXPECT_EQ(rows.exit_code, 3);
  EXPECT_EQ(feed_of(Answer(rows), "Encounter")["last_success"].text(),
            feed_of(whole, "Encounter")["last_success"].text());
}

void set_clock_back_an_hour(Site& site) {
  PgConnection owner = site.database().owner_connection();
  owner.execute_script(
      "set authledger.tenant_id = '1';"
      "update sweep_visit set read_at = read_at + interval '1 hour';"
      "update feed set last_success_at = last_success_at + interval '1 hour',"
      " run_started_at = last_success_at + interval '1 hour';"
      "update feed_certificate set started_at = started_at + interval '1 hour', resources_read = 1000");
}

TEST(Fault39, AfterOurClockWentBackEverybodyIsReadAgainAndTheLastCertificateCounts) {
  Site site({.type_history = false}, kFastDelivery, kEncountersAlone);
  load_neighbours(site, 3);
  sync_now(site);
  set_clock_back_an_hour(site);
  ProgramResult ahead = site.run({"feeds"});
  ASSERT_EQ(feed_of(Answer(ahead), "Encounter")["read"].text(), "1000");
  EXPECT_EQ(ahead.exit_code, 3) << "a success that is still to come is none";
  Answer summary(sync_now(site));
  EXPECT_EQ(count_in(summary, "patients_read"), 3);
  EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean());
  ProgramResult rows = site.run({"feeds"});
  EXPECT_EQ(feed_of(Answer(rows), "Encounter")["read"].text(), "3");
  EXPECT_EQ(rows.exit_code, 0) << rows.output;
}

TEST(Fault25, ASweepAndAHistorySeeDeletionsAndChangesAloneDoNot) {
  for (const bool has_history : {false, true}) {
    Site site({.type_history = has_history}, kFastDelivery, kOnlyEncountersSwept);
    load_patient(site, 12, 3);
    sync_now(site);
    ProgramResult rows = site.run({"feeds"});
    Answer feeds(rows);
    EXPECT_TRUE(feed_of(feeds, "Encounter")["sees_deletions"].boolean());
    EXPECT_EQ(feed_of(feeds, "ClaimResponse")["sees_deletions"].text(), has_history ? "true" : "false");
    EXPECT_EQ(gaps_of(feeds, "ClaimResponse"), "") << "what never changes is no gap of a round";
    EXPECT_EQ(rows.exit_code, 0);
    Answer probed(site.run({"probe"}));
    std::string remarks;
    for (JsonView remark : probed.root().at(0)["remarks"]) remarks += remark.string() + "\n";
    EXPECT_EQ(remarks.find("what is deleted at the EHR stays in the ledger, of ClaimResponse: ") != std::string::npos,
              !has_history)
        << remarks;
  }
}

TEST(SweepOrder, IsByNeedThenByWhoWaitsLongest) {
  const Instant noon = *parse_instant("2026-11-01T12:00:00Z");
  const SweepRoster roster{{"a", "b", "c", "d", "e"}, {"c", "e"}};
  const std::map<std::string, Instant> visits = {{"a", noon - std::chrono::hours(5)},
                                                 {"b", noon - std::chrono::hours(9)},
                                                 {"c", noon - std::chrono::hours(1)},
                                                 {"d", noon - std::chrono::minutes(10)}};
  const Instant began = noon - std::chrono::minutes(30);
  EXPECT_EQ(sweep_order(roster, visits, began, noon), (std::vector<std::string>{"e", "c", "b", "a"}))
      << "d was read in this sweep; e never was";
}

TEST(SweepOrder, ReadsThoseInNeedDailyWhileALongSweepGoesOn) {
  const Instant noon = *parse_instant("2026-11-05T12:00:00Z");
  const SweepRoster roster{{"a", "b", "c"}, {"b"}};
  const Instant began = noon - std::chrono::hours(96);
  const std::map<std::string, Instant> visits = {{"a", began + std::chrono::hours(1)},
                                                 {"b", began + std::chrono::hours(2)}};
  EXPECT_EQ(sweep_order(roster, visits, began, noon), (std::vector<std::string>{"b", "c"}));
}

}  // namespace
}  // namespace authledger
