// What people do to resources of ours beyond closing them: they change values, move them to another patient, remove
// them. And what only looks like that. FAULTS 33 and 34.

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kNoRetries = "    retries_max: 0\n";

void add_visit(Site& site, int number) {
  const std::string n = std::to_string(number);
  ASSERT_TRUE(site.ehr().load(encounter_json("e" + n, "p1", "90837", "2026-10-1" + n)).ok());
}

std::string task(Site& site, const std::string& id) {
  return site.ehr().resource("Task", id).value_or("");
}

std::string only_reason(Site& site) {
  Answer stuck(site.run({"notices", "--undeliverable"}));
  return stuck.root().size() == 1 ? stuck.root().at(0)["reason"].string() : "";
}

TEST(Fault33, ValuesThatAPersonChangedStayThroughEveryLaterUpdate) {
  Site site({}, kFastDelivery);
  load_patient(site, 5, 2);  // Three left: units are low.
  sync_now(site);
  const std::string id = only_id(site, "Task");
  edit(site, "Task", id, R"("priority":"urgent")", R"("priority":"stat")");
  edit(site, "Task", id, R"("status":"requested")", R"("status":"in-progress")");
  edit(site, "Task", id, R"("restriction":{)", R"("restriction":{"repetitions":2,)");
  for (const int visit : {3, 4}) {
    add_visit(site, visit);
    sync_now(site);
    EXPECT_EQ(count_resources(site, "Task", "in-progress", std::to_string(5 - visit) + " of 5"), 1U) << task(site, id);
    EXPECT_NE(task(site, id).find(R"("priority":"stat")"), std::string::npos) << task(site, id);
    EXPECT_NE(task(site, id).find(R"("repetitions":2)"), std::string::npos) << task(site, id);
  }
  edit(site, "Task", id, "1 of 5", "Payer called: wait. 1 of 5");
  add_visit(site, 5);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "", "Payer called: wait."), 1U);
  expect_consistent(site);
}

TEST(Fault33, WhatAPersonMovedToAnotherPatientIsNotMovedBackAndIsShownToPeople) {
  Site site({}, kFastDelivery, kNoRetries);
  load_patient(site, 5, 2);
  sync_now(site);
  const std::string id = only_id(site, "Task");
  edit(site, "Task", id, "Patient/p1", "Patient/p2");
  add_visit(site, 3);
  EXPECT_NE(sync_now(site, 4).errors.find("stands at another patient"), std::string::npos);
  for (int i = 0; i < 6; ++i) {
    let_time_pass(site);
    sync_now(site, 4);
  }
  let_time_pass(site);
  sync_now(site, 1);
  EXPECT_NE(only_reason(site).find("Move it back in the EHR"), std::string::npos);
  EXPECT_NE(task(site, id).find("Patient/p2"), std::string::npos);
  EXPECT_EQ(count_requests(site, "PUT /fhir/Task/" + id), 0U);
  edit(site, "Task", id, "Patient/p2", "Patient/p1");
  EXPECT_EQ(site.run({"notices", "--retry"}).output, "1 parked notices are due; the next sync tries them again\n");
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested", "2 of 5"), 1U) << task(site, id);
  expect_consistent(site);
}

TEST(Fault34, A404ThatPassesIsNoRemoval) {
  Site site({}, kFastDelivery);
  load_patient(site, 5, 2);
  sync_now(site);
  const std::string id = only_id(site, "Task"), stood = task(site, id);
  site.ehr().forget("Task", id);
  add_visit(site, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().put(stood).ok());
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested", "2 of 5"), 1U) << task(site, id);
  expect_consistent(site);
}

TEST(Fault34, A404ThatStaysIsARemoval) {
  Site site({}, kFastDelivery);
  load_patient(site, 5, 2);
  sync_now(site);
  site.ehr().forget("Task", only_id(site, "Task"));
  add_visit(site, 3);
  sync_now(site);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Task").size(), 0U) << "a person removed it: it does not come back";
  Answer notices(site.run({"notices"}));
  size_t removed = 0;
  for (const JsonView row : notices.root()) removed += row["resolved_by"].text() == "person_removed" ? 1 : 0;
  EXPECT_EQ(removed, 1U);
  expect_consistent(site);
}

// A server that was restored gives new ids: the search by identifier finds it.
TEST(Fault34, WhatStandsUnderAnotherIdIsTaken) {
  Site site({}, kFastDelivery);
  load_patient(site, 5, 2);
  sync_now(site);
  const std::string id = only_id(site, "Task"), stood = task(site, id);
  site.ehr().forget("Task", id);
  ASSERT_TRUE(site.ehr().put(replace_all(stood, R"("id":")" + id + "\"", R"("id":"restored")")).ok());
  add_visit(site, 3);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested", "2 of 5"), 1U) << task(site, "restored");
  expect_consistent(site);
}

TEST(Delivery, ARefusedContentIsParkedAtTheSecondTimeAndGoesOnWhenTheNoticeChanges) {
  Site site({}, kFastDelivery, kNoRetries);
  load_patient(site, 5, 2);
  sync_now(site);
  add_visit(site, 3);
  site.ehr().set_faults({.fail_next = 1'000'000, .fail_status = 422, .only_method = "PUT"});
  sync_now(site, 4);
  let_time_pass(site);
  sync_now(site, 1);
  const std::vector<std::string> parked(notice_states(site).size(), "parked");
  EXPECT_EQ(notice_states(site), parked);
  EXPECT_NE(site.run({"notices", "--undeliverable"}).output.find("answered 422"), std::string::npos);
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(notice_states(site), parked) << "not of itself";
  let_time_pass(site, 25);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Flag", "active", "3 of 5"), 1U) << "but once a day";
  expect_consistent(site);
}

TEST(Delivery, ACapabilityStatementThatIsPoorForARoundParksNoUnansweredCreate) {
  Site site({.conditional_create = false}, kFastDelivery, kNoRetries);
  load_patient(site, 6, 2);
  site.ehr().set_faults({.write_then_silent_next = 1, .only_for = "Flag", .only_method = "POST"});
  sync_now(site, 4);
  site.ehr().set_faults({.withheld = "Flag:identifier"});
  let_time_pass(site);
  EXPECT_NE(sync_now(site, 4).errors.find("does not offer a search of Flag by identifier now"), std::string::npos);
  site.ehr().set_faults({});
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Flag"), 1U);
  EXPECT_EQ(count_resources(site, "Flag", "active", "2 of 6"), 1U);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
