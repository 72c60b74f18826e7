// Creates of which nobody knows whether they were done, for longer than anybody waits. FAULTS 2, 3, 4 and 7.

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/simulation/ladder_site.h"

namespace authledger {
namespace {

const std::string kNoRetries = "    retries_max: 0\n";

TEST(Fault19, AMessageThatTheServerCouldNotHandleIsSentLater) {
  Site site({}, kFastDelivery, kNoRetries);
  load_warning(site, kUnsearched, {.unavailable_next = 1'000'000, .only_method = "POST"});
  sync_now(site, 4);
  EXPECT_EQ(state_of_kind(site, "utilization"), "wanted");
  withhold(site, kUnsearched);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U);
  EXPECT_EQ(state_of_kind(site, "utilization"), "sent");
  expect_consistent(site);
}

// At most once: whether it was killed before or after the EHR took it cannot be told there, so people are asked to
// look.
TEST(Fault02, KilledBeforeAMessageArrivedItIsShownToPeopleAndNotSentTwice) {
  Site site({}, kFastDelivery);
  load_warning(site, kUnsearched, {.hold_next = 1, .only_method = "POST"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return count_requests(site, "POST /fhir/Communication") == 1; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  withhold(site, kUnsearched);
  wait_out_lease();
  sync_now(site, 1);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 1U) << "of the two notices, the other one";
  Answer stuck(site.run({"notices", "--undeliverable"}));
  ASSERT_EQ(stuck.root().size(), 1U);
  EXPECT_EQ(stuck.root().at(0)["state"].text(), "unconfirmed");
  EXPECT_NE(stuck.root().at(0)["reason"].text().find("Look whether it arrived"), std::string::npos);
  expect_consistent(site);
}

// The wait that the EHR asked for, and the request itself, last longer than the window.
TEST(Fault04, TheWindowBeginsWhenTheUnansweredRequestEnded) {
  Site site({.conditional_create = false}, "delivery: {visibility_window: 3s, lease: 20s}\n", kOneSecond);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.throttle_next = 1,
                         .retry_after = "3",
                         .write_then_silent_next = 1,
                         .search_lag = std::chrono::milliseconds(2500),
                         .only_for = "Flag"});
  sync_now(site, 4);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 2U) << "refused for now, then done and not answered";
  std::this_thread::sleep_for(std::chrono::milliseconds(3100));
  sync_now(site);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 2U);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Fault07, AWriteThatWaitedForLongerThanItsLeaseIsNotSent) {
  Site site({.conditional_create = false}, "delivery: {visibility_window: 1s, lease: 10s}\n", kOneSecond);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.throttle_next = 1, .retry_after = "10", .only_for = "Flag"});
  EXPECT_NE(sync_now(site, 4).errors.find("the wait for it took too long"), std::string::npos);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 1U);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

