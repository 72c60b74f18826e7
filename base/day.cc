#include "base/day.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <stdexcept>

namespace authledger {
namespace {

std::optional<int> digits(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<Day> existing_day(int year, int month, int day_of_month) {
  date::year_month_day ymd{date::year{year}, date::month{static_cast<unsigned>(month)},
                           date::day{static_cast<unsigned>(day_of_month)}};
  if (year < 1 || !ymd.ok()) return std::nullopt;
  return Day{static_cast<int32_t>(date::sys_days{ymd}.time_since_epoch().count())};
}

date::sys_days sys_days_of(Day day) {
  return date::sys_days{date::days{day.number}};
}

std::string_view date_part(std::string_view text) {
  return text.substr(0, text.find('T'));
}

const date::time_zone* zone_of(const void* zone) {
  return static_cast<const date::time_zone*>(zone);
}

constexpr const char* kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

Day day_of(int year, int month, int day_of_month) {
  auto day = existing_day(year, month, day_of_month);
  AUTHLEDGER_CHECK(day.has_value());
  return *day;
}

int year_of(Day day) {
  return static_cast<int>(date::year_month_day{sys_days_of(day)}.year());
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  return existing_day(*year, *month, *day);
}

std::string format_day(Day day) {
  date::year_month_day ymd{sys_days_of(day)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

std::optional<Day> first_day_as_written(std::string_view text) {
  text = date_part(text);
  if (text.size() == 10) return parse_day(text);
  auto year = digits(text, 0, 4);
  if (!year) return std::nullopt;
  if (text.size() == 4) return existing_day(*year, 1, 1);
  if (text.size() != 7 || text[4] != '-') return std::nullopt;
  auto month = digits(text, 5, 2);
  return month ? existing_day(*year, *month, 1) : std::nullopt;
}

std::optional<Day> last_day_as_written(std::string_view text) {
  text = date_part(text);
  if (text.size() == 10) return parse_day(text);
  auto year = digits(text, 0, 4);
  if (!year) return std::nullopt;
  if (text.size() == 4) return existing_day(*year, 12, 31);
  auto first = first_day_as_written(text);
  if (!first) return std::nullopt;
  date::year_month_day ymd{sys_days_of(*first)};
  date::year_month_day_last last{ymd.year(), date::month_day_last{ymd.month()}};
  return Day{static_cast<int32_t>(date::sys_days{last}.time_since_epoch().count())};
}

std::optional<Instant> parse_instant(std::string_view text) {
  if (text.size() < 17 || text[10] != 'T' || text[13] != ':') return std::nullopt;
  auto day = parse_day(text.substr(0, 10));
  auto hour = digits(text, 11, 2), minute = digits(text, 14, 2);
  if (!day || !hour || !minute || *hour > 24 || *minute > 59) return std::nullopt;
  size_t at = 16;
  int second = 0;
  int64_t micros = 0;
  if (text[at] == ':') {
    auto seconds = digits(text, at + 1, 2);
    // Second 60 is a leap second; it becomes the first second of the next minute.
    if (!seconds || *seconds > 60) return std::nullopt;
    second = *seconds;
    at += 3;
    if (at < text.size() && text[at] == '.') {
      ++at;
      int64_t scale = 100'000;
      size_t first_digit = at;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
        micros += (text[at] - '0') * scale;
      if (at == first_digit) return std::nullopt;
    }
  }
  int offset_minutes = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at + 6 <= text.size() && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    auto offset_hour = digits(text, at + 1, 2), offset_minute = digits(text, at + 4, 2);
    if (!offset_hour || !offset_minute || *offset_hour > 14 || *offset_minute > 59) return std::nullopt;
    offset_minutes = (*offset_hour * 60 + *offset_minute) * (text[at] == '-' ? -1 : 1);
    at += 6;
  } else {
    return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  using namespace std::chrono;
  Instant instant{hours{24} * day->number + hours{*hour} + minutes{*minute - offset_minutes} + seconds{second} +
                  microseconds{micros}};
  // In UTC it must lie in the years that can be written.
  Instant first{hours{24} * day_of(1, 1, 1).number}, last{hours{24} * (day_of(9999, 12, 31).number + 1)};
  if (instant < first || instant >= last) return std::nullopt;
  return instant;
}

std::string format_instant(Instant instant) {
  using namespace std::chrono;
  auto whole_day = floor<duration<int, std::ratio<86400>>>(instant.time_since_epoch());
  auto rest = duration_cast<microseconds>(instant.time_since_epoch() - whole_day).count();
  std::string text = format_day(Day{whole_day.count()});
  int64_t whole_seconds = rest / 1'000'000;
  text += fmt::format("T{:02}:{:02}:{:02}", whole_seconds / 3600, whole_seconds / 60 % 60, whole_seconds % 60);
  if (rest % 1'000'000 != 0) text += fmt::format(".{:06}", rest % 1'000'000);
  return text + "Z";
}

std::optional<Instant> parse_http_date(std::string_view text) {
  // Only the preferred IMF-fixdate; senders must not write the two obsolete forms (RFC 9110, 5.6.7).
  if (text.size() != 29 || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") return std::nullopt;
  auto day_of_month = digits(text, 5, 2), year = digits(text, 12, 4);
  auto hour = digits(text, 17, 2), minute = digits(text, 20, 2), second = digits(text, 23, 2);
  int month = 0;
  for (int i = 0; i < 12; ++i) {
    if (text.substr(8, 3) == kMonths[i]) month = i + 1;
  }
  if (!day_of_month || !year || !hour || !minute || !second || month == 0) return std::nullopt;
  auto day = existing_day(*year, month, *day_of_month);
  if (!day) return std::nullopt;
  using namespace std::chrono;
  return Instant{hours{24} * day->number + hours{*hour} + minutes{*minute} + seconds{*second}};
}

std::string format_http_date(Instant instant) {
  using namespace std::chrono;
  auto whole_day = floor<duration<int, std::ratio<86400>>>(instant.time_since_epoch());
  auto rest = duration_cast<seconds>(instant.time_since_epoch() - whole_day).count();
  date::sys_days days{date::days{whole_day.count()}};
  date::year_month_day ymd{days};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kWeekdays[date::weekday{days}.c_encoding()],
                     static_cast<unsigned>(ymd.day()), kMonths[static_cast<unsigned>(ymd.month()) - 1],
                     static_cast<int>(ymd.year()), rest / 3600, rest / 60 % 60, rest % 60);
}

Result<TimeZone> TimeZone::find(const std::string& name) {
  try {
    return TimeZone(name, date::locate_zone(name));
  } catch (const std::runtime_error&) {
    return Failure{
        fmt::format("no time zone \"{}\" in the system's database; write an IANA name such as America/New_York", name)};
  }
}

Day TimeZone::day_of(Instant instant) const {
  auto local = zone_of(zone_)->to_local(instant);
  return Day{static_cast<int32_t>(date::floor<date::days>(local).time_since_epoch().count())};
}

Instant TimeZone::start_of(Day day) const {
  date::local_days local{date::days{day.number}};
  return std::chrono::time_point_cast<std::chrono::microseconds>(zone_of(zone_)->to_sys(local, date::choose::earliest));
}

std::optional<Day> TimeZone::civil_day(std::string_view text) const {
  if (auto instant = parse_instant(text)) return day_of(*instant);
  return first_day_as_written(text);
}

}  // namespace authledger
