#include "tests/ledger/oracle_match.h"

#include <algorithm>
#include <cctype>

namespace authledger {
namespace {

bool contains(const std::vector<std::string>& codes, const std::string& code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// Whether a rule that lists codes and ranges ("97151-97158") names the code.
bool names(const std::vector<std::string>& listed, const std::string& code) {
  return std::any_of(listed.begin(), listed.end(), [&code](const std::string& entry) {
    if (entry.size() != 2 * code.size() + 1 || entry[code.size()] != '-') return entry == code;
    return entry.substr(0, code.size()) <= code && code <= entry.substr(code.size() + 1);
  });
}
bool names_any(const std::vector<std::string>& listed, const std::vector<std::string>& codes) {
  return std::any_of(codes.begin(), codes.end(), [&listed](const std::string& code) { return names(listed, code); });
}

// A line is for a program as such when it names the program and no code, or a code that stands for its whole day.
bool is_approved_for(const AuthorizationLine& line, const ProgramRule& program) {
  if (line.service_codes.empty()) return line.program == program.program;
  return program.measure == "day" && names_any(program.codes, line.service_codes);
}

// What comes before the id: only ids of one kind of record on one server can be compared.
std::string kind_of_reference(const std::string& reference) {
  const size_t slash = reference.rfind('/');
  return slash == std::string::npos ? "" : reference.substr(0, slash);
}

}  // namespace

bool oracle_common_code(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const std::string& code) { return contains(b, code); });
}

std::optional<OracleCodeMatch> oracle_code_match(const AuthorizationLine& line, const Service& service,
                                                 const Rules& rules) {
  if (oracle_common_code(line.service_codes, service.service_codes)) return OracleCodeMatch{};
  for (const CodeFamily& family : rules.families) {
    const bool is_of_payer = family.payer.empty() || family.payer == line.payer;
    if (is_of_payer && contains(line.service_codes, family.authorized_code) &&
        names_any(family.codes, service.service_codes)) {
      return OracleCodeMatch{1, false, {}};
    }
  }
  for (const ProgramRule& program : rules.programs) {
    const bool is_of_program = service.program == program.program || names_any(program.codes, service.service_codes);
    if (is_of_program && is_approved_for(line, program)) {
      return OracleCodeMatch{2, program.measure == "day" && line.measure == Measure::day, program.program};
    }
  }
  // A program that no rule describes, named by both.
  if (line.service_codes.empty() && !line.program.empty() && line.program == service.program) {
    return OracleCodeMatch{2, false, {}};
  }
  return std::nullopt;
}

bool oracle_same_party(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty() || a == b) return true;
  return kind_of_reference(a) != kind_of_reference(b);
}

bool oracle_same_period(Day a, Day b, const std::string& period) {
  if (period == "day") return a == b;
  if (period == "week") {
    // 1970-01-01 was a Thursday; weeks begin on Monday.
    auto week_of = [](Day day) { return (day.number + 3 + 7 * 100000) / 7; };
    return week_of(a) == week_of(b);
  }
  return format_day(a).substr(0, 7) == format_day(b).substr(0, 7);
}

std::optional<Quantity> oracle_convert(Quantity quantity, Measure from, Measure to) {
  if (from == to || from == Measure::unknown || to == Measure::unknown) return quantity;
  if (from == Measure::hour && to == Measure::unit_15_minutes) return Quantity::of_milli(quantity.milli() * 4);
  if (from == Measure::unit_15_minutes && to == Measure::hour) return Quantity::of_milli((quantity.milli() + 3) / 4);
  return std::nullopt;
}

bool oracle_is_add_on(const Service& service, const Rules& rules) {
  if (service.service_codes.empty()) return false;
  return std::all_of(service.service_codes.begin(), service.service_codes.end(), [&rules](const std::string& code) {
    return rules.codes.contains(code) && rules.codes.at(code).add_on;
  });
}

bool oracle_counts_once_a_day(const Service& service, const std::string& payer, const Rules& rules) {
  // What a rule of the payer says of the very code goes before what is general.
  auto counts_so = [&](const std::string& code, std::optional<CodeRule> general) -> std::optional<bool> {
    Service of_code = service;
    of_code.service_codes = {code};
    const CodeRule nothing;
    const CodeRule rule = oracle_setting(rules, of_code, payer, &PayerRule::unit, general.value_or(nothing));
    if (!general && rule == nothing) return std::nullopt;
    return rule.once_per_day;
  };
  // What was done decides, not what was added to it; a code without a rule says nothing.
  for (bool is_add_on : {false, true}) {
    for (const std::string& code : service.service_codes) {
      auto rule = rules.codes.find(code);
      if (rule != rules.codes.end() && rule->second.add_on == is_add_on) return *counts_so(code, rule->second);
    }
  }
  for (const std::string& code : service.service_codes) {
    if (std::optional<bool> once = counts_so(code, std::nullopt)) return *once;
  }
  return false;
}

