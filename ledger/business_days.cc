#include "ledger/business_days.h"

#include <algorithm>

namespace authledger {
namespace {

// 0 is Monday; 1970-01-01 was a Thursday.
int weekday(Day day) {
  return ((day.number + 3) % 7 + 7) % 7;
}

constexpr int kMonday = 0, kThursday = 3, kFriday = 4;

struct FixedHoliday {
  int month, day_of_month;
};
constexpr FixedHoliday kFixed[] = {{1, 1}, {6, 19}, {7, 4}, {11, 11}, {12, 25}};

struct FloatingHoliday {
  int month, weekday, nth;
};
constexpr FloatingHoliday kFloating[] = {
    {1, kMonday, 3}, {2, kMonday, 3}, {9, kMonday, 1}, {10, kMonday, 2}, {11, kThursday, 4}};

Day nth_weekday(int year, const FloatingHoliday& holiday) {
  const Day first = day_of(year, holiday.month, 1);
  return first + (holiday.weekday - weekday(first) + 7) % 7 + 7 * (holiday.nth - 1);
}

Day observed(Day day) {
  const int on = weekday(day);
  return on == kFriday + 1 ? day - 1 : on == kFriday + 2 ? day + 1 : day;
}

}  // namespace

bool is_us_federal_holiday(Day day) {
  const int year = year_of(day);
  for (const FixedHoliday& fixed : kFixed) {
    // New Year's Day on a Saturday is kept in the year before.
    for (const int of : {year, year + 1}) {
      if (observed(day_of(of, fixed.month, fixed.day_of_month)) == day) return true;
    }
  }
  for (const FloatingHoliday& floating : kFloating) {
    if (nth_weekday(year, floating) == day) return true;
  }
  const Day memorial_day = day_of(year, 5, 31) - weekday(day_of(year, 5, 31));  // The last Monday of May.
  return day == memorial_day;
}

bool is_business_day(Day day, const Rules& rules) {
  if (weekday(day) > kFriday) return false;
  if (rules.us_federal_holidays && is_us_federal_holiday(day)) return false;
  return std::find(rules.holidays.begin(), rules.holidays.end(), day) == rules.holidays.end();
}

Day business_days_before(Day day, int count, const Rules& rules) {
  while (count > 0) {
    day = day - 1;
    if (is_business_day(day, rules)) --count;
  }
  return day;
}

}  // namespace authledger
