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
  EXPECT_EQ(rules.warnings.units_left, std::vector{Quantity::of_milli(2500)});
  ASSERT_TRUE(read_rules("families: [{payer: Acme, name: psychotherapy, authorized_code: '90837', codes: ['90834']}]\n"
                         "payers: {Acme: {match_place: true}}\nwarnings: {days_left: 10}\n",
                         "later.yaml", rules)
                  .empty());
  EXPECT_EQ(rules.families.size(), 2u);
  EXPECT_EQ(rules.families[1].codes, std::vector<std::string>{"90834"});
  EXPECT_FALSE(rules.payers[1].no_show_draws.has_value());
  EXPECT_EQ(rules.warnings.days_left, std::vector{10});
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

constexpr const char* kScopedRules = R"(
payer_rules:
  - {name: acme iop until june, payer: Acme, program: iop, codes: [H0015], last_day: 2026-06-30, authorization_required: false}
  - name: acme iop from july
    payer: Acme
    plan: gold
    codes: [h0015, 97151-97158]
    first_day: 2026-07-01
    unit: {measure: hour, rounding: floor, unit_minutes: 60}
    referral_suffices: true
    telehealth_covered: false
    enrollment_required: true
    excluded_provider_types: [lpc, aide]
    carved_out_to: Beacon
    turnaround_business_days: 7
    preparation_business_days: 3
    submission_lead_business_days: 5
    retro_window_days: 30
benefits:
  - {name: sessions, payer: Acme, codes: ["90837"], quantity: 30, measure: visit, per: calendar_year}
providers:
  Practitioner/d1: {type: lpc, enrollments: [{payer: Acme, first_day: 2026-01-01}, {payer: "*", last_day: 2025-12-31}]}
telehealth_places: ["02"]
us_federal_holidays: false
holidays: [2026-11-27]
)";

TEST(PayerRules, ReadBackEqualFromTheBodyOfAPolicyVersion) {
  Rules rules = shipped_rules(), again;
  Issues issues = read_rules(kScopedRules, "site.yaml", rules);
  ASSERT_TRUE(issues.empty()) << all(issues);
  issues = read_rules(rules_json(rules), "policy", again);
  ASSERT_TRUE(issues.empty()) << all(issues);
  EXPECT_EQ(again, rules);
  EXPECT_EQ(rules_json(again), rules_json(rules));
  ASSERT_EQ(rules.payers.size(), 2u);
  EXPECT_EQ(rules.payers[0].written_at.text, "site.yaml:4:5");
  EXPECT_EQ(rules.payers[0].codes, (std::vector<std::string>{"97151-97158", "H0015"}));
  EXPECT_EQ(rules.payers[1].last_day, day_of(2026, 6, 30));
}

TEST(PayerRules, LeaveTheBodyOfAPolicyVersionThatHasNoneAsItWas) {
  const std::string body = rules_json(shipped_rules());
  for (const char* key : {"payer_rules", "benefits", "providers", "telehealth_places", "holidays"}) {
    EXPECT_EQ(body.find(key), std::string::npos) << key;
  }
}

TEST(PayerRules, AreReportedWhereTheyContradictEachOther) {
  Rules rules;
  ASSERT_TRUE(read_rules(R"(payer_rules:
  - {name: a, payer: Acme, codes: ["90832-90838"], authorization_required: true}
  - {name: b, payer: Acme, codes: ["90837"], authorization_required: false}
  - {name: c, payer: Acme, codes: ["90837"], first_day: 2026-07-01, authorization_required: true}
  - {name: d, payer: Best, codes: ["90837"], authorization_required: true}
)",
                         "r.yaml", rules)
                  .empty());
  const std::string found = all(rule_conflicts(rules));
  EXPECT_EQ(found,
            "r.yaml:3:5: payer rule `b` and payer rule `a` (r.yaml:2:5) state different authorization_required for the "
            "same services; give one of them a narrower scope or another first_day\n");
}

