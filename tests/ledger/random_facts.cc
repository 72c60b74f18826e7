#include "tests/ledger/random_facts.h"

#include <ostream>

#include "ledger/reckon.h"
#include "tests/ledger/random_scenario.h"

namespace authledger {
namespace {

// Over the whole range in every case: RapidCheck would keep early cases near zero.
int below(int end) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, end));
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const RandomSubject& subject) {
  return out << scenario_text(subject.statements);
}

rc::Gen<RandomSubject> random_subject() {
  return rc::gen::noShrink(rc::gen::exec([] {
    std::vector<std::string> statements = random_scenario(static_cast<uint64_t>(below(1 << 30)));
    ScenarioPatient patient = read_patient(statements);
    return RandomSubject{std::move(statements), std::move(patient.history), std::move(patient.policy), patient.today};
  }));
}

std::vector<Fact> recorded(std::vector<Fact> facts) {
  for (size_t i = 0; i < facts.size(); ++i) facts[i].fact_seq = static_cast<int64_t>(i) + 1;
  return facts;
}

std::vector<Fact> shuffled(std::vector<Fact> facts) {
  for (size_t left = facts.size(); left > 1; --left) {
    std::swap(facts[left - 1], facts[static_cast<size_t>(below(static_cast<int>(left)))]);
  }
  return facts;
}

Derived derive(const std::vector<Fact>& history, const Policy& policy, Day today) {
  auto [subject, allocation] = reckon(history, policy, today);
  std::vector<DesiredNotice> notices = desired_notices(subject, allocation, policy, today);
  return {std::move(subject), std::move(allocation), std::move(notices)};
}

void RandomLedger::record(const std::vector<Fact>& facts) {
  history_.insert(history_.end(), facts.begin(), facts.end());
  history_ = recorded(std::move(history_));
}

bool RandomLedger::reconcile(Day today) {
  Derived outcome = derive(history_, policy_, today);
  ChainHead head;
  if (!entries_.empty()) head = {entries_.back().entry_seq, entries_.back().entry_hash, entries_.back().outcome_hash};
  EntryInputs inputs{static_cast<int64_t>(history_.size()), today, policy_.version, policy_.zone.start_of(today)};
  auto entry =
      build_entry("1/1", head, inputs, plan_entry(outcome.subject, outcome.allocation, fold_positions(transfers_)));
  if (!entry) return false;
  transfers_.insert(transfers_.end(), entry->transfers.begin(), entry->transfers.end());
  entries_.push_back(std::move(*entry));
  return true;
}

}  // namespace authledger
