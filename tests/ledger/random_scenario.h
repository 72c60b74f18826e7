#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger/reckon.h"
#include "tests/scenarios/scenario_history.h"

// Nasty patients in the words of tests/scenarios, so that a failure can be read, shortened and kept as a scenario.

namespace authledger {

// Statements without expectations: a few rules, today, and up to forty statements of sources. Overlapping and gapped
// authorizations of several payers, every decision and state, links and pins that fit or do not, rates, programs,
// families, fractions, versions in any order, days around the year's end, the leap day and the changes of clocks.
// Equal seeds give equal patients.
std::vector<std::string> random_scenario(uint64_t seed);

// A patient whose authorizations differ in days and units only, with visits that happened: what is left to decide is
// which visit takes which unit.
std::vector<std::string> random_interval_scenario(uint64_t seed);

struct ScenarioPatient {
  std::vector<Fact> history;
  Policy policy;
  Day today;
};
// Throws std::runtime_error for statements that no scenario could hold.
ScenarioPatient read_patient(const std::vector<std::string>& statements);

// A shorter patient for which `is_wrong` still holds: statements, then words, are left out while it does.
std::vector<std::string> shrunk(std::vector<std::string> statements,
                                const std::function<bool(const ScenarioPatient&)>& is_wrong);

// The statements as the text of a scenario file.
std::string scenario_text(const std::vector<std::string>& statements);

// How many seeds a test tries: `count`, or AUTHLEDGER_SEEDS from the environment.
uint64_t seeds_to_try(uint64_t count);

}  // namespace authledger
