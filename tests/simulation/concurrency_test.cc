// Several workers at once. FAULTS 7, 8 and 9.

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

// Runs `sync` in so many processes at the same time; the sum of one number of their summaries.
int64_t sync_at_once(Site& site, int processes, const std::vector<std::string>& number) {
  std::vector<std::unique_ptr<RunningProgram>> running;
  for (int i = 0; i < processes; ++i) running.push_back(std::make_unique<RunningProgram>(site.command(kSyncNow)));
  int64_t sum = 0;
  for (const auto& program : running) {
    const ProgramResult result = program->wait();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    sum += Answer(result).number(number);
  }
  return sum;
}

// Stops a `sync` as a suspended host would, once `is_there` holds, for longer than its leases; then lets another one
// do the work, and the first go on. What the first printed.
ProgramResult overtake(Site& site, const std::function<bool()>& is_there) {
  RunningProgram stale(site.command(kSyncNow));
  EXPECT_TRUE(eventually(is_there));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // No transaction is open any more.
  stale.signal(SIGSTOP);
  site.ehr().set_faults({});
  wait_out_lease();
  sync_now(site);
  stale.signal(SIGCONT);
  return stale.wait();
}

TEST(Fault07, AWorkerThatStoodStillWithAPageRecordsNothingOfIt) {
  Site site({}, kFastDelivery, "    page_size: 2\n");
  load_patient(site, 12, 5);
  site.ehr().set_faults({.slow_next = 1, .slow_for = std::chrono::milliseconds(500), .only_for = "_page_token"});
  const ProgramResult stale = overtake(site, [&] { return count_requests(site, "GET /fhir/Encounter") >= 3; });
  EXPECT_NE(stale.output.find("another worker has taken this feed over"), std::string::npos) << stale.output;
  EXPECT_EQ(balance(site, "used"), "5");
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

// It has leased the notice and has asked whether the create of a worker before it was done, which it was not.
TEST(Fault07, AWorkerThatStoodStillBeforeACreateLeavesItToTheNext) {
  Site site({.conditional_create = false}, "delivery: {visibility_window: 9s, lease: 10s}\n");
  load_patient(site, 12, 3);
  site.ehr().set_faults({.fail_next = 1, .fail_status = 500, .only_for = "Flag", .only_method = "POST"});
  sync_now(site, 4);
  ASSERT_EQ(notice_states(site), std::vector<std::string>{"creating"});
  let_time_pass(site);
  site.ehr().set_faults(
      {.slow_next = 1, .slow_for = std::chrono::seconds(1), .only_for = "Flag?identifier", .only_method = "GET"});
  const ProgramResult stale = overtake(site, [&] { return count_requests(site, "GET /fhir/Flag") == 1; });
  EXPECT_GE(count_requests(site, "GET /fhir/Flag"), 2U) << "each of both has searched";
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 2U) << "the one that was not done, and that of the next worker";
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U) << "also if the next closed one of two again";
  EXPECT_EQ(stale.exit_code, 0) << "it was answered, and left: " << stale.output << stale.errors;
  wait_out_lease();
  sync_now(site);
  expect_consistent(site);
}

TEST(Fault07, AWorkerThatStoodStillBeforeAnUpdateWritesNothingOverThatOfTheNext) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("e4", "p1", "90837", "2026-10-20")).ok());
  const std::string request = "GET /fhir/Flag/" + only_id(site, "Flag");
  site.ehr().set_faults(
      {.slow_next = 100, .slow_for = std::chrono::seconds(1), .only_for = "Flag/", .only_method = "GET"});
  overtake(site, [&] { return count_requests(site, request) > 0; });
  EXPECT_EQ(count_resources(site, "Flag", "active", "4 of 12 visits used"), 1U);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(site.ehr().writes(), 2) << "one worker alone has written over it";
  wait_out_lease();
  expect_consistent(site);
}

TEST(Fault08, OneEncounterInEightProcessesIsPostedOnce) {
  Site site({}, "delivery: {visibility_window: 1s, lease: 30s}\n");
  load_patient(site, 12, 0);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("e1", "p1", "90837", "2026-10-07")).ok());
  EXPECT_EQ(sync_at_once(site, 8, {"entries"}), 1);
  EXPECT_EQ(balance(site, "used"), "1");
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Fault09, OfTwoBookingsForTheLastUnitOneIsReservedAndOneIsWarnedOf) {
  Site site({}, "delivery: {visibility_window: 1s, lease: 30s}\n");
  load_patient(site, 3, 2);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(appointment_json("a1", "p1", "90837", "2026-11-10")).ok());
  ASSERT_TRUE(site.ehr().load(appointment_json("a2", "p1", "90837", "2026-11-10")).ok());
  EXPECT_EQ(sync_at_once(site, 2, {"facts", "new"}), 2);
  EXPECT_EQ(balance(site, "used"), "2");
  EXPECT_EQ(balance(site, "reserved"), "1");
  EXPECT_EQ(balance(site, "available"), "0") << "never negative";
  EXPECT_EQ(count_resources(site, "Task", "requested", "auth-booked-beyond"), 1U);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
