#include "tests/ledger/oracle_match.h"

#include <algorithm>

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

bool oracle_counts_once_a_day(const Service& service, const Rules& rules) {
  // What was done decides, not what was added to it; a code without a rule says nothing.
  for (bool is_add_on : {false, true}) {
    for (const std::string& code : service.service_codes) {
      auto rule = rules.codes.find(code);
      if (rule != rules.codes.end() && rule->second.add_on == is_add_on) return rule->second.once_per_day;
    }
  }
  return false;
}

std::string oracle_day_program(const std::vector<std::string>& codes, const Rules& rules) {
  for (const ProgramRule& program : rules.programs) {
    if (program.measure == "day" && names_any(program.codes, codes)) return program.program;
  }
  return codes.empty() ? "" : codes.front();
}

}  // namespace authledger
