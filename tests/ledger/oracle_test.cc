#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/text.h"
#include "tests/ledger/dice.h"
#include "tests/ledger/known_truth.h"
#include "tests/ledger/oracle_allocate.h"
#include "tests/ledger/random_scenario.h"

namespace authledger {
namespace {

constexpr uint64_t kFirstSeed = 20261124;
constexpr int kFailuresShown = 3;

std::string disagreement_over(const ScenarioPatient& patient) {
  const Reckoning reckoning = reckon(patient.history, patient.policy, patient.today);
  return difference_of(oracle_allocate(reckoning.subject, patient.policy.rules, patient.today),
                       as_oracle(reckoning.allocation));
}

TEST(Oracle, AgreesWithAllocateInDrawsBalancesAndReasons) {
  const uint64_t last = kFirstSeed + seeds_to_try(10'000);
  int failures = 0;
  for (uint64_t seed = kFirstSeed; seed < last && failures < kFailuresShown; ++seed) {
    const std::vector<std::string> statements = random_scenario(seed);
    if (disagreement_over(read_patient(statements)).empty()) continue;
    ++failures;
    const std::vector<std::string> few =
        shrunk(statements, [](const ScenarioPatient& patient) { return !disagreement_over(patient).empty(); });
    ADD_FAILURE() << "seed " << seed << "\n" << scenario_text(few) << disagreement_over(read_patient(few));
  }
}

// Agreement says something of a rule only where patients meet it.
TEST(Oracle, MeetsEveryReasonAmongItsPatients) {
  std::map<UncoveredReason, int> met;
  for (uint64_t seed = kFirstSeed; seed < kFirstSeed + 5'000; ++seed) {
    const ScenarioPatient patient = read_patient(random_scenario(seed));
    const Reckoning reckoning = reckon(patient.history, patient.policy, patient.today);
    for (const UncoveredService& service : reckoning.allocation.uncovered) ++met[service.reason];
  }
  for (int16_t reason = 1; reason <= static_cast<int16_t>(UncoveredReason::member_mismatch); ++reason) {
    const auto each = static_cast<UncoveredReason>(reason);
    EXPECT_GT(met[each], 0) << word_of(each);
  }
}

// The most visits that can be covered when every unit may cover any visit in its days: Kuhn's augmenting paths.
size_t largest_matching(const std::vector<Day>& visits, const std::vector<const AuthorizationLine*>& units) {
  std::vector<int> visit_of(units.size(), -1);
  auto is_open = [&](const AuthorizationLine& line, Day day) {
    return (!line.first_day || *line.first_day <= day) && (!line.last_day || day <= *line.last_day);
  };
  size_t matched = 0;
  for (size_t visit = 0; visit < visits.size(); ++visit) {
    std::vector<bool> is_tried(units.size());
    const std::function<bool(size_t)> find_unit = [&](size_t from) {
      for (size_t unit = 0; unit < units.size(); ++unit) {
        if (is_tried[unit] || !is_open(*units[unit], visits[from])) continue;
        is_tried[unit] = true;
        if (visit_of[unit] >= 0 && !find_unit(static_cast<size_t>(visit_of[unit]))) continue;
        visit_of[unit] = static_cast<int>(from);
        return true;
      }
      return false;
    };
    matched += find_unit(visit) ? 1 : 0;
  }
  return matched;
}

TEST(Oracle, CoversAsManyVisitsAsAnyChoiceOfUnitsCould) {
  const uint64_t last = kFirstSeed + seeds_to_try(3'000);
  for (uint64_t seed = kFirstSeed; seed < last; ++seed) {
    const std::vector<std::string> statements = random_interval_scenario(seed);
    const ScenarioPatient patient = read_patient(statements);
    const Reckoning reckoning = reckon(patient.history, patient.policy, patient.today);
    std::vector<Day> visits;
    for (const Service& service : reckoning.subject.services) visits.push_back(service.day);
    std::vector<const AuthorizationLine*> units;
    for (const AuthorizationLine& line : reckoning.subject.lines) {
      for (int64_t unit = 0; unit < line.approved->milli(); unit += 1000) units.push_back(&line);
    }
    const size_t uncovered = reckoning.allocation.uncovered.size();
    ASSERT_EQ(visits.size() - uncovered, largest_matching(visits, units)) << "seed " << seed << "\n"
                                                                          << scenario_text(statements);
  }
}

// Only the order of arrival and the sequence numbers differ, and half of the time what the payer said comes from an
// endpoint of its own.
std::vector<Fact> told_otherwise(std::vector<Fact> history, uint64_t seed) {
  Dice dice(seed);
  dice.shuffle(history);
  const bool has_payer_endpoint = dice.one_in(2);
  for (Fact& fact : history) {
    const bool is_of_payer =
        std::holds_alternative<AuthorizationLineFact>(fact.body) || std::holds_alternative<RequestLineFact>(fact.body);
    if (!has_payer_endpoint || !is_of_payer) continue;
    fact.fact_key.replace(0, fact.source.size(), "payer");
    fact.source = "payer";
  }
  for (size_t i = 0; i < history.size(); ++i) history[i].fact_seq = static_cast<int64_t>(i) + 1;
  return history;
}

TEST(Oracle, KnowsWhatConsolidateFindsInTheWordsOfManySources) {
  const uint64_t last = kFirstSeed + seeds_to_try(3'000);
  for (uint64_t seed = kFirstSeed; seed < last; ++seed) {
    const KnownTruth truth = random_truth(seed);
    const ScenarioPatient patient = read_patient(truth.statements);
    const std::vector<Fact> history = told_otherwise(patient.history, seed);
    const Consolidated found = consolidate(current_facts(history), history, patient.policy);
    ASSERT_EQ(join(truth.lines, "\n"), join(line_texts(found), "\n")) << "seed " << seed << "\n"
                                                                      << scenario_text(truth.statements);
    ASSERT_EQ(join(truth.services, "\n"), join(service_texts(found), "\n")) << "seed " << seed << "\n"
                                                                            << scenario_text(truth.statements);
  }
}

}  // namespace
}  // namespace authledger
