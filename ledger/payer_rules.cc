#include "ledger/payer_rules.h"

#include <algorithm>

#include "ledger/match.h"
#include "ledger/units.h"

namespace authledger {
namespace {

bool is_of_program(std::string_view program, const Occasion& occasion, const Rules& rules) {
  if (occasion.program == program) return true;
  return occasion.codes != nullptr &&
         std::any_of(rules.programs.begin(), rules.programs.end(), [&](const ProgramRule& known) {
           return known.program == program && lists_any(known.codes, *occasion.codes);
         });
}

bool is_enrolled(const ProviderRule* provider, std::string_view payer, Day day) {
  return provider != nullptr &&
         std::any_of(provider->enrollments.begin(), provider->enrollments.end(), [&](const Enrollment& enrollment) {
           return (enrollment.payer.empty() || enrollment.payer == payer) &&
                  (!enrollment.first_day || *enrollment.first_day <= day) &&
                  (!enrollment.last_day || day <= *enrollment.last_day);
         });
}

}  // namespace

Occasion occasion_of(const Service& service, std::string_view payer) {
  return {payer, service.plan, service.program, &service.service_codes, service.day};
}

bool is_about(const RuleScope& scope, const Occasion& occasion, const Rules& rules) {
  if (!scope.payer.empty() && scope.payer != occasion.payer) return false;
  if (!scope.plan.empty() && scope.plan != occasion.plan) return false;
  if (scope.first_day && occasion.day < *scope.first_day) return false;
  if (scope.last_day && occasion.day > *scope.last_day) return false;
  if (!scope.codes.empty() && (occasion.codes == nullptr || !lists_any(scope.codes, *occasion.codes))) return false;
  return scope.program.empty() || is_of_program(scope.program, occasion, rules);
}

std::string carved_out_payer(const Rules& rules, const Occasion& occasion) {
  const std::string* other = closest_setting(rules, occasion, &PayerRule::carved_out_to);
  return other == nullptr ? std::string(occasion.payer) : *other;
}

bool is_telehealth(const Service& service, const Rules& rules) {
  return is_telehealth_place(service.place, rules) || have_common_code(service.modifiers, rules.telehealth_modifiers);
}

bool is_telehealth_place(std::string_view place, const Rules& rules) {
  return std::find(rules.telehealth_places.begin(), rules.telehealth_places.end(), place) !=
         rules.telehealth_places.end();
}

UncoveredReason refusal_of(const Service& service, std::string_view payer, const Rules& rules) {
  if (rules.payers.empty() || is_add_on(service.service_codes, rules)) return UncoveredReason::none;
  const Occasion occasion = occasion_of(service, payer);
  if (is_telehealth(service, rules) && !payer_setting(rules, occasion, &PayerRule::telehealth_covered, true)) {
    return UncoveredReason::telehealth_not_covered;
  }
  // An organization says nothing about who served.
  if (service.provider.empty() || service.provider.starts_with("Organization/")) return UncoveredReason::none;
  const auto found = rules.providers.find(service.provider);
  const ProviderRule* provider = found == rules.providers.end() ? nullptr : &found->second;
  if (payer_setting(rules, occasion, &PayerRule::enrollment_required, false) &&
      !is_enrolled(provider, payer, service.day)) {
    return UncoveredReason::credentialing;
  }
  const auto* excluded = closest_setting(rules, occasion, &PayerRule::excluded_provider_types);
  const bool is_excluded = excluded != nullptr && provider != nullptr &&
                           std::find(excluded->begin(), excluded->end(), provider->type) != excluded->end();
  return is_excluded ? UncoveredReason::provider_type_excluded : UncoveredReason::none;
}

}  // namespace authledger
