#pragma once

#include "config/rules.h"

namespace authledger {

// Calls `visit(name, member)` for every setting that a payer rule may state.
template <typename Visit>
void for_each_setting(Visit visit) {
  visit("authorization_required", &PayerRule::authorization_required);
  visit("referral_suffices", &PayerRule::referral_suffices);
  visit("carved_out_to", &PayerRule::carved_out_to);
  visit("telehealth_covered", &PayerRule::telehealth_covered);
  visit("telehealth_states", &PayerRule::telehealth_states);
  visit("enrollment_required", &PayerRule::enrollment_required);
  visit("excluded_provider_types", &PayerRule::excluded_provider_types);
  visit("unit", &PayerRule::unit);
  visit("no_show_draws", &PayerRule::no_show_draws);
  visit("match_provider", &PayerRule::match_provider);
  visit("match_place", &PayerRule::match_place);
  visit("match_diagnosis", &PayerRule::match_diagnosis);
  visit("match_modifiers", &PayerRule::match_modifiers);
  visit("reservation_grace_days", &PayerRule::reservation_grace_days);
  visit("turnaround_business_days", &PayerRule::turnaround_business_days);
  visit("preparation_business_days", &PayerRule::preparation_business_days);
  visit("submission_lead_business_days", &PayerRule::submission_lead_business_days);
  visit("retro_window_days", &PayerRule::retro_window_days);
  visit("days_left", &PayerRule::days_left);
  visit("units_left", &PayerRule::units_left);
  visit("percent_left", &PayerRule::percent_left);
}

}  // namespace authledger
