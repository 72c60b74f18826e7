#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules.h"
#include "ledger/allocate.h"

// Which payer rule decides for a service. Pure. Source: config/rules.h, `goes_before`.

namespace authledger {

// What a rule's scope is compared with. Views: it lives no longer than what it was made of.
struct Occasion {
  std::string_view payer, plan, program;
  const std::vector<std::string>* codes = nullptr;
  Day day;  // Of service.
};

Occasion occasion_of(const Service& service, std::string_view payer);

bool is_about(const RuleScope& scope, const Occasion& occasion, const Rules& rules);

// The closest rule about the occasion that states the setting; nullptr where none does.
template <typename Setting>
const PayerRule* closest_rule(const Rules& rules, const Occasion& occasion, std::optional<Setting> PayerRule::*member) {
  const PayerRule* closest = nullptr;
  for (const PayerRule& rule : rules.payers) {
    if (!(rule.*member) || !is_about(rule, occasion, rules)) continue;
    if (closest == nullptr || goes_before(rule, *closest)) closest = &rule;
  }
  return closest;
}

template <typename Setting>
const Setting* closest_setting(const Rules& rules, const Occasion& occasion,
                               std::optional<Setting> PayerRule::*member) {
  const PayerRule* closest = closest_rule(rules, occasion, member);
  return closest == nullptr ? nullptr : &*(closest->*member);
}

template <typename Setting>
Setting payer_setting(const Rules& rules, const Occasion& occasion, std::optional<Setting> PayerRule::*member,
                      Setting fallback) {
  const Setting* setting = closest_setting(rules, occasion, member);
  return setting == nullptr ? fallback : *setting;
}

// The payer that the services really belong to: another one where they are carved out of the plan, once.
std::string carved_out_payer(const Rules& rules, const Occasion& occasion);

// By its place, or by a modifier of its code.
bool is_telehealth(const Service& service, const Rules& rules);
bool is_telehealth_place(std::string_view place, const Rules& rules);

// Why the payer covers such a service under no authorization whatever, or none: telehealth, enrollment, type of
// provider. An add-on goes with its main service.
UncoveredReason refusal_of(const Service& service, std::string_view payer, const Rules& rules);

}  // namespace authledger
