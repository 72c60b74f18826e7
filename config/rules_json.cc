#include "base/json.h"
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

void write_payer(JsonWriter& json, const PayerRule& rule) {
  json.begin_object();
  write_flag(json, "authorization_required", rule.authorization_required);
  write_flag(json, "match_diagnosis", rule.match_diagnosis);
  write_flag(json, "match_place", rule.match_place);
  write_flag(json, "match_provider", rule.match_provider);
  write_flag(json, "no_show_draws", rule.no_show_draws);
  if (rule.reservation_grace_days) json.key("reservation_grace_days").number(*rule.reservation_grace_days);
  json.end_object();
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
    json.key(rule.payer.empty() ? "*" : rule.payer);
    write_payer(json, rule);
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
  json.key("warnings").begin_object();
  json.key("days_left").number(rules.warnings.days_left);
  json.key("decision_days_standard").number(rules.warnings.decision_days_standard);
  json.key("decision_hours_expedited").number(rules.warnings.decision_hours_expedited);
  json.key("units_left").number_text(format_quantity(rules.warnings.units_left));
  json.end_object();
  json.end_object();
  return json.take();
}

}  // namespace authledger
