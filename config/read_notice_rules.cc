#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "config/rule_readers.h"

// Thresholds, roles, and which notice goes to which role.

namespace authledger {
namespace {

constexpr int kPercentMax = 99;

// What stands as one value or as a list of them.
template <typename Read>
void for_each_value(YamlMapReader& map, const std::string& key, Read read) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  if (node->kind == YamlKind::sequence) {
    for (const YamlNode& item : node->items) read(item);
  } else {
    read(*node);
  }
}

template <typename Value>
void read_bands(YamlMapReader& map, const std::string& key, std::vector<Value>& bands, const std::string& expected,
                const std::function<std::optional<Value>(const std::string&)>& parse) {
  if (!map.has(key)) return;
  std::vector<Value> read;
  bool is_wrong = false;
  for_each_value(map, key, [&](const YamlNode& item) {
    const std::optional<Value> value = item.kind == YamlKind::scalar ? parse(item.text) : std::nullopt;
    if (value) {
      read.push_back(*value);
    } else {
      map.problem_at(item, key, expected);
      is_wrong = true;
    }
  });
  if (is_wrong) return;
  std::sort(read.begin(), read.end(), std::greater<>());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  bands = std::move(read);
}

std::optional<int> whole(const std::string& text, int max) {
  const std::optional<Quantity> value = parse_quantity(text);
  if (!value || value->milli() < 0 || value->milli() % 1000 != 0 || value->milli() > int64_t{max} * 1000) {
    return std::nullopt;
  }
  return static_cast<int>(value->milli() / 1000);
}

std::optional<Quantity> count_from(const std::string& text) {
  const std::optional<Quantity> value = parse_quantity(text);
  return value && value->milli() >= 0 ? value : std::nullopt;
}

}  // namespace

void read_day_bands(YamlMapReader& map, std::vector<int>& bands) {
  read_bands<int>(map, "days_left", bands,
                  fmt::format("expected a whole number from 0 to {}, or a list such as [60, 30, 14, 7, 0]", kDaysMax),
                  [](const std::string& text) { return whole(text, kDaysMax); });
}

void read_unit_bands(YamlMapReader& map, std::vector<Quantity>& bands) {
  read_bands<Quantity>(map, "units_left", bands,
                       "expected a number of units, 0 or more, such as 3 or 2.5, or a list of them", count_from);
}

void read_percent_bands(YamlMapReader& map, std::vector<int>& bands) {
  read_bands<int>(map, "percent_left", bands,
                  fmt::format("expected a whole number from 0 to {}, or a list such as [20, 10]", kPercentMax),
                  [](const std::string& text) { return whole(text, kPercentMax); });
}

namespace {

void read_minute(YamlMapReader& map, const std::string& key, std::optional<int>& target) {
  std::string text;
  map.text(key, text);
  if (!map.has(key)) return;
  target = parse_minute(text);
  if (!target) map.problem(key, "expected a time of day such as \"17:00\"");
}

std::vector<std::string> role_words(std::initializer_list<Role> roles) {
  std::vector<std::string> words;
  for (const Role role : roles) words.emplace_back(word_of(role));
  return words;
}

const std::vector<std::pair<std::string, Role>> kStaff = {
    {"clinician", Role::clinician}, {"biller", Role::biller}, {"operations", Role::operations}};

void read_role(YamlMapReader& map, Role role, RoleRule& rule) {
  if (role == Role::patient) {
    map.boolean("consent", rule.has_consent);
  } else {
    map.text("owner", rule.owner);
    if (!rule.owner.empty() && rule.owner.find('/') == std::string::npos) {
      map.problem("owner", "expected a reference such as Organization/billing or PractitionerRole/renewals");
    }
    map.duration("escalate_after", rule.escalate_after, std::chrono::seconds(0), std::chrono::hours(24 * 90));
    map.word("escalate_to", rule.escalate_to, kStaff);
    const bool escalates = rule.escalate_after.count() > 0;
    if (escalates && rule.escalate_to == Role::none) map.required("escalate_to", "the role that then owns it");
    if (rule.escalate_to == role) map.problem("escalate_to", "expected another role than the one that escalates");
  }
  read_minute(map, "digest_at", rule.digest_at);
  if (const YamlNode* node = map.find("quiet")) {
    YamlMapReader inner(*node, map.path_of("quiet"), map.problems());
    std::optional<int> from, until;
    inner.required("from", "a time of day such as \"20:00\"");
    read_minute(inner, "from", from);
    inner.required("until", "a time of day such as \"07:00\"");
    read_minute(inner, "until", until);
    inner.finish();
    if (from && until) rule.quiet = QuietHours{*from, *until};
  }
}

}  // namespace

void read_warnings(YamlMapReader& map, WarningRule& warnings) {
  const YamlNode* node = map.find("warnings");
  if (node == nullptr) return;
  YamlMapReader inner(*node, map.path_of("warnings"), map.problems());
  read_day_bands(inner, warnings.days_left);
  read_unit_bands(inner, warnings.units_left);
  read_percent_bands(inner, warnings.percent_left);
  if (const YamlNode* margin = inner.find("units_margin")) {
    const auto value = margin->kind == YamlKind::scalar ? count_from(margin->text) : std::nullopt;
    if (value) warnings.units_margin = *value;
    if (!value) inner.problem("units_margin", "expected a number of units, 0 or more, such as 1");
  }
  inner.integer("benefit_percent_left", warnings.benefit_percent_left, 0, kPercentMax);
  inner.integer("decision_days_standard", warnings.decision_days_standard, 0, kDaysMax);
  inner.integer("decision_hours_expedited", warnings.decision_hours_expedited, 0, kDaysMax * 24);
  inner.finish();
}

void read_roles(YamlMapReader& map, NoticeRules& notices) {
  const std::vector<std::string> known = role_words({Role::clinician, Role::biller, Role::operations, Role::patient});
  for_each_member(map, "roles", [&](const YamlMember& member, YamlMapReader& inner) {
    const std::optional<Role> role = role_from(member.key);
    if (!role) {
      map.problems().add(member.line, member.column,
                         fmt::format("roles: `{}` is no role{}", member.key, suggestion(member.key, known)));
      return;
    }
    read_role(inner, *role, notices.roles[*role]);
    inner.finish();
  });
}

void read_recipients(YamlMapReader& map, NoticeRules& notices) {
  const YamlNode* node = map.find("notices");
  if (node == nullptr) return;
  YamlMapReader inner(*node, map.path_of("notices"), map.problems());
  for (auto& [kind, recipients] : notices.recipients) {
    if (kind == "benefit_for_patient" || !inner.has(kind)) continue;  // Its switch is the patient's consent.
    recipients.clear();
    for_each_value(inner, kind, [&](const YamlNode& item) {
      const std::optional<Role> role = item.kind == YamlKind::scalar ? role_from(item.text) : std::nullopt;
      const bool is_new = role && std::find(recipients.begin(), recipients.end(), *role) == recipients.end();
      if (role && *role != Role::patient && is_new) {
        recipients.push_back(*role);
      } else {
        inner.problem_at(item, kind,
                         "expected roles, each once: clinician, biller, operations; [] for nobody. Patients are told "
                         "of their benefit alone: roles.patient.consent");
      }
    });
  }
  inner.finish();
}

}  // namespace authledger
