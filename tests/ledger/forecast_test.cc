#include "ledger/forecast.h"

#include <gtest/gtest.h>

#include "ledger/business_days.h"

namespace authledger {
namespace {

TEST(BusinessDays, KnowTheFederalHolidaysOfAYear) {
  std::vector<std::string> found;
  for (Day day = day_of(2026, 1, 1); day <= day_of(2026, 12, 31); day = day + 1) {
    if (is_us_federal_holiday(day)) found.push_back(format_day(day));
  }
  // Source: the list of federal holidays that the Office of Personnel Management prints for 2026.
  EXPECT_EQ(found, (std::vector<std::string>{"2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19",
                                             "2026-07-03", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26",
                                             "2026-12-25"}));
  EXPECT_TRUE(is_us_federal_holiday(day_of(2021, 12, 31))) << "New Year's Day 2022 was a Saturday";
}

TEST(BusinessDays, CountBackOverWeekendsAndHolidays) {
  Rules rules;
  EXPECT_EQ(business_days_before(day_of(2026, 3, 12), 10, rules), day_of(2026, 2, 26));
  EXPECT_EQ(business_days_before(day_of(2026, 2, 17), 1, rules), day_of(2026, 2, 13)) << "over Washington's Birthday";
  rules.us_federal_holidays = false;
  EXPECT_EQ(business_days_before(day_of(2026, 2, 17), 1, rules), day_of(2026, 2, 16));
  rules.holidays = {day_of(2026, 2, 16)};
  EXPECT_EQ(business_days_before(day_of(2026, 2, 17), 1, rules), day_of(2026, 2, 13));
  EXPECT_EQ(business_days_before(day_of(2026, 2, 15), 0, rules), day_of(2026, 2, 15));
}

}  // namespace
}  // namespace authledger
