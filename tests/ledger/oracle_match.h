#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ledger/allocate.h"

// What agrees with what, for the oracle: its own code for codes, families, programs, parties, periods and measures.
// Source: DESIGN, Allocation 3; FHIR_FACTS g.

namespace authledger {

// Whether a rule speaks of such a service under that payer: by payer, plan, program, codes and day.
bool oracle_is_about(const RuleScope& scope, const Service& service, const std::string& payer, const Rules& rules);
// 1 for what a rule narrows and 0 for what it leaves open, the weightiest first: payer, codes, program, plan, days.
std::string oracle_narrowness(const PayerRule& rule);

// What the narrowest rule about the service says, of equals the one that began last, then the first by name.
template <typename Setting>
Setting oracle_setting(const Rules& rules, const Service& service, const std::string& payer,
                       std::optional<Setting> PayerRule::*member, Setting fallback) {
  std::vector<PayerRule> saying;
  for (const PayerRule& rule : rules.payers) {
    if (rule.*member && oracle_is_about(rule, service, payer, rules)) saying.push_back(rule);
  }
  std::sort(saying.begin(), saying.end(), [](const PayerRule& a, const PayerRule& b) {
    if (oracle_narrowness(a) != oracle_narrowness(b)) return oracle_narrowness(a) > oracle_narrowness(b);
    const Day long_ago{-1'000'000};
    const Day begin_a = a.first_day.value_or(long_ago), begin_b = b.first_day.value_or(long_ago);
    if (begin_a != begin_b) return begin_a > begin_b;
    return a.name < b.name;
  });
  return saying.empty() ? fallback : *(saying.front().*member);
}

// Why the payer does not cover such a service at all; none when it does.
UncoveredReason oracle_refusal(const Service& service, const std::string& payer, const Rules& rules);
bool oracle_is_telehealth(const Service& service, const Rules& rules);
// Why the places do not fit; none when they do.
UncoveredReason oracle_place_reason(const Service& service, const AuthorizationLine& line, const Rules& rules);
bool oracle_has_modifiers(const Service& service, const AuthorizationLine& line, const Rules& rules);
// Letters and digits; one without a suffix is any member of the family.
bool oracle_same_member(const std::string& a, const std::string& b);
bool oracle_same_diagnosis(const Service& service, const AuthorizationLine& line);

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
// `payer`: whose rules apply.
bool oracle_counts_once_a_day(const Service& service, const std::string& payer, const Rules& rules);
// The program whose day the codes stand for, else the first of them.
std::string oracle_day_program(const std::vector<std::string>& codes, const Rules& rules);

}  // namespace authledger
