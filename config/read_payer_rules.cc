#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "config/rule_readers.h"

// Who asks what: payers, payer rules with a scope, benefits, providers, holidays.

namespace authledger {
namespace {

constexpr const char* kEveryPayer = "*";

const std::vector<std::pair<std::string, BenefitPeriod>> kPeriods = {{"day", BenefitPeriod::day},
                                                                     {"week", BenefitPeriod::week},
                                                                     {"month", BenefitPeriod::month},
                                                                     {"calendar_year", BenefitPeriod::calendar_year},
                                                                     {"lifetime", BenefitPeriod::lifetime}};

std::optional<Day> read_day(YamlMapReader& map, const std::string& key) {
  std::string text;
  map.text(key, text);
  if (text.empty()) return std::nullopt;
  const std::optional<Day> day = parse_day(text);
  if (!day) map.problem(key, "expected a day such as 2026-07-01");
  return day;
}

void check_days(YamlMapReader& map, const std::optional<Day>& first, const std::optional<Day>& last) {
  if (first && last && *last < *first) map.problem("last_day", "expected no day before first_day");
}

std::string read_payer(YamlMapReader& map) {
  std::string payer;
  map.text("payer", payer);
  return payer == kEveryPayer ? std::string() : payer;
}

void read_scope(YamlMapReader& map, RuleScope& scope) {
  scope.payer = read_payer(map);
  map.text("plan", scope.plan);
  map.text("program", scope.program);
  if (map.has("codes")) scope.codes = read_codes(map, "codes");
  scope.first_day = read_day(map, "first_day");
  scope.last_day = read_day(map, "last_day");
  check_days(map, scope.first_day, scope.last_day);
}

void read_words(YamlMapReader& map, const char* key, std::optional<std::vector<std::string>>& words) {
  if (!map.has(key)) return;
  words.emplace();
  map.text_list(key, *words);
  std::sort(words->begin(), words->end());
}

template <typename Bands, typename Read>
void read_bands(YamlMapReader& map, const char* key, std::optional<Bands>& bands, Read read) {
  if (map.has(key)) read(map, bands.emplace());
}

void read_settings(YamlMapReader& map, PayerRule& rule) {
  map.optional_boolean("no_show_draws", rule.no_show_draws);
  map.optional_integer("reservation_grace_days", rule.reservation_grace_days, 0, kDaysMax);
  map.optional_boolean("match_provider", rule.match_provider);
  map.optional_boolean("match_place", rule.match_place);
  map.optional_boolean("match_modifiers", rule.match_modifiers);
  if (map.has("match_diagnosis")) {
    std::string word;
    map.text("match_diagnosis", word);
    rule.match_diagnosis = diagnosis_match_from(word);
    if (!rule.match_diagnosis) map.problem("match_diagnosis", "expected true, false or warn");
  }
  map.optional_boolean("authorization_required", rule.authorization_required);
  map.optional_boolean("referral_suffices", rule.referral_suffices);
  map.optional_boolean("telehealth_covered", rule.telehealth_covered);
  map.optional_boolean("enrollment_required", rule.enrollment_required);
  map.optional_integer("turnaround_business_days", rule.turnaround_business_days, 0, kDaysMax);
  map.optional_integer("preparation_business_days", rule.preparation_business_days, 0, kDaysMax);
  map.optional_integer("submission_lead_business_days", rule.submission_lead_business_days, 0, kDaysMax);
  map.optional_integer("retro_window_days", rule.retro_window_days, 0, kDaysMax);
  read_bands(map, "days_left", rule.days_left, read_day_bands);
  read_bands(map, "units_left", rule.units_left, read_unit_bands);
  read_bands(map, "percent_left", rule.percent_left, read_percent_bands);
  read_words(map, "excluded_provider_types", rule.excluded_provider_types);
  read_words(map, "telehealth_states", rule.telehealth_states);
  if (map.has("carved_out_to")) {
    std::string payer;
    map.text("carved_out_to", payer);
    if (trim(payer).empty()) map.problem("carved_out_to", "expected the payer that these services belong to");
    rule.carved_out_to = std::string(trim(payer));
  }
}

void put(Rules& rules, PayerRule rule) {
  std::erase_if(rules.payers, [&](const PayerRule& old) {
    return old.name == rule.name && (!rule.name.empty() || old.payer == rule.payer);
  });
  rules.payers.push_back(std::move(rule));
  std::sort(rules.payers.begin(), rules.payers.end(), [](const PayerRule& a, const PayerRule& b) {
    return std::tie(a.name, a.payer) < std::tie(b.name, b.payer);
  });
}

WrittenAt place_of(YamlMapReader& map) {
  return {fmt::format("{}:{}:{}", map.problems().file(), map.node().line, map.node().column)};
}

}  // namespace

std::string_view word_of(BenefitPeriod period) {
  for (const auto& [word, value] : kPeriods) {
    if (value == period) return word;
  }
  return "";
}

std::string_view word_of(DiagnosisMatch match) {
  return match == DiagnosisMatch::refuse ? "true" : match == DiagnosisMatch::warn ? "warn" : "false";
}

std::optional<DiagnosisMatch> diagnosis_match_from(std::string_view word) {
  for (const DiagnosisMatch match : {DiagnosisMatch::refuse, DiagnosisMatch::warn, DiagnosisMatch::ignore}) {
    if (word_of(match) == word) return match;
  }
  return std::nullopt;
}

void read_payers(YamlMapReader& map, Rules& rules) {
  for_each_member(map, "payers", [&](const YamlMember& member, YamlMapReader& inner) {
    PayerRule rule;
    if (member.key != kEveryPayer) rule.payer = member.key;
    rule.written_at = place_of(inner);
    read_settings(inner, rule);
    inner.finish();
    put(rules, std::move(rule));
  });
}

void read_payer_rules(YamlMapReader& map, Rules& rules) {
  std::vector<std::string> names;
  for_each_item(map, "payer_rules", [&](YamlMapReader& inner) {
    PayerRule rule;
    inner.required("name", "a name for the rule");
    inner.text("name", rule.name);
    if (std::find(names.begin(), names.end(), rule.name) != names.end()) {
      inner.problem("name", fmt::format("the name `{}` stands here twice", rule.name));
    }
    names.push_back(rule.name);
    rule.written_at = place_of(inner);
    read_scope(inner, rule);
    read_settings(inner, rule);
    if (const YamlNode* unit = inner.find("unit")) {
      YamlMapReader reader(*unit, inner.path_of("unit"), inner.problems());
      rule.unit = read_code({}, reader);
      if (rule.unit->add_on) reader.problem("add_on", "belongs to codes: it holds for every payer");
      if (rule.codes.empty()) inner.problem("unit", "needs codes: of which codes is this the unit?");
    }
    inner.finish();
    put(rules, std::move(rule));
  });
}

void read_benefits(YamlMapReader& map, Rules& rules) {
  for_each_item(map, "benefits", [&](YamlMapReader& inner) {
    BenefitRule benefit;
    inner.required("name", "a name for the benefit");
    inner.text("name", benefit.name);
    read_scope(inner, benefit);
    inner.required("measure", "visit, day, unit_15_minutes, hour or other");
    inner.word("measure", benefit.measure, kMeasures);
    inner.required("per", "day, week, month, calendar_year or lifetime");
    inner.word("per", benefit.per, kPeriods);
    inner.required("quantity", "how many the plan pays for in the period");
    std::string text;
    inner.text("quantity", text);
    const std::optional<Quantity> quantity = parse_quantity(text);
    if (quantity && !(*quantity < Quantity())) {
      benefit.quantity = *quantity;
    } else if (inner.has("quantity")) {
      inner.problem("quantity", "expected a number, 0 or more, such as 30");
    }
    inner.finish();
    std::erase_if(rules.benefits, [&](const BenefitRule& old) { return old.name == benefit.name; });
    rules.benefits.push_back(std::move(benefit));
  });
  std::sort(rules.benefits.begin(), rules.benefits.end(),
            [](const BenefitRule& a, const BenefitRule& b) { return a.name < b.name; });
}

void read_providers(YamlMapReader& map, Rules& rules) {
  for_each_member(map, "providers", [&](const YamlMember& member, YamlMapReader& inner) {
    ProviderRule provider;
    inner.text("type", provider.type);
    for_each_item(inner, "enrollments", [&](YamlMapReader& item) {
      Enrollment enrollment;
      item.required("payer", "the payer with which the provider is enrolled");
      enrollment.payer = read_payer(item);
      enrollment.first_day = read_day(item, "first_day");
      enrollment.last_day = read_day(item, "last_day");
      check_days(item, enrollment.first_day, enrollment.last_day);
      item.finish();
      provider.enrollments.push_back(std::move(enrollment));
    });
    std::sort(provider.enrollments.begin(), provider.enrollments.end(), [](const Enrollment& a, const Enrollment& b) {
      return std::tie(a.payer, a.first_day, a.last_day) < std::tie(b.payer, b.first_day, b.last_day);
    });
    inner.finish();
    rules.providers[member.key] = std::move(provider);
  });
}

void read_telehealth_and_holidays(YamlMapReader& map, Rules& rules) {
  map.text_list("telehealth_places", rules.telehealth_places);
  if (map.has("telehealth_modifiers")) rules.telehealth_modifiers = read_codes(map, "telehealth_modifiers");
  map.boolean("us_federal_holidays", rules.us_federal_holidays);
  if (!map.has("holidays")) return;
  std::vector<std::string> texts;
  map.text_list("holidays", texts);
  rules.holidays.clear();
  for (const std::string& text : texts) {
    const std::optional<Day> day = parse_day(text);
    if (day) {
      rules.holidays.push_back(*day);
    } else {
      map.problem("holidays", fmt::format("expected days such as 2026-11-27, found `{}`", text));
    }
  }
  std::sort(rules.holidays.begin(), rules.holidays.end());
}

}  // namespace authledger
