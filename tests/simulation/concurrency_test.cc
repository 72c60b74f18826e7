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

TEST(Fault07, AWorkerThatStoodStillBeforeAWriteWritesNothingOverThatOfTheNext) {
  for (const bool is_new : {true, false}) {
    Site site({.conditional_create = false}, kFastDelivery);
    load_patient(site, 12, 3);
    if (!is_new) {
      sync_now(site);
      ASSERT_TRUE(site.ehr().load(encounter_json("e4", "p1", "90837", "2026-10-20")).ok());
    }
    // Of a new Flag the EHR is asked nothing before its create; a Flag that stands is read first.
    const std::string request = is_new ? "GET /fhir/metadata" : "GET /fhir/Flag/" + only_id(site, "Flag");
    const size_t before = count_requests(site, request) + (is_new ? 1 : 0);
    site.ehr().set_faults({.slow_next = 100,
                           .slow_for = std::chrono::milliseconds(500),
                           .only_for = is_new ? "metadata" : "Flag/",
                           .only_method = "GET"});
    overtake(site, [&] { return count_requests(site, request) > before; });
    const std::string words = is_new ? "3 of 12 visits used" : "4 of 12 visits used";
    EXPECT_EQ(count_resources(site, "Flag", "active", words), 1U);
    EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
    const int64_t writes = site.ehr().writes();
    EXPECT_EQ(writes, is_new ? 1 : 2) << "one worker alone has written";
    wait_out_lease();
    expect_consistent(site);
  }
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
