#include <algorithm>

#include "base/json.h"
#include "config/notice_rules_json.h"
#include "config/rules.h"

namespace authledger {
namespace {

const char* rounding_word(Rounding rounding) {
  switch (rounding) {
    case Rounding::none:
      return "none";
    case Rounding::cpt_midpoint:
      return "cpt_midpoint";
    case Rounding::medicare_8_minute:
      return "medicare_8_minute";
    case Rounding::floor:
      return "floor";
  }
  return "";
}

void write_list(JsonWriter& json, const char* name, const std::vector<std::string>& list) {
  json.key(name).begin_array();
  for (const std::string& text : list) json.string(text);
  json.end_array();
}

void write_flag(JsonWriter& json, const char* name, std::optional<bool> value) {
  if (value) json.key(name).boolean(*value);
}

void write_code(JsonWriter& json, const CodeRule& rule) {
  json.begin_object();
  if (rule.add_on) json.key("add_on").boolean(true);
  json.member("measure", rule.measure);
  if (rule.minutes_max != 0) json.key("minutes_max").number(rule.minutes_max);
  if (rule.minutes_min != 0) json.key("minutes_min").number(rule.minutes_min);
  if (rule.once_per_day) json.key("once_per_day").boolean(true);
  if (rule.rounding != Rounding::none) json.member("rounding", rounding_word(rule.rounding));
  if (rule.unit_minutes != 0) json.key("unit_minutes").number(rule.unit_minutes);
  json.end_object();
}

void write_number(JsonWriter& json, const char* name, std::optional<int> value) {
  if (value) json.key(name).number(*value);
}

void write_text(JsonWriter& json, const char* name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

void write_days(JsonWriter& json, std::optional<Day> first, std::optional<Day> last) {
  if (first) json.member("first_day", format_day(*first));
  if (last) json.member("last_day", format_day(*last));
}

void write_scope(JsonWriter& json, const RuleScope& scope) {
  if (!scope.codes.empty()) write_list(json, "codes", scope.codes);
  write_days(json, scope.first_day, scope.last_day);
  write_text(json, "payer", scope.payer);
  write_text(json, "plan", scope.plan);
  write_text(json, "program", scope.program);
}

void write_settings(JsonWriter& json, const PayerRule& rule) {
  write_flag(json, "authorization_required", rule.authorization_required);
  if (rule.carved_out_to) json.member("carved_out_to", *rule.carved_out_to);
  if (rule.days_left) write_bands(json, "days_left", *rule.days_left);
  write_flag(json, "enrollment_required", rule.enrollment_required);
  if (rule.excluded_provider_types) write_list(json, "excluded_provider_types", *rule.excluded_provider_types);
  if (rule.match_diagnosis == DiagnosisMatch::warn) {
    json.member("match_diagnosis", word_of(*rule.match_diagnosis));
  } else if (rule.match_diagnosis) {
    json.key("match_diagnosis").boolean(*rule.match_diagnosis == DiagnosisMatch::refuse);
  }
  write_flag(json, "match_modifiers", rule.match_modifiers);
  write_flag(json, "match_place", rule.match_place);
  write_flag(json, "match_provider", rule.match_provider);
  write_flag(json, "no_show_draws", rule.no_show_draws);
  if (rule.percent_left) write_bands(json, "percent_left", *rule.percent_left);
  write_number(json, "preparation_business_days", rule.preparation_business_days);
  write_flag(json, "referral_suffices", rule.referral_suffices);
  write_number(json, "reservation_grace_days", rule.reservation_grace_days);
  write_number(json, "retro_window_days", rule.retro_window_days);
  write_number(json, "submission_lead_business_days", rule.submission_lead_business_days);
  write_flag(json, "telehealth_covered", rule.telehealth_covered);
  if (rule.telehealth_states) write_list(json, "telehealth_states", *rule.telehealth_states);
  write_number(json, "turnaround_business_days", rule.turnaround_business_days);
  if (rule.units_left) write_bands(json, "units_left", *rule.units_left);
}

void write_benefits(JsonWriter& json, const std::vector<BenefitRule>& benefits) {
  json.key("benefits").begin_array();
  for (const BenefitRule& benefit : benefits) {
    json.begin_object().member("measure", benefit.measure).member("name", benefit.name);
    json.member("per", word_of(benefit.per)).key("quantity").number_text(format_quantity(benefit.quantity));
    write_scope(json, benefit);
    json.end_object();
  }
  json.end_array();
}

void write_payer_rules(JsonWriter& json, const std::vector<PayerRule>& rules) {
  json.key("payer_rules").begin_array();
  for (const PayerRule& rule : rules) {
    if (rule.name.empty()) continue;
    json.begin_object().member("name", rule.name);
    write_scope(json, rule);
    write_settings(json, rule);
    if (rule.unit) {
      json.key("unit");
      write_code(json, *rule.unit);
    }
    json.end_object();
  }
  json.end_array();
}

void write_providers(JsonWriter& json, const std::map<std::string, ProviderRule>& providers) {
  json.key("providers").begin_object();
  for (const auto& [reference, provider] : providers) {
    json.key(reference).begin_object().key("enrollments").begin_array();
    for (const Enrollment& enrollment : provider.enrollments) {
      json.begin_object();
      write_days(json, enrollment.first_day, enrollment.last_day);
      json.member("payer", enrollment.payer.empty() ? "*" : enrollment.payer).end_object();
    }
    json.end_array();
    write_text(json, "type", provider.type);
    json.end_object();
  }
  json.end_object();
}

// What no rule set had before is written only where it says something, so that unchanged rules stay one policy version.
void write_later_parts(JsonWriter& json, const Rules& rules) {
  const Rules defaults;
  if (!rules.benefits.empty()) write_benefits(json, rules.benefits);
  if (!rules.holidays.empty()) {
    json.key("holidays").begin_array();
    for (Day day : rules.holidays) json.string(format_day(day));
    json.end_array();
  }
  const bool has_scoped =
      std::any_of(rules.payers.begin(), rules.payers.end(), [](const PayerRule& rule) { return !rule.name.empty(); });
  if (has_scoped) write_payer_rules(json, rules.payers);
  if (!rules.providers.empty()) write_providers(json, rules.providers);
  if (rules.telehealth_modifiers != defaults.telehealth_modifiers) {
    write_list(json, "telehealth_modifiers", rules.telehealth_modifiers);
  }
  if (rules.telehealth_places != defaults.telehealth_places) {
    write_list(json, "telehealth_places", rules.telehealth_places);
  }
  write_notice_rules(json, rules.notices);
  if (!rules.us_federal_holidays) json.key("us_federal_holidays").boolean(false);
}

}  // namespace

std::string rules_json(const Rules& rules) {
  JsonWriter json;
  json.begin_object();
  json.key("codes").begin_object();
  for (const auto& [code, rule] : rules.codes) {
    json.key(code);
    write_code(json, rule);
  }
  json.end_object();
  json.key("families").begin_array();
  for (const CodeFamily& family : rules.families) {
    json.begin_object().member("authorized_code", family.authorized_code);
    write_list(json, "codes", family.codes);
    json.member("name", family.name);
    if (!family.payer.empty()) json.member("payer", family.payer);
    json.end_object();
  }
  json.end_array();
  json.key("payer_aliases").begin_object();
  for (const auto& [spelling, payer] : rules.payer_aliases) json.member(spelling, payer);
  json.end_object();
  json.key("payers").begin_object();
  for (const PayerRule& rule : rules.payers) {
    if (!rule.name.empty()) continue;
    json.key(rule.payer.empty() ? "*" : rule.payer).begin_object();
    write_settings(json, rule);
    json.end_object();
  }
  json.end_object();
  json.key("programs").begin_object();
  for (const ProgramRule& program : rules.programs) {
    json.key(program.program).begin_object();
    write_list(json, "codes", program.codes);
    json.member("measure", program.measure).end_object();
  }
  json.end_object();
  json.key("reservation_grace_days").number(rules.reservation_grace_days);
  json.member("time_zone", rules.time_zone);
  write_later_parts(json, rules);
  write_warnings(json, rules.warnings);
  json.end_object();
  return json.take();
}

}  // namespace authledger
