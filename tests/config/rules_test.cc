#include "config/rules.h"

#include <gtest/gtest.h>

#include <set>

#include "config/config.h"

namespace authledger {
namespace {

std::string all(const Issues& issues) {
  std::string text;
  for (const Issue& issue : issues) text += issue.element_path + ": " + issue.message + "\n";
  return text;
}

TEST(ShippedRules, SayWhatOneUnitOfEachCodeIs) {
  Rules rules = shipped_rules();
  EXPECT_EQ(rules.codes.at("90791").measure, "visit");
  EXPECT_TRUE(rules.codes.at("90791").once_per_day);
  EXPECT_EQ(rules.codes.at("90832").minutes_min, 16);
  EXPECT_EQ(rules.codes.at("90832").minutes_max, 37);
  EXPECT_EQ(rules.codes.at("90834").minutes_min, 38);
  EXPECT_EQ(rules.codes.at("90837").minutes_min, 53);
  EXPECT_EQ(rules.codes.at("90837").minutes_max, 0);
  EXPECT_TRUE(rules.codes.at("90785").add_on);
  EXPECT_EQ(rules.codes.at("97153").measure, "unit_15_minutes");
  EXPECT_EQ(rules.codes.at("97153").rounding, Rounding::cpt_midpoint);
  EXPECT_EQ(rules.codes.at("97153").unit_minutes, 15);
  EXPECT_EQ(rules.codes.at("H0015").measure, "day");
  EXPECT_TRUE(rules.codes.at("H0015").once_per_day);
  EXPECT_EQ(rules.codes.at("H2012").measure, "hour");
  EXPECT_EQ(rules.codes.at("0913").measure, "day");
  EXPECT_TRUE(rules.families.empty()) << "a family exists only where a rule names it";
  EXPECT_EQ(rules.warnings, WarningRule{});
  EXPECT_EQ(rules.reservation_grace_days, 3);
  std::set<std::string> programs;
  for (const ProgramRule& program : rules.programs) programs.insert(program.program);
  EXPECT_TRUE(programs.contains("php") && programs.contains("iop") && programs.contains("outpatient"));
}

TEST(ShippedRules, KnowEveryCodeThatATimedOrDailyRuleNeeds) {
  Rules rules = shipped_rules();
  EXPECT_GE(rules.codes.size(), 130u);
  for (const auto& [code, rule] : rules.codes) {
    EXPECT_EQ(rule.code, code);
    EXPECT_TRUE(rule.measure != "day" || rule.once_per_day) << code;
    EXPECT_EQ(rule.measure == "unit_15_minutes", rule.unit_minutes == 15) << code;
    EXPECT_EQ(rule.measure == "hour", rule.unit_minutes == 60) << code;
  }
}

constexpr const char* kSiteRules = R"(
codes:
  h0015: {measure: hour, rounding: floor, unit_minutes: 60}
  905: {measure: day, once_per_day: true}
families:
  - {payer: Acme, name: psychotherapy, authorized_code: "90837", codes: ["90837", "90834", "90832"]}
  - {name: anyone, authorized_code: "90834", codes: ["90832", "90832"]}
programs:
  "evening; \"iop\" [1]": {codes: [S9480], measure: day}
payers:
  "*": {no_show_draws: false, match_provider: true}
  Acme: {no_show_draws: true, reservation_grace_days: 0, match_place: false, match_diagnosis: true, authorization_required: false}
payer_aliases:
  " ACME Health ": Acme
  acme: Acme
warnings: {days_left: 30, units_left: 2.5, decision_days_standard: 14, decision_hours_expedited: 24}
reservation_grace_days: 5
)";

TEST(Rules, CanonicalJsonReadsBackToEqualRules) {
  for (Rules rules : {Rules{}, shipped_rules()}) {
    Issues issues = read_rules(kSiteRules, "site.yaml", rules);
    ASSERT_TRUE(issues.empty()) << all(issues);
    rules.time_zone = "America/Chicago";
    Rules again;
    issues = read_rules(rules_json(rules), "policy", again);
    ASSERT_TRUE(issues.empty()) << all(issues);
    EXPECT_EQ(again, rules);
    EXPECT_EQ(rules_json(again), rules_json(rules));
  }
  Rules again;
  ASSERT_TRUE(read_rules(rules_json(shipped_rules()), "policy", again).empty());
  EXPECT_EQ(again, shipped_rules());
}

TEST(Rules, LaterEntriesReplaceFormerOnesAsAWhole) {
  Rules rules = shipped_rules();
  ASSERT_TRUE(read_rules(kSiteRules, "site.yaml", rules).empty());
  EXPECT_EQ(rules.codes.at("H0015").measure, "hour");
  EXPECT_FALSE(rules.codes.at("H0015").once_per_day);
  EXPECT_EQ(rules.codes.at("0905").measure, "day");
  EXPECT_FALSE(rules.codes.contains("905"));
  EXPECT_EQ(rules.payers.size(), 2u);
  EXPECT_EQ(rules.payers[0].payer, "") << "* is every payer";
  EXPECT_EQ(rules.payer_aliases.at("acme health"), "Acme");
  EXPECT_EQ(rules.warnings.units_left.milli(), 2500);
  ASSERT_TRUE(read_rules("families: [{payer: Acme, name: psychotherapy, authorized_code: '90837', codes: ['90834']}]\n"
                         "payers: {Acme: {match_place: true}}\nwarnings: {days_left: 10}\n",
                         "later.yaml", rules)
                  .empty());
  EXPECT_EQ(rules.families.size(), 2u);
  EXPECT_EQ(rules.families[1].codes, std::vector<std::string>{"90834"});
  EXPECT_FALSE(rules.payers[1].no_show_draws.has_value());
  EXPECT_EQ(rules.warnings.days_left, 10);
  EXPECT_EQ(rules.warnings.decision_days_standard, 14) << "warnings are replaced key by key";
}

TEST(Rules, EqualRulesHaveEqualTextWhateverTheirOrderOfWriting) {
  Rules a, b;
  ASSERT_TRUE(
      read_rules(
          "payers: {B: {match_place: true}, A: {match_place: true}}\ncodes: {X1: {measure: day}, A1: {measure: day}}\n"
          "families: [{name: f, authorized_code: A1, codes: [X1, A1]}]\n",
          "a", a)
          .empty());
  ASSERT_TRUE(
      read_rules(
          "families: [{codes: [a1, x1], authorized_code: a1, name: f}]\n"
          "codes: {a1: {measure: day}, x1: {measure: day}}\npayers: {A: {match_place: true}, B: {match_place: true}}\n",
          "b", b)
          .empty());
  EXPECT_EQ(a, b);
  EXPECT_EQ(rules_json(a), rules_json(b));
}

TEST(Rules, NameEveryProblemWithItsPositionAndTheNearestWord) {
  Rules rules;
  std::string found = all(read_rules(R"(codes:
  "90837": {mesure: visit}
  "90834": {measure: visits}
  "97153": {measure: unit_15_minutes, rounding: floor}
  a1: {measure: day}
  A1: {measure: day}
warnings: {days_left: -1, units_left: some}
familys: []
payers: {Acme: {no_show_draws: 1}}
)",
                                     "r.yaml", rules));
  EXPECT_NE(found.find("r.yaml:2:13: unknown key `mesure` in codes.90837; did you mean `measure`?"), std::string::npos)
      << found;
  EXPECT_NE(found.find("codes.90837.measure: is missing"), std::string::npos) << found;
  EXPECT_NE(found.find("r.yaml:3:22: codes.90834.measure: `visits` is not one of"), std::string::npos) << found;
  EXPECT_NE(found.find("did you mean `visit`?"), std::string::npos) << found;
  EXPECT_NE(found.find("codes.97153.rounding: needs unit_minutes"), std::string::npos) << found;
  EXPECT_NE(found.find("r.yaml:6:3: codes: the code `A1` stands here twice"), std::string::npos) << found;
  EXPECT_NE(found.find("warnings.days_left: expected a whole number from 0"), std::string::npos) << found;
  EXPECT_NE(found.find("warnings.units_left: expected a number of units"), std::string::npos) << found;
  EXPECT_NE(found.find("r.yaml:8:1: unknown key `familys`; did you mean `families`?"), std::string::npos) << found;
  EXPECT_NE(found.find("payers.Acme.no_show_draws: expected true or false"), std::string::npos) << found;
}

}  // namespace
}  // namespace authledger
