#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "config/rules.h"

namespace authledger {
namespace {

constexpr const char* kAll = R"(
warnings: {days_left: [7, 60, 0, 14, 30], units_left: [3, 5], percent_left: 20, units_margin: 1, benefit_percent_left: 10}
roles:
  clinician: {escalate_after: 4h, escalate_to: biller, quiet: {from: "20:00", until: "07:00"}}
  biller: {owner: Organization/billing, digest_at: "17:05"}
  patient: {consent: true}
notices:
  expiring: [operations, biller]
  update_due: clinician
  conflict: []
)";

std::string found_in(const std::string& text) {
  Rules rules;
  std::string found;
  for (const Issue& issue : read_rules(text, "r.yaml", rules))
    found += issue.element_path + ": " + issue.message + "\n";
  return found;
}

TEST(NoticeRules, AreReadAndReadBackFromAPolicyVersion) {
  Rules rules;
  ASSERT_EQ(found_in(kAll), "");
  read_rules(kAll, "r.yaml", rules);
  EXPECT_EQ(rules.warnings.days_left, (std::vector{60, 30, 14, 7, 0}));
  EXPECT_EQ(rules.warnings.units_left, (std::vector{Quantity::of_units(5), Quantity::of_units(3)}));
  EXPECT_EQ(rules.notices.roles.at(Role::biller).digest_at, 17 * 60 + 5);
  EXPECT_EQ(rules.notices.roles.at(Role::clinician).escalate_to, Role::biller);
  EXPECT_EQ(rules.notices.roles.at(Role::clinician).quiet, (QuietHours{20 * 60, 7 * 60}));
  EXPECT_EQ(rules.notices.recipients.at("expiring"), (std::vector{Role::operations, Role::biller}));
  EXPECT_TRUE(rules.notices.recipients.at("conflict").empty());
  EXPECT_EQ(rules.notices.recipients.at("exhausted"), std::vector{Role::operations}) << "notices go key by key";
  Rules again;
  ASSERT_TRUE(read_rules(rules_json(rules), "policy", again).empty()) << rules_json(rules);
  EXPECT_EQ(again, rules);
}

TEST(NoticeRules, ThresholdsOfOnePayerAreReadSaidAndReadBack) {
  const std::string text =
      "payers:\n  Acme Health: {days_left: [14, 30], units_left: [2.5]}\n"
      "payer_rules:\n  - {name: acme iop, payer: Acme Health, program: iop, units_left: 10, percent_left: []}\n";
  ASSERT_EQ(found_in(text), "");
  Rules rules;
  read_rules(text, "r.yaml", rules);
  ASSERT_EQ(rules.payers.size(), 2u);
  EXPECT_EQ(rules.payers[0].days_left, (std::vector{30, 14}));
  EXPECT_EQ(rules.payers[0].units_left, std::vector{Quantity::of_milli(2500)});
  EXPECT_EQ(rules.payers[0].percent_left, std::nullopt);
  EXPECT_EQ(rules.payers[1].percent_left, std::vector<int>{});
  Rules again;
  ASSERT_TRUE(read_rules(rules_json(rules), "policy", again).empty()) << rules_json(rules);
  EXPECT_EQ(again, rules);
  const std::vector<std::string> said = describe_rules(rules);
  EXPECT_EQ(said[0], "Acme Health: warn at 30, 14 days before its end; warn at 2.5 units left.");
  EXPECT_EQ(said[1], "Acme Health, program iop: warn at 10 units left; no warning by a share of its units. [acme iop]");
  EXPECT_EQ(found_in("payers: {Acme Health: {days_left: soon}}"),
            "r.yaml:1:35: payers.Acme Health.days_left: expected a whole number from 0 to 3650, or a list such as [60, "
            "30, 14, 7, 0]\n");
}

TEST(NoticeRules, ThatSayNothingNewLeaveThePolicyAsItWas) {
  const std::string body = rules_json(Rules{});
  EXPECT_NE(body.find(R"("warnings":{"days_left":14,"decision_days_standard":7,"decision_hours_expedited":72,)"
                      R"("units_left":3})"),
            std::string::npos)
      << body;
  for (const char* later : {"roles", "notices", "percent_left", "units_margin", "benefit_percent_left"}) {
    EXPECT_EQ(body.find(later), std::string::npos) << later;
  }
}

TEST(NoticeRules, NameEveryMistakeWithItsPlace) {
  const auto expect = [](const std::string& text, const std::string& message) {
    EXPECT_NE(found_in(text).find(message), std::string::npos) << found_in(text);
  };
  expect("warnings:\n  days_left: [14, soon]\n", "r.yaml:2:19: warnings.days_left: expected a whole number from 0");
  expect("warnings: {percent_left: [120]}", "r.yaml:1:27: warnings.percent_left: expected a whole number from 0 to 99");
  expect("roles:\n  biler: {}\n", "r.yaml:2:3: roles: `biler` is no role; did you mean `biller`?");
  expect("roles: {biller: {digest_at: 25:00}}", "roles.biller.digest_at: expected a time of day such as \"17:00\"");
  expect("roles: {biller: {quiet: {from: \"20:00\"}}}", "roles.biller.quiet.until: is missing");
  expect("roles: {biller: {escalate_after: 4h}}", "roles.biller.escalate_to: is missing");
  expect("roles: {biller: {escalate_after: 4h, escalate_to: biller}}", "expected another role");
  expect("roles: {biller: {owner: billing}}", "roles.biller.owner: expected a reference such as");
  expect("roles: {biller: {consent: true}}", "unknown key `consent` in roles.biller");
  expect("notices:\n  expiring: [nurse]\n", "r.yaml:2:14: notices.expiring: expected roles, each once");
  expect("notices: {expiring: [patient]}", "Patients are told of their benefit alone");
  expect("notices: {expirin: biller}", "unknown key `expirin` in notices; did you mean `expiring`?");
}

TEST(NoticeRules, AreSaidInPlainEnglish) {
  Rules rules;
  read_rules(kAll, "r.yaml", rules);
  const std::vector<std::string> lines = describe_rules(rules);
  for (const char* line :
       {"Warn 60, 30, 14, 7 and 0 days before the end and when 5 units, 3 units or 20 % of them are left; such a "
        "warning goes once more than 1 above that are left.",
        "Notice expiring: goes to operations, and to biller.", "Notice conflict: nobody is told.",
        "Role biller: Organization/billing is the owner; told once a day at 17:05.",
        "Role clinician: who treats the patient is the owner; nothing new from 20:00 to 07:00; what nobody owns after "
        "4h goes to biller.",
        "Role patient: told, since the site has consent."}) {
    EXPECT_NE(std::find(lines.begin(), lines.end(), line), lines.end()) << line << "\nnot in\n" << join(lines, "\n");
  }
}

}  // namespace
}  // namespace authledger