bool oracle_is_about(const RuleScope& scope, const Service& service, const std::string& payer, const Rules& rules) {
  const bool is_of_payer = scope.payer.empty() || scope.payer == payer;
  const bool is_of_plan = scope.plan.empty() || scope.plan == service.plan;
  const bool is_of_days =
      (!scope.first_day || !(service.day < *scope.first_day)) && (!scope.last_day || !(*scope.last_day < service.day));
  const bool is_of_codes = scope.codes.empty() || names_any(scope.codes, service.service_codes);
  bool is_of_program = scope.program.empty() || scope.program == service.program;
  for (const ProgramRule& program : rules.programs) {
    if (program.program == scope.program && names_any(program.codes, service.service_codes)) is_of_program = true;
  }
  return is_of_payer && is_of_plan && is_of_days && is_of_codes && is_of_program;
}

std::string oracle_narrowness(const PayerRule& rule) {
  std::string text;
  for (bool is_stated : {!rule.payer.empty(), !rule.codes.empty(), !rule.program.empty(), !rule.plan.empty(),
                         rule.first_day.has_value() || rule.last_day.has_value()}) {
    text += is_stated ? '1' : '0';
  }
  return text;
}

bool oracle_is_telehealth(const Service& service, const Rules& rules) {
  return contains(rules.telehealth_places, service.place) ||
         oracle_common_code(rules.telehealth_modifiers, service.modifiers);
}

UncoveredReason oracle_place_reason(const Service& service, const AuthorizationLine& line, const Rules& rules) {
  const bool is_line_for_telehealth =
      contains(rules.telehealth_places, line.place) || oracle_common_code(rules.telehealth_modifiers, line.modifiers);
  if (oracle_is_telehealth(service, rules)) {
    const bool names_place_code = !line.place.empty() && kind_of_reference(line.place).empty();
    if (is_line_for_telehealth || !names_place_code) return UncoveredReason::none;
    return UncoveredReason::telehealth_not_covered;
  }
  // In person: a line for telehealth alone, by its modifiers, is for no other place.
  if (line.place.empty()) {
    return is_line_for_telehealth && !service.place.empty() ? UncoveredReason::place_mismatch : UncoveredReason::none;
  }
  return oracle_same_party(service.place, line.place) ? UncoveredReason::none : UncoveredReason::place_mismatch;
}

bool oracle_has_modifiers(const Service& service, const AuthorizationLine& line, const Rules& rules) {
  if (service.modifiers.empty()) return true;  // Most records cannot state any.
  for (const std::string& modifier : line.modifiers) {
    if (!contains(rules.telehealth_modifiers, modifier) && !contains(service.modifiers, modifier)) return false;
  }
  return true;
}

bool oracle_same_member(const std::string& a, const std::string& b) {
  const auto letters_and_digits = [](std::string text) {
    std::erase_if(text, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  };
  const std::string one = letters_and_digits(a), other = letters_and_digits(b);
  const size_t shorter = std::min(one.size(), other.size());
  return one.substr(0, shorter) == other.substr(0, shorter);
}

bool oracle_same_diagnosis(const Service& service, const AuthorizationLine& line) {
  if (service.diagnosis_codes.empty() || line.diagnosis_codes.empty()) return true;
  const auto without_dots = [](std::string code) {
    std::erase(code, '.');
    return code;
  };
  for (const std::string& code : service.diagnosis_codes) {
    for (const std::string& authorized : line.diagnosis_codes) {
      // A closer code of an authorized one is authorized.
      if (without_dots(code).find(without_dots(authorized)) == 0) return true;
    }
  }
  return false;
}

UncoveredReason oracle_refusal(const Service& service, const std::string& payer, const Rules& rules) {
  if (oracle_is_add_on(service, rules)) return UncoveredReason::none;  // It goes with its main service.
  if (oracle_is_telehealth(service, rules) &&
      !oracle_setting(rules, service, payer, &PayerRule::telehealth_covered, true)) {
    return UncoveredReason::telehealth_not_covered;
  }
  const bool is_person = !service.provider.empty() && kind_of_reference(service.provider) != "Organization";
  if (!is_person) return UncoveredReason::none;
  const ProviderRule provider =
      rules.providers.contains(service.provider) ? rules.providers.at(service.provider) : ProviderRule();
  if (oracle_setting(rules, service, payer, &PayerRule::enrollment_required, false)) {
    bool is_enrolled = false;
    for (const Enrollment& enrollment : provider.enrollments) {
      if (!enrollment.payer.empty() && enrollment.payer != payer) continue;
      if (enrollment.first_day && service.day < *enrollment.first_day) continue;
      if (enrollment.last_day && *enrollment.last_day < service.day) continue;
      is_enrolled = true;
    }
    if (!is_enrolled) return UncoveredReason::credentialing;
  }
  const std::vector<std::string> excluded =
      oracle_setting(rules, service, payer, &PayerRule::excluded_provider_types, {});
  const bool is_excluded = rules.providers.contains(service.provider) && contains(excluded, provider.type);
  return is_excluded ? UncoveredReason::provider_type_excluded : UncoveredReason::none;
}

std::string oracle_day_program(const std::vector<std::string>& codes, const Rules& rules) {
  for (const ProgramRule& program : rules.programs) {
    if (program.measure == "day" && names_any(program.codes, codes)) return program.program;
  }
  return codes.empty() ? "" : codes.front();
}

}  // namespace authledger
