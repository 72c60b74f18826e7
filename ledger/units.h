#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/rules.h"
#include "ledger/facts.h"

// What one unit of a code is. Pure. `count_units` itself is declared in ledger/allocate.h.
// Source: the rules (config/rules); CPT time rule; CMS Claims Processing Manual, chapter 5, 20.2 (8-minute rule).

namespace authledger {

struct Occasion;

// The rule of the first code that has one, main codes before add-ons; nullptr when no code has a rule.
const CodeRule* leading_code_rule(const std::vector<std::string>& service_codes, const Rules& rules);
// The payer's own rule for the leading code, where one is about the occasion, before the general one.
const CodeRule* leading_code_rule(const std::vector<std::string>& service_codes, const Rules& rules,
                                  const Occasion& occasion);

// Whether every code is an add-on: such a service draws nothing unless an authorization line lists its code.
bool is_add_on(const std::vector<std::string>& service_codes, const Rules& rules);

// The measure that codes or program imply where a source states none; unknown when no rule knows them.
Measure default_measure(const std::vector<std::string>& service_codes, const std::string& program, const Rules& rules,
                        const Occasion& occasion);

// The code of the same ladder (90832, 90834, 90837: each begins in minutes where another ends) whose usual length holds
// `minutes`; "" where none does, or where the code stands on no ladder.
std::string code_of_length(const std::string& code, int minutes, const Rules& rules);

// Whole units that a service of `minutes` earns under the rule: always one where the rule is not timed.
int64_t units_of_minutes(const CodeRule& rule, int minutes);

// The same amount in another measure (four 15-minute units are an hour). An unknown measure counts as the other one.
// nullopt where the two cannot be compared.
std::optional<Quantity> convert_units(Quantity quantity, Measure from, Measure to);

}  // namespace authledger