TEST(PayerRules, AreReportedWhereTheyNeverDecide) {
  Rules rules;
  ASSERT_TRUE(read_rules(R"(payer_rules:
  - {name: always, payer: Acme, program: iop, no_show_draws: true}
  - {name: until june, payer: Acme, program: iop, last_day: 2026-06-30, no_show_draws: false}
  - {name: from july, payer: Acme, program: iop, first_day: 2026-07-01, no_show_draws: true}
  - {name: gap, payer: Best, program: iop, no_show_draws: true}
  - {name: gap until june, payer: Best, program: iop, last_day: 2026-06-30, no_show_draws: false}
  - {name: gap from august, payer: Best, program: iop, first_day: 2026-08-01, no_show_draws: true}
  - {name: nothing, payer: Best}
payers: {ACME Inc: {match_place: false}}
payer_aliases: {acme inc: Acme}
)",
                         "r.yaml", rules)
                  .empty());
  const std::string found = all(rule_conflicts(rules));
  EXPECT_NE(found.find("r.yaml:2:5: payer rule `always` never decides: payer rule `from july`, payer rule `until june` "
                       "hold all of its services"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("r.yaml:8:5: payer rule `nothing` states no setting"), std::string::npos) << found;
  EXPECT_NE(found.find("payers.ACME Inc never decides: payer_aliases call `ACME Inc` by the name `Acme`"),
            std::string::npos)
      << found;
  EXPECT_EQ(found.find("`gap`"), std::string::npos) << found;
}

TEST(PayerRules, AreToldInPlainEnglish) {
  Rules rules;
  ASSERT_TRUE(read_rules(kScopedRules, "site.yaml", rules).empty());
  const std::vector<std::string> lines = describe_rules(rules);
  ASSERT_EQ(lines.size(), 4u + describe_notices(rules.warnings, rules.notices).size());
  EXPECT_EQ(lines[0],
            "Acme, plan gold, codes 97151-97158, H0015, from 2026-07-01: a referral is enough; these services belong "
            "to Beacon; telehealth is not covered; the provider must be enrolled; not covered for providers of type "
            "aide, lpc; one unit is an hour, earned by 60 full minutes; ask 5 business days before the first visit; it "
            "answers within 7 business days; a renewal takes 3 business days to prepare; a request up to 30 days after "
            "the visit is accepted. [acme iop from july]");
  EXPECT_EQ(lines[1],
            "Acme, program iop, code H0015, up to 2026-06-30: no authorization is needed. [acme iop until june]");
  EXPECT_EQ(lines[2],
            "Acme, code 90837: the plan pays for 30 visits a calendar year, whatever is authorized. [sessions]");
  EXPECT_EQ(lines[3],
            "Practitioner/d1: type lpc; enrolled with Every payer, up to 2025-12-31 and Acme, from 2026-01-01.");
}

TEST(PayerRules, NameEveryProblemWithItsPosition) {
  Rules rules;
  const std::string found = all(read_rules(R"(payer_rules:
  - {name: a, first_day: soon, last_day: 2026-02-30}
  - {name: a, first_day: 2026-02-02, last_day: 2026-02-01, unit: {measure: hour}}
benefits:
  - {name: b, quantity: many, measure: visits, per: year}
)",
                                           "r.yaml", rules));
  EXPECT_NE(found.find("r.yaml:2:26: payer_rules[0].first_day: expected a day such as"), std::string::npos) << found;
  EXPECT_NE(found.find("payer_rules[1].name: the name `a` stands here twice"), std::string::npos) << found;
  EXPECT_NE(found.find("payer_rules[1].last_day: expected no day before first_day"), std::string::npos) << found;
  EXPECT_NE(found.find("payer_rules[1].unit: needs codes"), std::string::npos) << found;
  EXPECT_NE(found.find("benefits[0].quantity: expected a number"), std::string::npos) << found;
  EXPECT_NE(found.find("benefits[0].per: `year` is not one of"), std::string::npos) << found;
}

}  // namespace
}  // namespace authledger
