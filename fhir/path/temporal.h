#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/day.h"

namespace authledger {

// A date, dateTime or time with the precision in which it was written.
// Source: FHIRPath 2.0, Date, DateTime, Time; FHIR R4, datatypes. Sub-second digits and seconds are one precision.
enum class TemporalKind : uint8_t { date, date_time, time };
enum class Precision : uint8_t { year, month, day, hour, minute, second };

struct Temporal {
  TemporalKind kind = TemporalKind::date;
  Precision precision = Precision::year;
  int32_t year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int32_t millisecond = 0;
  int32_t fraction_digits = 0;  // As written; beyond three they are cut.
  bool has_offset = false;
  bool is_utc = false;  // Written as Z.
  int32_t offset_minutes = 0;
};

// Text without @. A date may be YYYY, YYYY-MM, YYYY-MM-DD; a dateTime adds a T part (a trailing bare T is allowed).
std::optional<Temporal> parse_date(std::string_view text);
std::optional<Temporal> parse_date_time(std::string_view text);  // Also a plain date, as dateTime.
std::optional<Temporal> parse_time(std::string_view text);       // hh, hh:mm, hh:mm:ss(.fff), with or without leading T
// FHIR form: the text that JSON would hold.
std::string format_temporal(const Temporal& value);
Temporal temporal_of(Instant instant, TemporalKind kind);

// Three-valued: -1, 0, 1, or nullopt when precision or offset leaves it open.
std::optional<int> compare(const Temporal& a, const Temporal& b);
// Equivalence: different precision or unknown offset is "not equivalent".
bool equivalent(const Temporal& a, const Temporal& b);

enum class CalendarUnit : uint8_t { year, month, week, day, hour, minute, second, millisecond };
std::optional<CalendarUnit> calendar_unit(std::string_view word);  // "year", "years", …
// Whole units; finer units than the value's precision are converted down. nullopt beyond years 1 … 9999.
std::optional<Temporal> add(Temporal value, int64_t count, CalendarUnit unit);

// Digits of precision (FHIRPath precision()): year 4, month 6, day 8, hour 10, minute 12, second 14, millisecond 17.
int precision_digits(const Temporal& value);
// First or last value that the written one covers, in `digits` of precision. nullopt when digits are not possible.
std::optional<Temporal> boundary(Temporal value, bool is_high, std::optional<int> digits);

}  // namespace authledger
