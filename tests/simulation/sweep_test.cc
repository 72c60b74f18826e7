// Patient by patient, where an endpoint cannot search by _lastUpdated: the same ledger, and a sweep that goes on where
// it stopped.

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
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 5) << "n3, n4 and p1; n1 and n2 were committed";
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
