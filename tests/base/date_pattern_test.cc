#include "base/date_pattern.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

std::string read(const std::string& pattern, const std::string& text, int first_two_digit_year = 0) {
  auto compiled = DatePattern::compile(pattern);
  EXPECT_TRUE(compiled.ok()) << pattern;
  const auto time = compiled->parse(text, first_two_digit_year);
  if (!time) return "none";
  return format_day(time->day) + (time->minute_of_day ? " " + std::to_string(*time->minute_of_day) : "");
}

TEST(DatePattern, ReadsDatesAsSheetsWriteThem) {
  EXPECT_EQ(read("m/d/yyyy", "3/9/2026"), "2026-03-09");
  EXPECT_EQ(read("m/d/yyyy", "03/09/2026"), "2026-03-09");
  EXPECT_EQ(read("d.m.yyyy", "9.3.2026"), "2026-03-09");
  EXPECT_EQ(read("yyyy-mm-dd", "2026-03-09"), "2026-03-09");
  EXPECT_EQ(read("d-mmm-yyyy", "9-Mar-2026"), "2026-03-09");
  EXPECT_EQ(read("mmm d, yyyy", "MAR 9, 2026"), "2026-03-09");
  EXPECT_EQ(read("excel", "46090"), "2026-03-09");
}

TEST(DatePattern, TakesNothingElse) {
  for (const char* text : {"13/1/2026", "2/30/2026", "3/9/26", "3/9/20266", "3-9-2026", "2026-03-09", "", "3/9/2026 x",
                           "3/9/2026 25:00", "3/9/2026 13:00 PM"}) {
    EXPECT_EQ(read("m/d/yyyy", text), "none") << text;
  }
  EXPECT_EQ(read("yyyy-mm-dd", "2026-3-9"), "none");
  EXPECT_EQ(read("excel", "46090.5"), "none");
  EXPECT_EQ(read("excel", "9999999"), "none");
}

TEST(DatePattern, TakesATimeBesideTheDay) {
  EXPECT_EQ(read("m/d/yyyy", "3/9/2026 14:30"), "2026-03-09 870");
  EXPECT_EQ(read("m/d/yyyy", "3/9/2026 2:30 PM"), "2026-03-09 870");
  EXPECT_EQ(read("m/d/yyyy", "3/9/2026 12:00:00 AM"), "2026-03-09 0");
  EXPECT_EQ(read("yyyy-mm-dd", "2026-03-09T14:30:00.000Z"), "2026-03-09 870");
}

TEST(DatePattern, PutsTwoDigitYearsIntoTheCenturyThatIsStated) {
  EXPECT_EQ(read("m/d/yy", "3/9/26", 1950), "2026-03-09");
  EXPECT_EQ(read("m/d/yy", "3/9/49", 1950), "2049-03-09");
  EXPECT_EQ(read("m/d/yy", "3/9/50", 1950), "1950-03-09");
  EXPECT_EQ(read("m/d/yy", "3/9/26", 2000), "2026-03-09");
}

TEST(DatePattern, RefusesPatternsThatSayNoDate) {
  for (const char* pattern : {"", "m/d", "m/d/yyyy/d", "mm/dd/yyy", "x", "yyyy-mm-dd hh:mm"}) {
    EXPECT_FALSE(DatePattern::compile(pattern).ok()) << pattern;
  }
}

}  // namespace
}  // namespace authledger