// The cause is gone, the search shows nothing: it may still come.
TEST(Fault04, WhatShowsOnlyAfterItsCauseIsGoneIsClosedThen) {
  Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
  load_patient(site, 4, 1);
  site.ehr().set_faults(
      {.write_then_silent_next = 1, .search_lag = std::chrono::milliseconds(600'000), .only_for = "Task"});
  sync_now(site, 4);
  free_all_units(site);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested"), 1U) << "nobody can see it yet";
  site.ehr().set_faults({});
  let_time_pass(site, 2);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "cancelled"), 1U);
  expect_consistent(site);
}

// The one that the ledger knows decides: a person who closed the other one took away what was superfluous.
TEST(Fault04, OfTwoThatStandTheKnownOneDecidesWhatAPersonMeant) {
  for (const bool closes_first : {true, false}) {
    Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
    load_patient(site, 4, 1);
    site.ehr().set_faults(
        {.write_then_silent_next = 1, .search_lag = std::chrono::milliseconds(600'000), .only_for = "Task"});
    sync_now(site, 4);
    let_time_pass(site);
    sync_now(site);
    const std::vector<std::string> both = site.ehr().resources("Task");
    ASSERT_EQ(both.size(), 2U);
    JsonDocument document;
    const std::string id = (*document.parse(both[closes_first ? 0 : 1]))["id"].string();
    edit(site, "Task", id, R"("status":"requested")", R"("status":"completed")");
    site.ehr().set_faults({});
    let_time_pass(site, 2);
    sync_now(site);
    EXPECT_EQ(count_resources(site, "Task", "requested", "3 of 4"), closes_first ? 1U : 0U);
    EXPECT_EQ(count_resources(site, "Task", "completed"), 1U) << "as the person left it";
    expect_consistent(site);
  }
}

// What our retiring did and nobody answered is no person's closing.
TEST(Fault03, AnUnansweredRetiringIsNotTakenForAPersons) {
  Site site({}, kFastDelivery, kOneSecond);
  load_patient(site, 4, 1);
  sync_now(site);
  free_all_units(site);
  site.ehr().set_faults({.write_then_silent_next = 1, .only_for = "Task", .only_method = "PUT"});
  sync_now(site, 4);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "cancelled"), 1U);
  Answer notices(site.run({"notices", "--all"}));
  EXPECT_EQ(notices.row("kind", "units_low")["resolved_by"].text().find("person"), std::string::npos);
  expect_consistent(site);
}

// A server that ignores the search by identifier shows every Flag that it has, ours on a later page.
TEST(Fault03, OursIsFoundBehindPagesOfOthers) {
  Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
  load_patient(site, 12, 3);
  for (int i = 0; i < 150; ++i) {
    const std::string id = "s" + std::to_string(i);
    ASSERT_TRUE(site.ehr()
                    .put(R"({"resourceType":"Flag","id":")" + id +
                         R"(","status":"active","code":{"text":"FALL RISK"},"subject":{"reference":"Patient/p9"}})")
                    .ok());
  }
  site.ehr().set_faults({.write_then_silent_next = 1, .ignored_parameter = "identifier", .only_for = "Flag"});
  sync_now(site, 4);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 1U);
  EXPECT_EQ(count_resources(site, "Flag", "active", "3 of 12"), 1U);
}

const std::string kBands =
    "delivery: {visibility_window: 1s, lease: 10s}\n"
    "rules: {warnings: {days_left: [60, 30, 0], units_left: [10, 5, 0]}}\n";

void close_task(Site& site) {
  for (const std::string& text : site.ehr().resources("Task")) {
    if (text.find(R"("status":"requested")") == std::string::npos) continue;
    JsonDocument document;
    edit(site, "Task", (*document.parse(text))["id"].string(), R"("status":"requested")", R"("status":"completed")");
  }
}

TEST(Fault34, AWarningThatAPersonClosedComesBackWithTheNextBandOfDays) {
  Site site({}, kBands);
  load_patient(site, 40, 1);
  ASSERT_EQ(site.run({"sync", "--on", "2027-02-05"}).exit_code, 0);
  ASSERT_EQ(count_resources(site, "Task", "requested"), 1U) << "54 days left";
  close_task(site);
  ASSERT_EQ(site.run({"sync", "--on", "2027-02-20"}).exit_code, 0);
  EXPECT_EQ(count_resources(site, "Task", "requested"), 0U) << "39 days left: the same band";
  for (int round = 0; round < 2; ++round) ASSERT_EQ(site.run({"sync", "--on", "2027-03-05"}).exit_code, 0);
  EXPECT_EQ(count_resources(site, "Task", "requested"), 1U) << "26 days left";
}

TEST(Fault34, AWarningThatAPersonClosedComesBackWithTheNextBandOfUnits) {
  Site site({}, kBands);
  load_patient(site, 7, 1);
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Task", "requested", "6 of 7"), 1U);
  close_task(site);
  add_visit(site, "e2", "2026-10-20");
  for (int round = 0; round < 2; ++round) sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested", "5 of 7"), 1U);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
