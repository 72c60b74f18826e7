#include <stdexcept>

#include "base/text.h"
#include "ledger/continuity.h"
#include "ledger/warnings.h"
#include "tests/scenarios/scenario_runner.h"

namespace authledger {

// "continuity DAY..DAY episodes = 2, interrupted = 1, gaps = 2026-04-03": gaps are days, with commas in between, or
// none.
void ScenarioRunner::expect_continuity(Words& words) {
  const Period period = read_period(words.next());
  const std::vector<CareEpisode> episodes =
      care_episodes(subject_, allocation_, policy_, period.first_day.value(), period.last_day.value());
  size_t interrupted = 0;
  std::vector<std::string> gaps;
  for (const CareEpisode& episode : episodes) {
    interrupted += episode.gaps.empty() ? 0 : 1;
    for (const CoverageGap& gap : episode.gaps) gaps.push_back(format_day(gap.day));
  }
  while (!words.done()) {
    const std::string field = words.next();
    if (!words.take("=")) throw std::runtime_error("expected FIELD = VALUE");
    std::string wanted = words.next();
    if (wanted.ends_with(',')) wanted.pop_back();
    const std::string actual = field == "episodes"      ? std::to_string(episodes.size())
                               : field == "interrupted" ? std::to_string(interrupted)
                               : field != "gaps"        ? throw std::runtime_error("continuity knows no " + field)
                               : gaps.empty()           ? "none"
                                                        : join(gaps, ",");
    expect_equal("continuity " + field, actual, wanted);
  }
}

// "submit O1 missing = diagnosis_codes,schedule": of an order for which nobody asked the payer; or none.
void ScenarioRunner::expect_submit(Words& words) {
  const std::string order = words.next();
  if (!words.take("missing") || !words.take("=")) throw std::runtime_error("expected submit ORDER missing = PARTS");
  std::string actual = "no such order";
  for (const UnsubmittedOrder& one : subject_.unsubmitted) {
    if (one.source.resource != "ServiceRequest/" + order) continue;
    const std::vector<std::string> missing = missing_parts(one);
    actual = missing.empty() ? "none" : replace_all(join(missing, ","), " ", "_");
  }
  expect_equal("submit " + order + " missing", actual, words.next());
}

}  // namespace authledger
