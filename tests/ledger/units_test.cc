#include "ledger/units.h"

#include <gtest/gtest.h>

#include "ledger/allocate.h"
#include "ledger/match.h"
#include "ledger/payer_rules.h"

namespace authledger {
namespace {

Rules rules() {
  Rules made;
  const auto add = [&made](CodeRule rule) { made.codes[rule.code] = rule; };
  add({"90832", "visit", Rounding::none, 0, 16, 37, false, false});
  add({"97153", "unit_15_minutes", Rounding::cpt_midpoint, 15, 0, 0, false, false});
  add({"H0004", "unit_15_minutes", Rounding::medicare_8_minute, 15, 0, 0, false, false});
  add({"H2012", "hour", Rounding::floor, 60, 0, 0, false, false});
  add({"96130", "hour", Rounding::cpt_midpoint, 60, 0, 0, false, false});
  add({"H0015", "day", Rounding::none, 0, 0, 0, true, false});
  add({"90785", "visit", Rounding::none, 0, 0, 0, false, true});
  made.programs.push_back({"iop", {"H0015", "0906"}, "day"});
  return made;
}

UnitCount of_minutes(const std::string& code, int minutes) {
  return count_units({code}, std::nullopt, Measure::unknown, minutes, rules(), {});
}

TEST(CountUnits, EarnsAUnitPastItsMidpoint) {
  const std::pair<int, int> kCases[] = {{7, 0}, {8, 1}, {22, 1}, {23, 2}, {37, 2}, {38, 3}, {60, 4}};
  for (const auto& [minutes, units] : kCases) {
    EXPECT_EQ(of_minutes("97153", minutes).quantity, Quantity::of_units(units)) << minutes;
    EXPECT_EQ(of_minutes("H0004", minutes).quantity, Quantity::of_units(units)) << minutes << " by the 8-minute rule";
  }
  EXPECT_EQ(of_minutes("96130", 30).quantity, Quantity());
  EXPECT_EQ(of_minutes("96130", 31).quantity, Quantity::of_units(1));
}

TEST(CountUnits, FloorsWholeHours) {
  EXPECT_EQ(of_minutes("H2012", 59).quantity, Quantity());
  EXPECT_EQ(of_minutes("H2012", 119).quantity, Quantity::of_units(1));
}

TEST(CountUnits, ASessionIsOneWhateverItsLength) {
  for (const int minutes : {0, 15, 16, 37, 90}) {
    EXPECT_EQ(of_minutes("90832", minutes).quantity, Quantity::of_units(1)) << minutes;
  }
}

TEST(CountUnits, ATimedCodeMayAskForAShortestService) {
  Rules made = rules();
  made.codes["97153"].minutes_min = 15;
  EXPECT_EQ(count_units({"97153"}, std::nullopt, Measure::unknown, 14, made, {}).quantity, Quantity());
  EXPECT_EQ(count_units({"97153"}, std::nullopt, Measure::unknown, 15, made, {}).quantity, Quantity::of_units(1));
}

TEST(CountUnits, AnExplicitQuantityWinsOverTheDuration) {
  const UnitCount count = count_units({"97153"}, Quantity::of_units(6), Measure::unknown, 15, rules(), {});
  EXPECT_EQ(count.quantity, Quantity::of_units(6));
  EXPECT_EQ(count.measure, Measure::unit_15_minutes);
  EXPECT_EQ(count_units({"97153"}, Quantity::of_units(6), Measure::hour, 15, rules(), {}).measure, Measure::hour);
}

TEST(CountUnits, UnknownUnitIsAStateNotAGuess) {
  const UnitCount no_rule = count_units({"LOCAL"}, std::nullopt, Measure::unknown, 60, rules(), {});
  EXPECT_EQ(no_rule.measure, Measure::unknown);
  EXPECT_EQ(no_rule.quantity, Quantity::of_units(1));
  const UnitCount no_time = count_units({"97153"}, std::nullopt, Measure::unknown, std::nullopt, rules(), {});
  EXPECT_EQ(no_time.measure, Measure::unknown) << "a timed service without its duration";
}

TEST(CountUnits, TheMainCodeCountsBeforeItsAddOn) {
  EXPECT_EQ(leading_code_rule({"90785", "90832"}, rules())->code, "90832");
  EXPECT_TRUE(is_add_on({"90785"}, rules()));
  EXPECT_FALSE(is_add_on({"90785", "90832"}, rules()));
  EXPECT_FALSE(is_add_on({}, rules()));
}

TEST(ConvertUnits, KnowsQuartersAndHoursAndNothingElse) {
  EXPECT_EQ(convert_units(Quantity::of_units(6), Measure::unit_15_minutes, Measure::hour), Quantity::of_milli(1500));
  EXPECT_EQ(convert_units(Quantity::of_milli(1500), Measure::hour, Measure::unit_15_minutes), Quantity::of_units(6));
  EXPECT_EQ(convert_units(Quantity::of_units(1), Measure::unknown, Measure::visit), Quantity::of_units(1));
  EXPECT_FALSE(convert_units(Quantity::of_units(1), Measure::visit, Measure::day));
}

TEST(MatchCode, AcceptsOnlyWhatIsEqualOrNamedByARule) {
  Rules made = rules();
  EXPECT_EQ(match_code({"90837"}, "", "P1", {"90837"}, "", made)->rank, 0);
  EXPECT_FALSE(match_code({"90837"}, "", "P1", {"90834"}, "", made));
  made.families.push_back({"P1", "sessions", "90837", {"90832-90834"}});
  EXPECT_EQ(match_code({"90837"}, "", "P1", {"90834"}, "", made)->rule, "family 90837");
  EXPECT_FALSE(match_code({"90837"}, "", "P2", {"90834"}, "", made)) << "another payer's rule";
  EXPECT_FALSE(match_code({"90837"}, "", "P1", {"90838"}, "", made)) << "outside of the range";
  EXPECT_EQ(match_code({"H0015"}, "", "P1", {"0906"}, "", made)->day_program, "iop");
  EXPECT_TRUE(match_code({"H0015"}, "", "P1", {"90853"}, "iop", made)) << "a component of the program's day";
  EXPECT_TRUE(match_code({}, "iop", "P1", {"90853"}, "iop", made));
}

TEST(ReferencesAgree, UnlessBothAreComparableAndDiffer) {
  EXPECT_TRUE(references_agree("", "Practitioner/d1"));
  EXPECT_TRUE(references_agree("Practitioner/d1", "Practitioner/d1"));
  EXPECT_FALSE(references_agree("Practitioner/d1", "Practitioner/d2"));
  EXPECT_TRUE(references_agree("Practitioner/d1", "Organization/o1"));
  EXPECT_TRUE(references_agree("Practitioner/d1", "1234567893"));
  EXPECT_FALSE(references_agree("11", "10"));
}

TEST(NormalizeCode, RestoresTheLeadingZeroOfARevenueCode) {
  EXPECT_EQ(normalize_code("905"), "0905");
  EXPECT_EQ(normalize_code("90837"), "90837");
}

}  // namespace
}  // namespace authledger
