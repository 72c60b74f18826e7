#pragma once

#include <map>
#include <string>

#include "tests/scenarios/scenario_rules.h"

namespace authledger {

// What the statements of a scenario have said so far.
struct ScenarioHistory {
  Rules rules;
  Day today;
  ScenarioFacts facts;
  int minute = 0;  // Of today.
  // Statements of `weekly`, by the day on which `through` reaches them.
  std::multimap<Day, std::string> coming = {};
};

// Takes one statement that is no expectation: `on`, `rule`, `weekly`, `later`, `earlier`, `retract`, `repeat` or a
// fact. Throws std::runtime_error with what is wrong.
void apply_statement(Words& words, ScenarioHistory& history);

}  // namespace authledger
