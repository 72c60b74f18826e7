#pragma once

#include "config/rules.h"
#include "ledger/consolidate.h"
#include "tests/scenarios/scenario_facts.h"

namespace authledger {

// Changes the rules as a `rule` statement says. Throws std::runtime_error with what is wrong.
void apply_rule(Rules& rules, Words& words);

// What `broken by ignoring NAME` does to a subject: as if the program knew nothing of that rule. Throws
// std::runtime_error for an unknown name.
void ignore_rule(const std::string& name, Consolidated& subject);

}  // namespace authledger
