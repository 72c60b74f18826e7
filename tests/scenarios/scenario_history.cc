#include "tests/scenarios/scenario_history.h"

#include <stdexcept>

#include "base/text.h"

namespace authledger {
namespace {

int read_minute(const std::string& text) {
  const std::optional<int> minute = parse_minute(text);
  if (!minute) throw std::runtime_error("expected a time such as 17:00, found " + text);
  return *minute;
}

// "weekly DAY..DAY STATEMENT": `*` and `DAY` in it become the week's number and day.
void add_weekly(Words& words, ScenarioHistory& history) {
  const Period period = read_period(words.next());
  if (!period.first_day || !period.last_day) throw std::runtime_error("expected weekly DAY..DAY");
  const std::string statement = words.rest();
  int week = 1;
  for (Day day = *period.first_day; day <= *period.last_day; day = day + 7) {
    history.coming.emplace(
        day, replace_all(replace_all(statement, "DAY", format_day(day)), "*", "-" + std::to_string(week++)));
  }
}

}  // namespace

void apply_statement(Words& words, ScenarioHistory& history) {
  const std::string first = words.next();
  if (first == "on") {
    const std::string when = words.next();
    history.today = read_day(when.substr(0, when.find('T')));
    history.minute = 0;
    if (when.find('T') != std::string::npos) history.minute = read_minute(when.substr(when.find('T') + 1));
  } else if (first == "weekly") {
    add_weekly(words, history);
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
