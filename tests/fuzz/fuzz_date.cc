#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/day.h"
#include "base/quantity.h"
#include "fhir/path/decimal.h"
#include "fhir/path/temporal.h"

// Dates, times, instants and numbers: what is read is written and read again to the same value, and arithmetic on it
// gives a value or nothing.

namespace authledger {
namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void try_temporal(const std::optional<Temporal>& value, const std::optional<Temporal>& again) {
  if (!value) return;
  expect(again.has_value() && compare(*value, *again).value_or(0) == 0);
  for (int unit = 0; unit <= static_cast<int>(CalendarUnit::millisecond); ++unit) {
    for (int64_t count : {int64_t{1}, int64_t{-400}, INT64_MAX, INT64_MIN + 1}) {
      auto moved = add(*value, count, static_cast<CalendarUnit>(unit));
      if (moved) expect(!format_temporal(*moved).empty());
    }
  }
  for (int digits = -1; digits < 20; ++digits) {
    auto low = boundary(*value, false, digits), high = boundary(*value, true, digits);
    expect(low.has_value() == high.has_value());
    if (low) expect(compare(*low, *high).value_or(0) <= 0);
  }
}

void try_text(std::string_view text) {
  if (auto day = parse_day(text)) expect(format_day(*day) == text);
  auto first = first_day_as_written(text), last = last_day_as_written(text);
  expect(first.has_value() == last.has_value() && (!first || *first <= *last));
  if (auto instant = parse_instant(text)) expect(parse_instant(format_instant(*instant)) == instant);
  if (auto instant = parse_http_date(text)) expect(parse_http_date(format_http_date(*instant)) == instant);
  if (auto date = parse_date(text)) try_temporal(date, parse_date(format_temporal(*date)));
  if (auto moment = parse_date_time(text)) try_temporal(moment, parse_date_time(format_temporal(*moment)));
  if (auto time = parse_time(text)) try_temporal(time, parse_time(format_temporal(*time)));
  if (auto quantity = parse_quantity(text)) expect(parse_quantity(format_quantity(*quantity)) == quantity);
  if (auto number = parse_decimal(text)) {
    auto again = parse_decimal(format_decimal(*number));
    expect(again && compare(*again, *number) == 0);
    for (const Decimal& other : {decimal_of(7), decimal_of(-1), *number}) {
      for (const auto& result : {add(*number, other), subtract(*number, other), multiply(*number, other)}) {
        if (result) expect(!format_decimal(*result).empty());
      }
      if (other.coefficient == 0) continue;
      for (const auto& result : {divide(*number, other), divide_whole(*number, other), remainder(*number, other)}) {
        if (result) expect(!format_decimal(*result).empty());
      }
    }
    for (int scale : {0, 1, 8, 31}) {
      for (auto rounding :
           {DecimalRounding::half_away, DecimalRounding::down, DecimalRounding::floor, DecimalRounding::ceiling}) {
        if (auto result = rescale(*number, scale, rounding)) expect(result->scale == scale);
      }
    }
  }
}

}  // namespace
}  // namespace authledger

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  authledger::try_text({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
