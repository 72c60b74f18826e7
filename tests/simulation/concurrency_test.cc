// Several workers at once. FAULTS 8 and 9.

#include <gtest/gtest.h>

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
