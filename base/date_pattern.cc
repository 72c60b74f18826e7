#include "base/date_pattern.h"

#include <fmt/format.h>

#include <cctype>

#include "base/text.h"

namespace authledger {
namespace {

constexpr const char* kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes between `least` and `most` digits from the front.
std::optional<int> take_number(std::string_view& text, size_t least, size_t most) {
  size_t count = 0;
  int value = 0;
  while (count < most && count < text.size() && is_digit(text[count])) value = value * 10 + (text[count++] - '0');
  if (count < least) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_month_name(std::string_view& text) {
  const std::string head = lower_case(text.substr(0, 3));
  for (int month = 0; month < 12; ++month) {
    if (head == kMonths[month]) {
      text.remove_prefix(3);
      return month + 1;
    }
  }
  return std::nullopt;
}

// " 14:30", "T14:30:05.000", " 2:30 PM", also with a Z or an offset, which is left aside: the day is as written.
std::optional<int> minute_of(std::string_view text) {
  if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
  text = trim(text);
  const auto hour = take_number(text, 1, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  if (take(text, ':')) {
    if (const auto second = take_number(text, 2, 2); !second || *second > 60) return std::nullopt;
    if (take(text, '.') && !take_number(text, 1, 9)) return std::nullopt;
  }
  const std::string rest = lower_case(trim(text));
  if (rest.empty() || rest == "z") return *hour <= 23 ? std::optional(*hour * 60 + *minute) : std::nullopt;
  if ((rest != "am" && rest != "pm") || *hour < 1 || *hour > 12) return std::nullopt;
  return (*hour % 12 + (rest == "pm" ? 12 : 0)) * 60 + *minute;
}

std::optional<Day> existing_day(int year, int month, int day) {
  if (year < 1 || year > 9999) return std::nullopt;
  return parse_day(fmt::format("{:04}-{:02}-{:02}", year, month, day));
}

}  // namespace

Result<DatePattern> DatePattern::compile(std::string_view text) {
  DatePattern pattern;
  if (lower_case(trim(text)) == "excel") {
    pattern.is_excel_ = true;
    return pattern;
  }
  const std::string format = lower_case(trim(text));
  int days = 0, months = 0, years = 0;
  for (size_t at = 0; at < format.size();) {
    size_t run = 1;
    while (at + run < format.size() && format[at + run] == format[at]) ++run;
    const char c = format[at];
    if (c == 'd' && run <= 2) {
      ++days;
      pattern.tokens_.push_back({run == 2 ? Part::day_2 : Part::day});
    } else if (c == 'm' && run <= 3) {
      ++months;
      pattern.tokens_.push_back({run == 3 ? Part::month_name : run == 2 ? Part::month_2 : Part::month});
    } else if (c == 'y' && (run == 2 || run == 4)) {
      ++years;
      pattern.has_two_digit_year_ = run == 2;
      pattern.tokens_.push_back({run == 2 ? Part::year_2 : Part::year});
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      return Failure{"a date is written with d, dd, m, mm, mmm, yy and yyyy, as in m/d/yyyy, or is excel"};
    } else {
      for (size_t i = 0; i < run; ++i) pattern.tokens_.push_back({Part::literal, c});
    }
    at += run;
  }
  if (days != 1 || months != 1 || years != 1) return Failure{"a date has one day, one month and one year, as m/d/yyyy"};
  return pattern;
}

std::optional<Day> DatePattern::parse_date(std::string_view& text, int first_two_digit_year) const {
  std::optional<int> year, month, day;
  for (const Token& token : tokens_) {
    switch (token.part) {
      case Part::day:
        day = take_number(text, 1, 2);
        if (!day) return std::nullopt;
        break;
      case Part::day_2:
        day = take_number(text, 2, 2);
        if (!day) return std::nullopt;
        break;
      case Part::month:
        month = take_number(text, 1, 2);
        if (!month) return std::nullopt;
        break;
      case Part::month_2:
        month = take_number(text, 2, 2);
        if (!month) return std::nullopt;
        break;
      case Part::month_name:
        month = take_month_name(text);
        if (!month) return std::nullopt;
        break;
      case Part::year:
        year = take_number(text, 4, 4);
        if (!year) return std::nullopt;
        break;
      case Part::year_2:
        year = take_number(text, 2, 2);
        if (!year) return std::nullopt;
        year = *year + first_two_digit_year - first_two_digit_year % 100;
        if (*year < first_two_digit_year) year = *year + 100;
        break;
      case Part::literal:
        if (!take(text, token.literal)) return std::nullopt;
        break;
    }
  }
  return existing_day(*year, *month, *day);
}

std::optional<WrittenTime> DatePattern::parse(std::string_view text, int first_two_digit_year) const {
  text = trim(text);
  if (is_excel_) {
    // Day 1 is 1900-01-01, but Excel also counts a 29 February 1900 that never was: from 1900-03-01 on, day 0 is
    // 1899-12-30. Before it nothing of ours is dated.
    constexpr int kFirstOfMarch1900 = 61, kDigitsMax = 6;
    const auto number = take_number(text, 1, kDigitsMax);
    if (!number || *number < kFirstOfMarch1900 || !text.empty()) return std::nullopt;
    return WrittenTime{day_of(1899, 12, 30) + *number, std::nullopt};
  }
  const auto day = parse_date(text, first_two_digit_year);
  if (!day) return std::nullopt;
  if (text.empty()) return WrittenTime{*day, std::nullopt};
  const auto minute = minute_of(text);
  if (!minute) return std::nullopt;
  return WrittenTime{*day, *minute};
}

}  // namespace authledger
