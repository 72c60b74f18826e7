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

// The rules with a scope: `payer_rule NAME [SCOPE] SETTING VALUE …`, `benefit NAME N visits per PERIOD [SCOPE]`,
// `provider REFERENCE type T [enrolled P [DAYS]]`. A NAME that was said before is replaced.
void apply_payer_rule(Rules& rules, Words& words);
void apply_benefit(Rules& rules, Words& words);
void apply_provider(Rules& rules, Words& words);

// Thresholds, `notice KIND to ROLES`, `role ROLE …`. False where the name is none of them.
bool apply_notice_rule(const std::string& name, Rules& rules, Words& words);

// "14,7" or "none", falling.
std::vector<int> read_whole_bands(Words& words);
std::vector<Quantity> read_quantity_bands(Words& words);

void apply_code(CodeRule& rule, Words& words);
bool read_switch(Words& words);
// "on", "off" or "warn".
DiagnosisMatch read_diagnosis_match(Words& words);

}  // namespace authledger
