#include <algorithm>

#include "base/text.h"
#include "config/rule_readers.h"

namespace authledger {
namespace {

constexpr size_t kCodeBytesMax = 64;

const std::vector<std::pair<std::string, Rounding>> kRoundings = {{"none", Rounding::none},
                                                                  {"cpt_midpoint", Rounding::cpt_midpoint},
                                                                  {"medicare_8_minute", Rounding::medicare_8_minute},
                                                                  {"floor", Rounding::floor}};

}  // namespace

const std::vector<std::pair<std::string, std::string>> kMeasures = {
    {"visit", "visit"}, {"day", "day"},     {"unit_15_minutes", "unit_15_minutes"},
    {"hour", "hour"},   {"other", "other"}, {"unknown", "unknown"}};

std::string canonical_code(std::string_view written) {
  std::string code = upper_case(trim(written));
  if (code.size() == 3 && code.find_first_not_of("0123456789") == std::string::npos) code.insert(0, 1, '0');
  return code;
}

bool is_code(const std::string& code) {
  return !code.empty() && code.size() <= kCodeBytesMax &&
         std::none_of(code.begin(), code.end(), [](unsigned char c) { return c < 0x20; });
}

std::vector<std::string> read_codes(YamlMapReader& map, const std::string& key) {
  map.required(key, "a list of service codes");
  std::vector<std::string> codes;
  map.text_list(key, codes);
  for (std::string& code : codes) {
    code = canonical_code(code);
    if (!is_code(code)) map.problem(key, "expected codes of 1 to 64 characters");
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

CodeRule read_code(const std::string& code, YamlMapReader& map) {
  CodeRule rule;
  rule.code = code;
  map.required("measure", "visit, day, unit_15_minutes, hour, other or unknown");
  map.word("measure", rule.measure, kMeasures);
  map.word("rounding", rule.rounding, kRoundings);
  map.integer("unit_minutes", rule.unit_minutes, 0, kMinutesMax);
  map.integer("minutes_min", rule.minutes_min, 0, kMinutesMax);
  map.integer("minutes_max", rule.minutes_max, 0, kMinutesMax);
  map.boolean("once_per_day", rule.once_per_day);
  map.boolean("add_on", rule.add_on);
  if (rule.rounding != Rounding::none && rule.unit_minutes == 0) {
    map.problem("rounding", "needs unit_minutes: how long is one unit?");
  }
  if (rule.minutes_max != 0 && rule.minutes_max < rule.minutes_min) {
    map.problem("minutes_max", "expected no less than minutes_min");
  }
  map.finish();
  return rule;
}

}  // namespace authledger
