#include "base/day.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

TEST(Day, ParsesOnlyDaysThatExist) {
  EXPECT_EQ(format_day(*parse_day("2024-02-29")), "2024-02-29");
  EXPECT_FALSE(parse_day("2023-02-29"));
  EXPECT_FALSE(parse_day("2024-13-01"));
  EXPECT_FALSE(parse_day("2024-1-1"));
  EXPECT_FALSE(parse_day("0000-01-01"));
  EXPECT_EQ(format_day(*parse_day("9999-12-31")), "9999-12-31");
}

TEST(Day, PartialDatesCoverTheirWholeSpan) {
  EXPECT_EQ(format_day(*first_day_as_written("2026")), "2026-01-01");
  EXPECT_EQ(format_day(*last_day_as_written("2026")), "2026-12-31");
  EXPECT_EQ(format_day(*last_day_as_written("2024-02")), "2024-02-29");
  EXPECT_EQ(format_day(*last_day_as_written("2026-03-04T23:59:00-05:00")), "2026-03-04");
  EXPECT_FALSE(last_day_as_written("2026-13"));
  EXPECT_FALSE(first_day_as_written("soon"));
}

TEST(Instant, ReadsOffsetsAndFractions) {
  EXPECT_EQ(format_instant(*parse_instant("2026-03-01T23:30:00-05:00")), "2026-03-02T04:30:00Z");
  EXPECT_EQ(format_instant(*parse_instant("2026-03-01T23:30:00.25Z")), "2026-03-01T23:30:00.250000Z");
  EXPECT_EQ(format_instant(*parse_instant("2016-12-31T23:59:60Z")), "2017-01-01T00:00:00Z");
  EXPECT_FALSE(parse_instant("2026-03-01T23:30:00"));
  EXPECT_FALSE(parse_instant("2026-03-01"));
}

TEST(Instant, BeforeTheEpochKeepsItsDay) {
  EXPECT_EQ(format_instant(*parse_instant("1969-12-31T23:00:00Z")), "1969-12-31T23:00:00Z");
}

TEST(HttpDate, RoundTrips) {
  auto instant = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(instant);
  EXPECT_EQ(format_http_date(*instant), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_FALSE(parse_http_date("2"));
}

TEST(TimeZone, AVisitBelongsToTheDayOfTheSite) {
  auto zone = TimeZone::find("America/New_York");
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(format_day(*zone->civil_day("2026-03-02T04:30:00Z")), "2026-03-01");
  EXPECT_EQ(format_day(*zone->civil_day("2026-03-02")), "2026-03-02");
  // Clocks go forward on 2026-03-08: the day still starts at midnight, and the next is 23 hours later.
  auto length = zone->start_of(day_of(2026, 3, 9)) - zone->start_of(day_of(2026, 3, 8));
  EXPECT_EQ(std::chrono::duration_cast<std::chrono::hours>(length).count(), 23);
}

TEST(TimeZone, UnknownNamesAreRefused) {
  EXPECT_FALSE(TimeZone::find("America/Springfield").ok());
}

}  // namespace
}  // namespace authledger
