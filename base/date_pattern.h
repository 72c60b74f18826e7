#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/day.h"
#include "base/result.h"

// Dates and numbers as people write them in spreadsheets.

namespace authledger {

struct WrittenTime {
  Day day;
  std::optional<int> minute_of_day;  // Where a time of day is written beside the day.
};

// "m/d/yyyy", "d.m.yy", "yyyy-mm-dd", "d-mmm-yyyy" (English names), or "excel" for a day number.
class DatePattern {
 public:
  // Errors: letters beside d, m and y; one of them is missing or twice.
  static Result<DatePattern> compile(std::string_view text);

  bool has_two_digit_year() const { return has_two_digit_year_; }
  // The whole text must be the date, or the date and a time ("3/1/2025 14:30", "… 2:30 PM", "…T14:30:00"). `m` and `d`
  // take one digit or two, `mm` and `dd` two. `first_two_digit_year`: 1950 makes 49 be 2049 and 50 be 1950.
  std::optional<WrittenTime> parse(std::string_view text, int first_two_digit_year) const;

 private:
  enum class Part { day, day_2, month, month_2, month_name, year, year_2, literal };
  struct Token {
    Part part;
    char literal = 0;
  };
  std::optional<Day> parse_date(std::string_view& text, int first_two_digit_year) const;

  std::vector<Token> tokens_;
  bool has_two_digit_year_ = false, is_excel_ = false;
};

}  // namespace authledger
