// Billing and clinicians look at one ledger: equal counts at an equal time, and no amounts where clinicians look.
// CAPABILITIES row 2, the ledger's half: who may read what is the server's.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/day.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr const char* kBilled =
    R"({"resourceType":"Claim","id":"k1","status":"active","use":"claim","patient":{"reference":"Patient/p1"},
        "created":"2026-10-20","item":[{"sequence":1,"servicedDate":"2026-10-19",
        "productOrService":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90837"}]},
        "net":{"value":321.09,"currency":"USD"}}],"total":{"value":321.09,"currency":"USD"}})";

// What billing reads, at an instant: the whole row, as text.
std::string row_as_known_at(Site& site, const std::string& instant) {
  const ProgramResult result = site.run({"authorizations", "--as-known-at", instant});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return result.output;
}

TEST(Row02, BillingAndCliniciansReadEqualBalancesAndCliniciansNoAmounts) {
  Site site({}, kFastDelivery);
  load_patient(site, 4, 2);
  ASSERT_TRUE(site.ehr().load(kBilled).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3") << "the billed visit counts";
  ASSERT_EQ(site.ehr().resources("Flag").size(), 1U);
  const std::string before = format_instant(SystemClock().now());
  const std::string then = row_as_known_at(site, before);
  const auto expect_flag_says_what_billing_reads = [&] {
    const std::string says = fmt::format("{} of {} visits used", balance(site, "used"), balance(site, "approved"));
    EXPECT_EQ(count_resources(site, "Flag", "active", says), 1U) << says;
  };
  expect_flag_says_what_billing_reads();
  for (const char* type : {"Flag", "Task"}) {
    for (const char* amount : {"321.09", "USD", "\"amount\"", "\"currency\""}) {
      EXPECT_EQ(count_resources(site, type, "", amount), 0U) << type << " tells of money: " << amount;
    }
  }
  EXPECT_GE(site.ehr().resources("Task").size(), 1U) << "one unit is left: somebody is told";

  ASSERT_TRUE(site.ehr().load(encounter_json("late", "p1", "90837", "2026-10-25")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "4");
  expect_flag_says_what_billing_reads();
  EXPECT_EQ(row_as_known_at(site, before), then) << "whoever asks again for that time reads the same";
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
