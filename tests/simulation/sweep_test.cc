// Patient by patient, where an endpoint cannot search by _lastUpdated: the same ledger, and a sweep that goes on where
// it stopped.

#include "sync/sweep.h"

#include <gtest/gtest.h>

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
  site.ehr().set_faults({.unavailable_next = 9, .only_for = "patient=n3"});
  sync_now(site, 4);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 3U);
  site.ehr().set_faults({});
  Answer summary(sync_now(site));
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 6U);
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 5) << "n3, n4 and p1; n1 and n2 were committed";
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

JsonView encounter_feed(const Answer& summary) {
  for (JsonView feed : summary.root()["feeds"]) {
    if (feed["resource_type"].text() == "Encounter") return feed;
  }
  return {};
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
  // The statement, a test and a search of ClaimResponse, the roster: what is left of eight are three patients'
  // searches.
  Site site({.type_history = false}, kFastDelivery, kOnlyEncountersSwept + "    requests_per_round_max: 8\n");
  load_neighbours(site, 6);
  load_patient(site, 12, 3);  // p1 comes last in the roster, and has an open authorization.
  Answer first(sync_now(site));
  EXPECT_FALSE(encounter_feed(first)["complete"].boolean());
  EXPECT_EQ(encounter_feed(first)["patients_known"].text(), "7");
  const int64_t read_first = std::stoll(encounter_feed(first)["patients_read"].string());
  EXPECT_GT(read_first, 0);
  EXPECT_LT(read_first, 7);
  int64_t read = read_first;
  for (int round = 0; round < 7 && read < 7; ++round) {
    Answer next(sync_now(site));
    read += std::stoll(encounter_feed(next)["patients_read"].string());
    EXPECT_EQ(encounter_feed(next)["complete"].boolean(), read >= 7);
  }
  EXPECT_EQ(read, 7) << "each patient once in a sweep";
  // A new sweep: by now the ledger knows who is in need.
  Answer again(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "3");
  EXPECT_GE(std::stoll(encounter_feed(again)["read"].string()), 3) << "p1 is read first";
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
  EXPECT_EQ(encounter_feed(summary)["deleted"].text(), "1");
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
