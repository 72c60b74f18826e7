#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/rules.h"
#include "config/yaml_reader.h"

// What the readers of single parts of the rules share. Internal to `read_rules`.

namespace authledger {

inline constexpr int kMinutesMax = 24 * 60;
inline constexpr int kDaysMax = 3650;

// The words of the ledger's Measure, which this layer does not see.
extern const std::vector<std::pair<std::string, std::string>> kMeasures;

// Codes compare without case and without space around them. Three digits are a revenue code that lost its zero: no
// other code is so short (CPT and HCPCS have five characters).
std::string canonical_code(std::string_view written);
bool is_code(const std::string& code);
std::vector<std::string> read_codes(YamlMapReader& map, const std::string& key);
CodeRule read_code(const std::string& code, YamlMapReader& map);

void read_payers(YamlMapReader& map, Rules& rules);
void read_payer_rules(YamlMapReader& map, Rules& rules);
void read_benefits(YamlMapReader& map, Rules& rules);
void read_providers(YamlMapReader& map, Rules& rules);
void read_telehealth_and_holidays(YamlMapReader& map, Rules& rules);
// Each replaces `bands` where the key stands: days_left, units_left, percent_left.
void read_day_bands(YamlMapReader& map, std::vector<int>& bands);
void read_unit_bands(YamlMapReader& map, std::vector<Quantity>& bands);
void read_percent_bands(YamlMapReader& map, std::vector<int>& bands);
void read_warnings(YamlMapReader& map, WarningRule& warnings);
void read_roles(YamlMapReader& map, NoticeRules& notices);
void read_recipients(YamlMapReader& map, NoticeRules& notices);

// Calls `read(name, reader)` for every member of a map of maps.
template <typename Read>
void for_each_member(YamlMapReader& map, const std::string& key, Read read) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  YamlMapReader members(*node, map.path_of(key), map.problems());
  for (const YamlMember& member : node->members) {
    YamlMapReader inner(member.value, members.path_of(member.key), map.problems());
    read(member, inner);
  }
}

// Calls `read(reader)` for every item of a list of maps.
template <typename Read>
void for_each_item(YamlMapReader& map, const std::string& key, Read read) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  if (node->kind != YamlKind::sequence) {
    map.problem(key, "expected a list");
    return;
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    YamlMapReader inner(node->items[i], map.path_of(key) + "[" + std::to_string(i) + "]", map.problems());
    read(inner);
  }
}

}  // namespace authledger
