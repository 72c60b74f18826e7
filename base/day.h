#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace authledger {

// A point in time, UTC, in microseconds (what PostgreSQL's timestamptz holds).
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

// A civil day of the proleptic Gregorian calendar, without a time zone. Authorizations and coverages state these.
struct Day {
  int32_t number = 0;  // Days since 1970-01-01.

  constexpr auto operator<=>(const Day&) const = default;
};

constexpr Day operator+(Day day, int days) {
  return Day{day.number + days};
}
constexpr Day operator-(Day day, int days) {
  return Day{day.number - days};
}
constexpr int operator-(Day later, Day earlier) {
  return later.number - earlier.number;
}

Day day_of(int year, int month, int day_of_month);
int year_of(Day day);

// The whole text must be YYYY-MM-DD and a day that exists, years 0001 to 9999.
std::optional<Day> parse_day(std::string_view text);
std::string format_day(Day day);

// First and last civil day that a FHIR date (YYYY, YYYY-MM or YYYY-MM-DD) covers, its date part as written when a
// time follows. Source: FHIR R4, datatypes, date and dateTime.
std::optional<Day> first_day_as_written(std::string_view text);
std::optional<Day> last_day_as_written(std::string_view text);

// A FHIR instant or dateTime with time and offset ("2026-03-01T23:30:00-05:00"). Without time or offset: nullopt.
std::optional<Instant> parse_instant(std::string_view text);
// "2026-03-01T04:30:00.123456Z"; the fraction is left out when it is zero.
std::string format_instant(Instant instant);
// RFC 9110 HTTP-date ("Sun, 06 Nov 1994 08:49:37 GMT").
std::optional<Instant> parse_http_date(std::string_view text);
std::string format_http_date(Instant instant);

// A zone of the system's time-zone database. Copyable and safe to share between threads.
class TimeZone {
 public:
  // Errors: no zone of that name; the message names the nearest known one's region.
  static Result<TimeZone> find(const std::string& name);

  const std::string& name() const { return name_; }
  Day day_of(Instant instant) const;
  // Midnight at the start of the day; where a transition skips it, the first instant of that day.
  Instant start_of(Day day) const;
  // The civil day of a FHIR date, dateTime or instant: as written when it has no time or no offset, else the day in
  // this zone.
  std::optional<Day> civil_day(std::string_view text) const;

 private:
  TimeZone(std::string name, const void* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const void* zone_;  // date::time_zone, which lives as long as the process.
};

}  // namespace authledger
