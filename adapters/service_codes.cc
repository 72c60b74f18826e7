#include "adapters/service_codes.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace authledger {
namespace {

// FHIR data-absent-reason: payloads carry these as if they were procedure codes.
constexpr std::array<std::string_view, 15> kNoCode = {
    "UNKNOWN",      "ASKED-UNKNOWN",     "TEMP-UNKNOWN",      "NOT-ASKED",     "ASKED-DECLINED",
    "MASKED",       "NOT-APPLICABLE",    "UNSUPPORTED",       "AS-TEXT",       "ERROR",
    "NOT-A-NUMBER", "NEGATIVE-INFINITY", "POSITIVE-INFINITY", "NOT-PERFORMED", "NOT-PERMITTED"};

constexpr size_t kRevenueCodeDigits = 4;

void add_code(std::vector<std::string>& codes, std::string_view raw) {
  std::string code = upper_case(trim(raw));
  if (code.empty() || std::find(kNoCode.begin(), kNoCode.end(), code) != kNoCode.end()) return;
  if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(std::move(code));
}

std::string revenue_code(std::string_view raw) {
  std::string code(raw);
  const bool digits = std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits && code.size() + 1 == kRevenueCodeDigits) code.insert(0, 1, '0');
  return code;
}

// One word of a value map may name several codes: "90834, 90785".
void add_mapped(std::vector<std::string>& codes, const Row& row, Field field) {
  for (const std::string_view raw : row.raw_list(field)) {
    const auto word = row.word(field, raw);
    if (!word) continue;
    for (const std::string& code : split(*word, ',')) add_code(codes, code);
  }
}

struct UnitWord {
  std::string_view text;
  Measure measure;
};

// X12 673 quantity units, UCUM and the words that payers write. FL and UN mean "units" of whatever the code counts in;
// months and minutes are units that no visit is counted in.
constexpr std::array<UnitWord, 39> kUnitWords = {{
    {"VS", Measure::visit},
    {"DY", Measure::day},
    {"DA", Measure::day},
    {"HS", Measure::hour},
    {"MN", Measure::other},
    {"F2", Measure::other},
    {"MJ", Measure::other},
    {"D", Measure::day},
    {"H", Measure::hour},
    {"MIN", Measure::other},
    {"MO", Measure::other},
    {"{VISIT}", Measure::visit},
    {"{VISITS}", Measure::visit},
    {"VISIT", Measure::visit},
    {"VISITS", Measure::visit},
    {"SESSION", Measure::visit},
    {"SESSIONS", Measure::visit},
    {"ENCOUNTER", Measure::visit},
    {"ENCOUNTERS", Measure::visit},
    {"EVALUATION", Measure::visit},
    {"EVALUATIONS", Measure::visit},
    {"EACH", Measure::visit},
    {"DAY", Measure::day},
    {"DAYS", Measure::day},
    {"PER DIEM", Measure::day},
    {"HOUR", Measure::hour},
    {"HOURS", Measure::hour},
    {"HR", Measure::hour},
    {"HRS", Measure::hour},
    {"15 MIN", Measure::unit_15_minutes},
    {"15 MINUTES", Measure::unit_15_minutes},
    {"15-MINUTE UNIT", Measure::unit_15_minutes},
    {"15-MINUTE UNITS", Measure::unit_15_minutes},
    {"15 MINUTE UNITS", Measure::unit_15_minutes},
    {"MINUTE", Measure::other},
    {"MINUTES", Measure::other},
    {"MONTH", Measure::other},
    {"MONTHS", Measure::other},
    {"INTERNATIONAL UNIT", Measure::other},
}};

Measure measure_of_unit(const Row& row, Field field) {
  const std::string_view raw = row.raw(field);
  if (raw.empty()) return Measure::unknown;
  if (const auto word = row.word(field, raw)) return measure_from(*word).value_or(Measure::unknown);
  const std::string unit = upper_case(raw);
  for (const UnitWord& known : kUnitWords) {
    if (known.text == unit) return known.measure;
  }
  return Measure::unknown;
}

}  // namespace

std::vector<std::string> read_service_codes(const Row& row) {
  std::vector<std::string> codes;
  for (const std::string_view raw : row.raw_list(Field::service_codes)) {
    const auto word = row.word(Field::service_codes, raw);
    for (const std::string& code : split(word.value_or(raw), ',')) add_code(codes, code);
  }
  for (const std::string_view raw : row.raw_list(Field::revenue_codes)) add_code(codes, revenue_code(raw));
  if (codes.empty()) add_mapped(codes, row, Field::local_codes);
  if (codes.empty()) add_mapped(codes, row, Field::local_text);
  if (row.is_true(Field::coded_only)) return codes;
  if (codes.empty()) codes = read_codes(row, Field::local_codes);
  if (codes.empty()) codes = read_codes(row, Field::local_text);
  return codes;
}

void add_code_range(const Row& row, std::vector<std::string>& codes) {
  if (codes.empty()) return;
  const std::string start = codes.front();
  const std::string end = upper_case(row.raw(Field::code_end));
  if (end.empty() || end == start) return;
  add_code(codes, end);
  add_code(codes, start + "-" + end);
}

std::vector<std::string> read_codes(const Row& row, Field field) {
  std::vector<std::string> codes;
  for (const std::string_view raw : row.raw_list(field)) add_code(codes, raw);
  return codes;
}

Measure read_measure(const Row& row) {
  if (const auto stated = measure_from(row.text(Field::measure))) return *stated;
  const Measure by_code = measure_of_unit(row, Field::quantity_code);
  return by_code != Measure::unknown ? by_code : measure_of_unit(row, Field::quantity_unit);
}

}  // namespace authledger
