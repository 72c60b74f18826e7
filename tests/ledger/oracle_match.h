#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/consolidate.h"

// What agrees with what, for the oracle: its own code for codes, families, programs, parties, periods and measures.
// Source: DESIGN, Allocation 3; FHIR_FACTS g.

namespace authledger {

// The payer's own setting, else the one for every payer, else `fallback`.
template <typename Setting>
Setting oracle_setting(const Rules& rules, const std::string& payer, std::optional<Setting> PayerRule::*member,
                       Setting fallback) {
  for (const std::string& name : {payer, std::string()}) {
    for (const PayerRule& rule : rules.payers) {
      if (rule.payer == name && rule.*member) return *(rule.*member);
    }
  }
  return fallback;
}

struct OracleCodeMatch {
  int rank = 0;                 // 0 the same code, 1 a family, 2 a program.
  bool is_program_day = false;  // The line was approved for days of a program.
  std::string program;
};
std::optional<OracleCodeMatch> oracle_code_match(const AuthorizationLine& line, const Service& service,
                                                 const Rules& rules);

bool oracle_common_code(const std::vector<std::string>& a, const std::vector<std::string>& b);
// Only two references of one kind, or two plain texts, can disagree.
bool oracle_same_party(const std::string& a, const std::string& b);
bool oracle_same_period(Day a, Day b, const std::string& period);
// Nothing where the measures cannot be compared.
std::optional<Quantity> oracle_convert(Quantity quantity, Measure from, Measure to);

bool oracle_is_add_on(const Service& service, const Rules& rules);
bool oracle_counts_once_a_day(const Service& service, const Rules& rules);
// The program whose day the codes stand for, else the first of them.
std::string oracle_day_program(const std::vector<std::string>& codes, const Rules& rules);

}  // namespace authledger
