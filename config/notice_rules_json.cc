#include "config/notice_rules_json.h"

#include "config/yaml_reader.h"

namespace authledger {
namespace {

template <typename Value, typename Text>
void write_values(JsonWriter& json, const char* name, const std::vector<Value>& bands, Text text) {
  json.key(name);
  if (bands.size() == 1) {
    json.number_text(text(bands.front()));
    return;
  }
  json.begin_array();
  for (const Value& band : bands) json.number_text(text(band));
  json.end_array();
}

void write_role(JsonWriter& json, const RoleRule& rule, const RoleRule& fallback) {
  json.begin_object();
  if (rule.has_consent) json.key("consent").boolean(true);
  if (rule.digest_at) json.member("digest_at", format_minute(*rule.digest_at));
  if (rule.escalate_after != fallback.escalate_after) {
    json.member("escalate_after", format_duration(rule.escalate_after));
  }
  if (rule.escalate_to != fallback.escalate_to) json.member("escalate_to", word_of(rule.escalate_to));
  if (!rule.owner.empty()) json.member("owner", rule.owner);
  if (rule.quiet) {
    json.key("quiet").begin_object().member("from", format_minute(rule.quiet->from));
    json.member("until", format_minute(rule.quiet->until)).end_object();
  }
  json.end_object();
}

}  // namespace

void write_bands(JsonWriter& json, const char* name, const std::vector<int>& bands) {
  write_values(json, name, bands, [](int band) { return std::to_string(band); });
}

void write_bands(JsonWriter& json, const char* name, const std::vector<Quantity>& bands) {
  write_values(json, name, bands, format_quantity);
}

void write_notice_rules(JsonWriter& json, const NoticeRules& notices) {
  const NoticeRules defaults;
  if (notices.recipients != defaults.recipients) {
    json.key("notices").begin_object();
    for (const auto& [kind, roles] : notices.recipients) {
      if (roles == defaults.recipients.at(kind)) continue;
      json.key(kind).begin_array();
      for (const Role role : roles) json.string(word_of(role));
      json.end_array();
    }
    json.end_object();
  }
  if (notices.roles == defaults.roles) return;
  json.key("roles").begin_object();
  for (const auto& [role, rule] : notices.roles) {
    if (rule == defaults.roles.at(role)) continue;
    json.key(word_of(role));
    write_role(json, rule, defaults.roles.at(role));
  }
  json.end_object();
}

void write_warnings(JsonWriter& json, const WarningRule& warnings) {
  const WarningRule defaults;
  json.key("warnings").begin_object();
  if (warnings.benefit_percent_left != defaults.benefit_percent_left) {
    json.key("benefit_percent_left").number(warnings.benefit_percent_left);
  }
  write_bands(json, "days_left", warnings.days_left);
  json.key("decision_days_standard").number(warnings.decision_days_standard);
  json.key("decision_hours_expedited").number(warnings.decision_hours_expedited);
  if (!warnings.percent_left.empty()) write_bands(json, "percent_left", warnings.percent_left);
  write_bands(json, "units_left", warnings.units_left);
  if (!warnings.units_margin.is_zero()) {
    json.key("units_margin").number_text(format_quantity(warnings.units_margin));
  }
  json.end_object();
}

}  // namespace authledger
