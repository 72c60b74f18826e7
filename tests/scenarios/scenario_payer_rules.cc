#include <algorithm>
#include <stdexcept>

#include "config/payer_settings.h"
#include "tests/scenarios/scenario_rules.h"

namespace authledger {
namespace {

bool read_scope(RuleScope& scope, const std::string& word, Words& words) {
  if (word == "payer") {
    scope.payer = words.next();
  } else if (word == "plan") {
    scope.plan = words.next();
  } else if (word == "program") {
    scope.program = words.next();
  } else if (word == "codes") {
    scope.codes = read_codes(words.next());
  } else if (is_period(word)) {
    const Period period = read_period(word);
    scope.first_day = period.first_day;
    scope.last_day = period.last_day;
  } else {
    return false;
  }
  return true;
}

void read_value(Words& words, std::optional<bool>& value) {
  value = read_switch(words);
}
void read_value(Words& words, std::optional<DiagnosisMatch>& value) {
  value = read_diagnosis_match(words);
}
void read_value(Words& words, std::optional<int>& value) {
  value = std::stoi(words.next());
}
void read_value(Words& words, std::optional<std::string>& value) {
  value = words.next();
}
void read_value(Words& words, std::optional<std::vector<std::string>>& value) {
  value = read_codes(words.next());
}
void read_value(Words& words, std::optional<std::vector<int>>& value) {
  value = read_whole_bands(words);
}
void read_value(Words& words, std::optional<std::vector<Quantity>>& value) {
  value = read_quantity_bands(words);
}
void read_value(Words& words, std::optional<CodeRule>& value) {
  value.emplace();
  apply_code(*value, words);
}

}  // namespace

void apply_payer_rule(Rules& rules, Words& words) {
  PayerRule rule;
  rule.name = words.next();
  while (!words.done()) {
    const std::string word = words.next();
    if (read_scope(rule, word, words)) continue;
    bool is_known = false;
    for_each_setting([&](const char* name, auto member) {
      if (word != name) return;
      is_known = true;
      read_value(words, rule.*member);
    });
    if (!is_known) throw std::runtime_error("a payer rule knows no word " + word);
  }
  std::erase_if(rules.payers, [&rule](const PayerRule& old) { return old.name == rule.name; });
  rules.payers.push_back(std::move(rule));
}

void apply_benefit(Rules& rules, Words& words) {
  BenefitRule benefit;
  benefit.name = words.next();
  Measure measure = Measure::other;
  const std::optional<Quantity> quantity = read_amount(words, measure);
  if (!quantity || !words.take("per")) throw std::runtime_error("expected benefit NAME N visits per PERIOD");
  benefit.quantity = *quantity;
  benefit.measure = word_of(measure);
  const std::string period = words.next();
  bool is_known = false;
  for (const BenefitPeriod per : {BenefitPeriod::day, BenefitPeriod::week, BenefitPeriod::month,
                                  BenefitPeriod::calendar_year, BenefitPeriod::lifetime}) {
    if (word_of(per) != period) continue;
    is_known = true;
    benefit.per = per;
  }
  if (!is_known) throw std::runtime_error("no benefit is per " + period);
  while (!words.done()) {
    const std::string word = words.next();
    if (!read_scope(benefit, word, words)) throw std::runtime_error("a benefit knows no word " + word);
  }
  std::erase_if(rules.benefits, [&benefit](const BenefitRule& old) { return old.name == benefit.name; });
  rules.benefits.push_back(std::move(benefit));
}

void apply_provider(Rules& rules, Words& words) {
  const std::string id = words.next();
  ProviderRule& provider = rules.providers[id.find('/') == std::string::npos ? "Practitioner/" + id : id];
  provider = {};
  while (!words.done()) {
    if (words.take("type")) {
      provider.type = words.next();
    } else if (words.take("enrolled")) {
      Enrollment enrollment;
      enrollment.payer = words.next();
      if (is_period(words.peek())) {
        const Period period = read_period(words.next());
        enrollment.first_day = period.first_day;
        enrollment.last_day = period.last_day;
      }
      provider.enrollments.push_back(enrollment);
    } else {
      throw std::runtime_error("a provider knows no word " + words.next());
    }
  }
}

}  // namespace authledger
