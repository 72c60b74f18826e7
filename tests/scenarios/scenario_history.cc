#include "tests/scenarios/scenario_history.h"

#include <stdexcept>

namespace authledger {

void apply_statement(Words& words, ScenarioHistory& history) {
  const std::string first = words.next();
  if (first == "on") {
    history.today = read_day(words.next());
  } else if (first == "rule") {
    apply_rule(history.rules, words);
  } else if (first == "retract") {
    history.facts.retract(words.next());
  } else if (first == "repeat") {
    history.facts.repeat();
  } else {
    const int version = first == "later" ? 1 : first == "earlier" ? -1 : 0;
    const std::string kind = version == 0 ? first : words.next();
    const Result<TimeZone> zone = TimeZone::find(history.rules.time_zone);
    if (!zone) throw std::runtime_error(zone.error().message);
    if (!history.facts.record(kind, words, version, *zone)) {
      throw std::runtime_error("no statement begins with " + kind);
    }
  }
}

}  // namespace authledger
