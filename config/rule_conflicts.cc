#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "config/payer_settings.h"

namespace authledger {
namespace {

// How close a rule is to a service that both are about; days come last.
auto closeness(const PayerRule& rule) {
  const bool has_days = rule.first_day || rule.last_day;
  return std::tuple(!rule.payer.empty(), !rule.codes.empty(), !rule.program.empty(), !rule.plan.empty(), has_days,
                    rule.first_day);
}

struct CodeSpan {
  std::string_view low, high;
};

CodeSpan span_of(std::string_view entry) {
  const size_t dash = entry.find('-');
  if (dash == std::string_view::npos || entry.size() != 2 * dash + 1) return {entry, entry};
  return {entry.substr(0, dash), entry.substr(dash + 1)};
}

bool codes_overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return true;
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      const CodeSpan x = span_of(one), y = span_of(other);
      if (x.low.size() == y.low.size() && x.low <= y.high && y.low <= x.high) return true;
    }
  }
  return false;
}

bool holds_codes(const std::vector<std::string>& outer, const std::vector<std::string>& inner) {
  if (outer.empty()) return true;
  return !inner.empty() && std::all_of(inner.begin(), inner.end(), [&outer](const std::string& entry) {
    return std::any_of(outer.begin(), outer.end(), [&entry](const std::string& wider) {
      const CodeSpan x = span_of(wider), y = span_of(entry);
      return x.low.size() == y.low.size() && x.low <= y.low && y.high <= x.high;
    });
  });
}

// Whether every service that `inner` is about is one of `outer` too, but for the days.
bool holds_services(const RuleScope& outer, const RuleScope& inner) {
  const auto holds = [](const std::string& wide, const std::string& narrow) { return wide.empty() || wide == narrow; };
  return holds(outer.payer, inner.payer) && holds(outer.plan, inner.plan) && holds(outer.program, inner.program) &&
         holds_codes(outer.codes, inner.codes);
}

// Whether `others` together hold every day of `rule`.
bool are_days_held(const RuleScope& rule, std::vector<const PayerRule*> others) {
  constexpr Day kFirst{INT32_MIN / 2}, kLast{INT32_MAX / 2};
  std::sort(others.begin(), others.end(),
            [](const PayerRule* a, const PayerRule* b) { return a->first_day < b->first_day; });
  Day open = rule.first_day.value_or(kFirst);
  const Day last = rule.last_day.value_or(kLast);
  for (const PayerRule* other : others) {
    if (other->first_day.value_or(kFirst) > open) break;
    open = std::max(open, other->last_day.value_or(kLast) + 1);
  }
  return open > last;
}

std::string name_of(const PayerRule& rule) {
  if (!rule.name.empty()) return fmt::format("payer rule `{}`", rule.name);
  return fmt::format("payers.{}", rule.payer.empty() ? "*" : rule.payer);
}

std::string place_of(const PayerRule& rule) {
  return rule.written_at.text.empty() ? name_of(rule) : rule.written_at.text;
}

template <typename Setting>
void find_conflict(const PayerRule& a, const PayerRule& b, const char* name, std::optional<Setting> PayerRule::*member,
                   Issues& issues) {
  if (!(a.*member) || !(b.*member) || a.*member == b.*member) return;
  issues.push_back({Severity::error, place_of(b),
                    fmt::format("{} and {} ({}) state different {} for the same services; give one of them a narrower "
                                "scope or another first_day",
                                name_of(b), name_of(a), place_of(a), name)});
}

void find_conflicts(const std::vector<PayerRule>& rules, Issues& issues) {
  for (size_t i = 0; i < rules.size(); ++i) {
    for (size_t j = i + 1; j < rules.size(); ++j) {
      const PayerRule &a = rules[i], &b = rules[j];
      const bool is_same = closeness(a) == closeness(b) && a.payer == b.payer && a.plan == b.plan &&
                           a.program == b.program && codes_overlap(a.codes, b.codes);
      if (!is_same) continue;
      for_each_setting([&](const char* name, auto member) { find_conflict(a, b, name, member, issues); });
    }
  }
}

template <typename Setting>
bool is_shadowed(const PayerRule& rule, std::optional<Setting> PayerRule::*member, const std::vector<PayerRule>& rules,
                 std::vector<std::string>& by) {
  std::vector<const PayerRule*> closer;
  for (const PayerRule& other : rules) {
    if (!(other.*member) || closeness(other) <= closeness(rule)) continue;  // Equals contradict.
    if (holds_services(other, rule)) closer.push_back(&other);
  }
  for (const PayerRule* other : closer) by.push_back(name_of(*other));
  return are_days_held(rule, std::move(closer));
}

void find_shadowed(const std::vector<PayerRule>& rules, Issues& issues) {
  for (const PayerRule& rule : rules) {
    bool states_some = false, decides_some = false;
    std::vector<std::string> by;
    for_each_setting([&](const char*, auto member) {
      if (!(rule.*member)) return;
      states_some = true;
      decides_some = decides_some || !is_shadowed(rule, member, rules, by);
    });
    if (!states_some && !rule.name.empty()) {
      issues.push_back({Severity::error, place_of(rule), name_of(rule) + " states no setting; remove it"});
    } else if (states_some && !decides_some) {
      std::sort(by.begin(), by.end());
      by.erase(std::unique(by.begin(), by.end()), by.end());
      issues.push_back({Severity::error, place_of(rule),
                        fmt::format("{} never decides: {} hold all of its services and days; remove it, or narrow "
                                    "those",
                                    name_of(rule), join(by, ", "))});
    }
  }
}

// Payers go by the name that the aliases give them: a rule for another spelling is never asked.
void find_aliased(const Rules& rules, Issues& issues) {
  for (const PayerRule& rule : rules.payers) {
    const auto alias = rules.payer_aliases.find(lower_case(trim(rule.payer)));
    if (rule.payer.empty() || alias == rules.payer_aliases.end() || alias->second == rule.payer) continue;
    issues.push_back({Severity::error, place_of(rule),
                      fmt::format("{} never decides: payer_aliases call `{}` by the name `{}`; use that", name_of(rule),
                                  rule.payer, alias->second)});
  }
}

}  // namespace

bool goes_before(const PayerRule& a, const PayerRule& b) {
  if (closeness(a) != closeness(b)) return closeness(a) > closeness(b);
  return std::tie(a.name, a.payer) < std::tie(b.name, b.payer);
}

Issues rule_conflicts(const Rules& rules) {
  Issues issues;
  find_conflicts(rules.payers, issues);
  find_shadowed(rules.payers, issues);
  find_aliased(rules, issues);
  return issues;
}

}  // namespace authledger
