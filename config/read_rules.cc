#include "config/read_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "config/config.h"
#include "config/rule_readers.h"

namespace authledger {
namespace {

void read_families(YamlMapReader& map, Rules& rules) {
  const YamlNode* node = map.find("families");
  if (node == nullptr) return;
  if (node->kind != YamlKind::sequence) {
    map.problem("families", "expected a list of families");
    return;
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    YamlMapReader inner(node->items[i], fmt::format("{}[{}]", map.path_of("families"), i), map.problems());
    CodeFamily family;
    inner.text("payer", family.payer);
    inner.required("name", "a name for the family");
    inner.text("name", family.name);
    inner.required("authorized_code", "the code that the authorization names");
    inner.text("authorized_code", family.authorized_code);
    family.authorized_code = canonical_code(family.authorized_code);
    family.codes = read_codes(inner, "codes");
    inner.finish();
    std::erase_if(rules.families,
                  [&](const CodeFamily& old) { return old.payer == family.payer && old.name == family.name; });
    rules.families.push_back(std::move(family));
  }
  std::sort(rules.families.begin(), rules.families.end(), [](const CodeFamily& a, const CodeFamily& b) {
    return std::tie(a.payer, a.name) < std::tie(b.payer, b.name);
  });
}

void read_programs(YamlMapReader& map, Rules& rules) {
  for_each_member(map, "programs", [&](const YamlMember& member, YamlMapReader& inner) {
    ProgramRule program;
    program.program = member.key;
    program.codes = read_codes(inner, "codes");
    inner.required("measure", "visit, day, unit_15_minutes, hour, other or unknown");
    inner.word("measure", program.measure, kMeasures);
    inner.finish();
    std::erase_if(rules.programs, [&](const ProgramRule& old) { return old.program == program.program; });
    rules.programs.push_back(std::move(program));
  });
  std::sort(rules.programs.begin(), rules.programs.end(),
            [](const ProgramRule& a, const ProgramRule& b) { return a.program < b.program; });
}

void read_aliases(YamlMapReader& map, Rules& rules) {
  const YamlNode* node = map.find("payer_aliases");
  if (node == nullptr) return;
  std::map<std::string, std::string> written;
  map.text_map("payer_aliases", written);
  std::map<std::string, std::string> seen;
  for (const auto& [spelling, payer] : written) {
    std::string key = lower_case(trim(spelling));
    if (key.empty() || trim(payer).empty()) {
      map.problem("payer_aliases", "expected `spelling: payer`, both with text");
      continue;
    }
    std::string canonical(trim(payer));
    auto [found, is_new] = seen.emplace(key, canonical);
    if (!is_new && found->second != canonical) {
      map.problem("payer_aliases",
                  fmt::format("`{}` stands for two payers (case and outer space do not count)", spelling));
    }
    rules.payer_aliases[key] = canonical;
  }
}

}  // namespace

void read_rules_keys(YamlMapReader& map, Rules& rules) {
  std::map<std::string, const YamlMember*> seen;
  for_each_member(map, "codes", [&](const YamlMember& member, YamlMapReader& inner) {
    std::string code = canonical_code(member.key);
    if (!is_code(code)) map.problems().add(member.line, member.column, "codes: expected a code of 1 to 64 characters");
    if (!seen.emplace(code, &member).second) {
      map.problems().add(member.line, member.column,
                         fmt::format("codes: the code `{}` stands here twice (case does not count)", code));
    }
    rules.codes[code] = read_code(code, inner);
  });
  read_families(map, rules);
  read_programs(map, rules);
  read_payers(map, rules);
  read_payer_rules(map, rules);
  read_benefits(map, rules);
  read_providers(map, rules);
  read_telehealth_and_holidays(map, rules);
  read_aliases(map, rules);
  read_warnings(map, rules.warnings);
  read_roles(map, rules.notices);
  read_recipients(map, rules.notices);
  map.integer("reservation_grace_days", rules.reservation_grace_days, 0, kDaysMax);
}

Issues read_rules(std::string_view text, const std::string& file, Rules& rules) {
  YamlProblems problems(file);
  YamlNode root = parse_yaml(text, problems);
  if (root.kind == YamlKind::null) return problems.issues();
  YamlMapReader map(root, "", problems);
  read_rules_keys(map, rules);
  map.text("time_zone", rules.time_zone);
  map.finish();
  return problems.issues();
}

Rules shipped_rules() {
  Rules rules;
  constexpr const char* kFile = "config/rules/behavioral_health.yaml";
  std::optional<std::string_view> text = shipped_file(kFile);
  AUTHLEDGER_CHECK(text.has_value());
  AUTHLEDGER_CHECK(read_rules(*text, kFile, rules).empty());
  return rules;
}

}  // namespace authledger
