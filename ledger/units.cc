#include "ledger/units.h"

#include "ledger/payer_rules.h"

namespace authledger {

const CodeRule* leading_code_rule(const std::vector<std::string>& service_codes, const Rules& rules) {
  const CodeRule* add_on = nullptr;
  for (const std::string& code : service_codes) {
    const auto found = rules.codes.find(code);
    if (found == rules.codes.end()) continue;
    if (!found->second.add_on) return &found->second;
    if (add_on == nullptr) add_on = &found->second;
  }
  return add_on;
}

const CodeRule* leading_code_rule(const std::vector<std::string>& service_codes, const Rules& rules,
                                  const Occasion& occasion) {
  const CodeRule* general = leading_code_rule(service_codes, rules);
  const auto of_payer = [&](const std::string& code) {
    const std::vector<std::string> codes{code};
    Occasion of_code = occasion;
    of_code.codes = &codes;
    return closest_setting(rules, of_code, &PayerRule::unit);
  };
  if (general != nullptr) {
    const CodeRule* own = of_payer(general->code);
    return own == nullptr ? general : own;
  }
  for (const std::string& code : service_codes) {
    if (const CodeRule* own = of_payer(code)) return own;
  }
  return nullptr;
}

bool is_add_on(const std::vector<std::string>& service_codes, const Rules& rules) {
  if (service_codes.empty()) return false;
  for (const std::string& code : service_codes) {
    const auto found = rules.codes.find(code);
    if (found == rules.codes.end() || !found->second.add_on) return false;
  }
  return true;
}

Measure default_measure(const std::vector<std::string>& service_codes, const std::string& program, const Rules& rules,
                        const Occasion& occasion) {
  if (const CodeRule* rule = leading_code_rule(service_codes, rules, occasion)) {
    return measure_from(rule->measure).value_or(Measure::unknown);
  }
  for (const ProgramRule& known : rules.programs) {
    bool is_of_program = !program.empty() && known.program == program;
    for (const std::string& code : service_codes) {
      for (const std::string& listed : known.codes) is_of_program = is_of_program || listed == code;
    }
    if (is_of_program) return measure_from(known.measure).value_or(Measure::unknown);
  }
  return Measure::unknown;
}

std::string code_of_length(const std::string& code, int minutes, const Rules& rules) {
  const auto found = rules.codes.find(code);
  if (found == rules.codes.end() || found->second.minutes_min == 0) return {};
  const auto holds = [minutes](const CodeRule& rule) {
    return minutes >= rule.minutes_min && (rule.minutes_max == 0 || minutes <= rule.minutes_max);
  };
  const auto is_step = [&found](const CodeRule& rule) {
    const CodeRule& first = found->second;
    return rule.minutes_min > 0 && rule.rounding == first.rounding && rule.add_on == first.add_on &&
           rule.measure == first.measure;
  };
  // Upwards, then downwards, step by step.
  for (const bool is_upwards : {true, false}) {
    const CodeRule* at = &found->second;
    std::string name = code;
    for (size_t step = 0; at != nullptr && step <= rules.codes.size(); ++step) {
      if (holds(*at)) return name;
      const CodeRule* next = nullptr;
      for (const auto& [other, rule] : rules.codes) {
        const bool follows = is_upwards ? at->minutes_max > 0 && rule.minutes_min == at->minutes_max + 1
                                        : rule.minutes_max > 0 && at->minutes_min == rule.minutes_max + 1;
        if (next != nullptr || !is_step(rule) || !follows) continue;
        next = &rule;
        name = other;
      }
      at = next;
    }
  }
  return {};
}

int64_t units_of_minutes(const CodeRule& rule, int minutes) {
  const int64_t unit = rule.unit_minutes;
  // The code that was recorded decides: a session is one, whatever its length. A wrong code is the coder's to correct.
  if (rule.rounding == Rounding::none || unit <= 0) return 1;
  if (minutes < rule.minutes_min) return 0;
  switch (rule.rounding) {
    case Rounding::none:
      return 1;
    case Rounding::cpt_midpoint:  // A unit is earned past its midpoint: 8 of 15 minutes, 31 of 60.
      return (2 * int64_t{minutes} + unit - 1) / (2 * unit);
    case Rounding::medicare_8_minute:  // 8 to 22 minutes are one unit of 15, 23 to 37 two.
      return minutes < 8 ? 0 : (minutes - 8) / unit + 1;
    case Rounding::floor:
      return minutes / unit;
  }
  return 1;
}

UnitCount count_units(const std::vector<std::string>& service_codes, std::optional<Quantity> quantity, Measure measure,
                      std::optional<int> minutes, const Rules& rules, const Occasion& occasion) {
  const CodeRule* rule = leading_code_rule(service_codes, rules, occasion);
  const Measure rule_measure = default_measure(service_codes, {}, rules, occasion);
  if (quantity) return {*quantity, measure == Measure::unknown ? rule_measure : measure};
  if (rule == nullptr) return {Quantity::of_units(1), measure == Measure::unknown ? rule_measure : measure};
  const bool is_timed = rule->rounding != Rounding::none && rule->unit_minutes > 0;
  if (minutes) return {Quantity::of_units(units_of_minutes(*rule, *minutes)), rule_measure};
  // How many units a timed service took cannot be told without its duration.
  if (is_timed) return {Quantity::of_units(1), Measure::unknown};
  return {Quantity::of_units(1), rule_measure};
}

std::optional<Quantity> convert_units(Quantity quantity, Measure from, Measure to) {
  if (from == to || from == Measure::unknown || to == Measure::unknown) return quantity;
  if (from == Measure::unit_15_minutes && to == Measure::hour) {
    // Up to the next thousandth, so that no part of a unit is given away.
    return Quantity::of_milli((quantity.milli() + 3) / 4);
  }
  if (from == Measure::hour && to == Measure::unit_15_minutes) return Quantity::of_milli(quantity.milli() * 4);
  return std::nullopt;
}

}  // namespace authledger
