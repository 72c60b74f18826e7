// Deliveries to an EHR that takes nothing for a while, whatever it is asked. FAULTS 18, 19 and 61.

#include <gtest/gtest.h>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr int kRoundsWithoutService = 12;
const std::string kNoRetries = "    retries_max: 0\n";

SandboxFaults without_service(const std::string& method, bool is_throttled) {
  SandboxFaults faults;
  (is_throttled ? faults.throttle_next : faults.unavailable_next) = 1'000'000;
  faults.only_method = method;
  return faults;
}

TEST(Fault18, ACreateThatIsThrottledForHoursIsMadeOnceWhenItIsTaken) {
  Site site({.conditional_create = false}, kFastDelivery, kNoRetries);
  load_patient(site, 4, 1);
  site.ehr().set_faults(without_service("POST", true));
  for (int i = 0; i < kRoundsWithoutService; ++i) {
    sync_now(site, 4);
    let_time_pass(site);
  }
  EXPECT_GE(count_requests(site, "POST /fhir/Flag"), 9U) << "tried again and again";
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U);
  expect_consistent(site);
}

// A second visit whose notices cannot be written.
void withhold_updates(Site& site) {
  load_patient(site, 4, 1);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("e2", "p1", "90837", "2026-10-05")).ok());
  site.ehr().set_faults(without_service("PUT", false));
}

TEST(Fault19, WritesThatGetNoServiceForHoursWhileReadsDoParkNothing) {
  Site site({}, kFastDelivery, kNoRetries);
  withhold_updates(site);
  for (int i = 0; i < kRoundsWithoutService; ++i) {
    const ProgramResult failed = sync_now(site, 4);
    EXPECT_NE(failed.errors.find("answered 503"), std::string::npos) << failed.errors;
    let_time_pass(site);
  }
  EXPECT_EQ(notice_states(site), (std::vector<std::string>{"stale", "stale"}));
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Flag", "active", "2 of 4"), 1U);
  EXPECT_EQ(count_resources(site, "Task", "requested", "2 of 4"), 1U);
  expect_consistent(site);
}

TEST(Delivery, BadAnswersAboutANoticeParkItAndWaitsForServiceDoNotCount) {
  Site site({}, kFastDelivery, kNoRetries);
  withhold_updates(site);
  for (int i = 0; i < kRoundsWithoutService; ++i) {
    sync_now(site, 4);
    let_time_pass(site);
  }
  SandboxFaults faults;
  faults.html_next = 1'000'000;
  faults.only_method = "PUT";
  site.ehr().set_faults(faults);
  for (int i = 1; i < 8; ++i) {
    sync_now(site, 4);
    let_time_pass(site);
  }
  EXPECT_EQ(notice_states(site), (std::vector<std::string>{"stale", "stale"})) << "seven bad answers";
  sync_now(site, 1);
  EXPECT_EQ(notice_states(site), (std::vector<std::string>{"parked", "parked"})) << "the eighth";
}

TEST(Fault61, AScopeThatIsCorrectedLetsWhatWasRefusedGoByItself) {
  SandboxOptions options;
  options.authorization.client_id = "ledger";
  options.authorization.client_secret = "plain-secret";
  options.authorization.scope_max = "system/*.rs system/Task.crus";
  Site site(options, kFastDelivery, "    auth: {kind: client_secret, client_id: ledger, secret_file: secret}\n");
  site.folder().write("secret", "plain-secret\n");
  load_patient(site, 4, 1);
  ProgramResult refused = sync_now(site, 4);
  EXPECT_NE(refused.errors.find("answered 403"), std::string::npos) << refused.errors;
  EXPECT_EQ(site.ehr().resources("Flag").size(), 0U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U) << "what is granted is not held up by what is not";
  for (int i = 0; i < kRoundsWithoutService; ++i) {
    let_time_pass(site);
    sync_now(site, 4);
  }
  options.authorization.scope_max = "system/*.crus";
  site.ehr().set_authorization(options.authorization);
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Fault61, ATokenThatIsNotTakenEndsTheDeliveriesOfARoundAndParksNothing) {
  SandboxOptions options;
  options.required_token = "right";
  Site site(options, kFastDelivery, "    auth: {kind: bearer, secret_file: token}\n");
  site.folder().write("token", "right\n");
  load_patient(site, 4, 1);
  std::vector<std::string> without_delivery = kSyncNow;
  without_delivery.emplace_back("--no-deliver");
  ASSERT_EQ(site.run(without_delivery).exit_code, 0);
  site.folder().write("token", "wrong\n");
  sync_now(site, 4);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag") + count_requests(site, "POST /fhir/Task"), 1U);
  site.folder().write("token", "right\n");
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
