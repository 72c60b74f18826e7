// What people settle stays where it is: pins and closed periods. CAPABILITIES row 32, FAULTS 44.

#include <gtest/gtest.h>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

// AUTH-1 covers the visit; AUTH-2 is approved later and ends sooner, so that by the rules it would be drawn first.
void load_two_authorizations(Site& site) {
  load_patient(site, 12, 1);
  sync_now(site);
}

void approve_another(Site& site) {
  ApprovedLine line;
  line.id = "second";
  line.patient = "p1";
  line.number = "AUTH-2";
  line.first_day = "2026-10-01";
  line.last_day = "2026-10-31";
  ASSERT_TRUE(site.ehr().load(claim_response_json(line)).ok());
  sync_now(site);
}

const std::vector<std::string> kSigned = {"--role", "billing lead", "--reason", "billed under this number",
                                          "--on",   "2026-11-01"};

ProgramResult run_signed(Site& site, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), kSigned.begin(), kSigned.end());
  return site.run(std::move(arguments));
}

TEST(Pin, HoldsAServiceAtItsAuthorizationUntilItIsRemoved) {
  Site site({}, kFastDelivery);
  load_two_authorizations(site);
  approve_another(site);
  ASSERT_EQ(balance(site, "used", "AUTH-2"), "1") << "by the rules, what ends first is drawn first";
  const std::vector<std::string> pin = {"pin", "Encounter/e1", "--patient", "p1", "--authorization", "AUTH-1"};

  std::vector<std::string> dry = pin;
  dry.emplace_back("--dry-run");
  const ProgramResult preview = run_signed(site, dry);
  EXPECT_NE(preview.output.find("would move Encounter/e1"), std::string::npos) << preview.output << preview.errors;
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1");

  EXPECT_EQ(run_signed(site, pin).exit_code, 0);
  EXPECT_EQ(balance(site, "used", "AUTH-1"), "1");
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "0");
  EXPECT_EQ(Answer(run_signed(site, pin)).number({"facts", "new"}), 0) << "the same pin again changes nothing";
  sync_now(site);
  expect_consistent(site);

  EXPECT_EQ(site.run({"pin", "Encounter/e1", "--patient", "p1", "--remove", "--on", "2026-11-01"}).exit_code, 0);
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1");
  sync_now(site);
  expect_consistent(site);
}

TEST(Pin, SaysWhatIsMissing) {
  Site site({}, kFastDelivery);
  load_two_authorizations(site);
  EXPECT_EQ(site.run({"pin", "Encounter/e1", "--patient", "p1", "--authorization", "AUTH-1"}).exit_code, 2);
  EXPECT_EQ(run_signed(site, {"pin", "Encounter/none", "--patient", "p1", "--authorization", "AUTH-1"}).exit_code, 2);
  EXPECT_EQ(run_signed(site, {"pin", "Encounter/e1", "--patient", "p1", "--authorization", "AUTH-9"}).exit_code, 2);
  EXPECT_EQ(run_signed(site, {"pin", "Encounter/e1", "--patient", "nobody", "--authorization", "AUTH-1"}).exit_code, 2);
  EXPECT_EQ(run_signed(site, {"close-period", "--through", "2026-11-01"}).exit_code, 2);
}

TEST(ClosedPeriod, KeepsWhatWasDrawnWhenABetterAuthorizationComesLate) {
  Site site({}, kFastDelivery);
  load_two_authorizations(site);
  EXPECT_EQ(run_signed(site, {"close-period", "--through", "2026-10-31"}).exit_code, 0);
  approve_another(site);
  EXPECT_EQ(balance(site, "used", "AUTH-1"), "1");
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "0");
  sync_now(site);
  expect_consistent(site);
  EXPECT_EQ(site.run({"close-period", "--remove", "--on", "2026-11-01"}).exit_code, 0);
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1");
  sync_now(site);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
