// One person under several names: merges and unmerges, absolute URLs, groups. CAPABILITIES rows 14, 15; FAULTS 43, 50.

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/day.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

std::string linked_patient(const std::string& id, const std::string& type, const std::string& other) {
  return R"({"resourceType":"Patient","id":")" + id + R"(","link":[{"type":")" + type + R"(","other":{"reference":")" +
         other + R"("}}]})";
}

std::string group_visit(const std::string& id, const std::string& first, const std::string& second) {
  return R"({"resourceType":"Appointment","id":")" + id + R"(","status":"booked","start":"2026-11-20T15:00:00Z",
      "end":"2026-11-20T16:00:00Z",
      "serviceType":[{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90837"}]}],
      "participant":[{"actor":{"reference":")" +
         first + R"("}},{"actor":{"reference":")" + second + R"("}}]})";
}

class Merge : public testing::TestWithParam<const char*> {};

// The old record is replaced by the one in use, or the one in use says that it replaces the old one.
TEST_P(Merge, Row15CountsTheSumAndUnmergingRestoresBoth) {
  const std::string type = GetParam();
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  ASSERT_TRUE(site.ehr().load(patient_json("p2")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("f1", "p2", "90837", "2026-10-12")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("f2", "p2", "90837", "2026-10-13")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  const std::string before = format_instant(SystemClock().now());

  const bool is_old = type == "replaced-by";
  const std::string says = is_old ? "p2" : "p1", named = is_old ? "Patient/p1" : "Patient/p2";
  ASSERT_TRUE(site.ehr().put(linked_patient(says, type, named)).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "5") << "the visits of both records";
  Answer services(site.run({"services", "--patient", "p2"}));
  EXPECT_EQ(services.row("key", "Encounter/f1")["covered_by"].size(), 1U) << "found by the old name";
  Answer then(site.run({"authorizations", "--as-known-at", before}));
  EXPECT_EQ(then.row("authorization_number", "AUTH-1")["used"].text(), "3") << "what was believed is not rewritten";
  expect_consistent(site);

  ASSERT_TRUE(site.ehr().put(patient_json(says)).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

INSTANTIATE_TEST_SUITE_P(Identity, Merge, testing::Values("replaced-by", "replaces", "seealso"));

TEST(Fault43, AMergeKeepsWhatAnApprovalCoveredBeforeItWasCancelled) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 0);
  ASSERT_TRUE(site.ehr().load(patient_json("p2")).ok());
  ApprovedLine line;
  line.id = "r2";
  line.patient = "p2";
  line.number = "AUTH-2";
  line.code = "90834";
  line.first_day = "2026-10-01";
  line.last_day = "2027-03-31";
  ASSERT_TRUE(site.ehr().load(claim_response_json(line)).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("f1", "p2", "90834", "2026-10-12")).ok());
  sync_now(site);
  line.review_action = "C";
  ASSERT_TRUE(site.ehr().put(claim_response_json(line)).ok());
  edit(site, "ClaimResponse", "r2", R"("created":"2026-10-01")", R"("created":"2026-10-20")");
  sync_now(site);
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1") << "it stood on 12 October";
  ASSERT_TRUE(site.ehr().put(linked_patient("p2", "replaced-by", "Patient/p1")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1");
  ASSERT_TRUE(site.ehr().put(patient_json("p2")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1");
  expect_consistent(site);
}

TEST(Fault43, AVisitOfTheWrongPatientMovesWithItsUnitAndBothJournalsShowIt) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 2);
  ASSERT_TRUE(site.ehr().load(patient_json("p2")).ok());
  sync_now(site);
  edit(site, "Encounter", "e2", "Patient/p1", "Patient/p2");
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"entries"}), 2) << "one in each journal";
  EXPECT_EQ(balance(site, "used"), "1");
  Answer services(site.run({"services", "--patient", "p2", "--on", "2026-11-01"}));
  EXPECT_EQ(services.row("key", "Encounter/e2")["reason"].text(), "no_authorization");
  edit(site, "Encounter", "e2", "Patient/p2", "Patient/p1");
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
  expect_consistent(site);
}

TEST(Identity, AnAbsoluteUrlOfTheEndpointNamesItsPatient) {
  Site site({}, kFastDelivery, "    also_at: [\"https://outer.example/fhir\"]\n");
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr().load(encounter_json("e9", "p1", "90837", "2026-10-09")).ok());
  edit(site, "Encounter", "e9", "\"Patient/p1\"", "\"HTTPS://OUTER.example:443/fhir/Patient/p1\"");
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
  expect_consistent(site);
}

TEST(Row12, APayerKnownByReferenceAndByNameIsOnePayer) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 2);
  ApprovedLine again;
  again.id = "by-name";
  again.patient = "p1";
  again.number = "AUTH-1";
  again.first_day = "2026-10-01";
  again.last_day = "2027-03-31";
  ASSERT_TRUE(site.ehr().load(claim_response_json(again)).ok());
  edit(site, "ClaimResponse", "by-name", R"("reference":"Organization/payer-1")", R"("display":"Harbor Health")");
  sync_now(site);
  EXPECT_EQ(Answer(site.run({"authorizations"})).root().size(), 2U) << "nobody says that the name is payer-1's";
  ASSERT_TRUE(site.ehr().load(R"({"resourceType":"Organization","id":"payer-1","name":"HARBOR HEALTH, Inc."})").ok());
  sync_now(site);
  EXPECT_EQ(Answer(site.run({"authorizations"})).root().size(), 1U);
  EXPECT_EQ(balance(site, "used"), "2");
  EXPECT_EQ(balance(site, "approved"), "12");
  expect_consistent(site);
}

TEST(Fault50, ABookedGroupReservesOneUnitForEachPatient) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr().load(patient_json("p2")).ok());
  ASSERT_TRUE(site.ehr().load(group_visit("g1", "Patient/p1", "Patient/p2")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "reserved"), "1");
  EXPECT_EQ(Answer(site.run({"services", "--patient", "p2"})).row("key", "Appointment/g1")["state"].text(), "planned");
  // Another takes the place of the first.
  ASSERT_TRUE(site.ehr().put(group_visit("g1", "Patient/p3", "Patient/p2")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "reserved"), "0");
  EXPECT_EQ(Answer(site.run({"services", "--patient", "p3"})).row("key", "Appointment/g1")["state"].text(), "planned");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
