#pragma once

#include <rapidcheck.h>

#include <cstdlib>
#include <iosfwd>
#include <string>
#include <vector>

#include "ledger/journal.h"
#include "ledger/notices.h"

// Random subjects for the property tests, and what follows from them.

namespace authledger {

// A patient of random_scenario. Its facts are versions in the order of the statements.
struct RandomSubject {
  std::vector<std::string> statements;
  std::vector<Fact> facts;
  Policy policy;
  Day today;
};
std::ostream& operator<<(std::ostream& out, const RandomSubject& subject);
rc::Gen<RandomSubject> random_subject();

// The facts as they would be recorded in this order: with dense sequences.
std::vector<Fact> recorded(std::vector<Fact> facts);

std::vector<Fact> shuffled(std::vector<Fact> facts);

// What follows from recorded facts on a day.
struct Derived {
  Consolidated subject;
  Allocation allocation;
  std::vector<DesiredNotice> notices;
};
Derived derive(const std::vector<Fact>& history, const Policy& policy, Day today);

// One subject with its facts and its journal, reconciled as sync does it.
class RandomLedger {
 public:
  explicit RandomLedger(const Policy& policy) : policy_(policy) {}

  void record(const std::vector<Fact>& facts);
  // Whether an entry was posted.
  bool reconcile(Day today);

  const std::vector<Fact>& history() const { return history_; }
  const std::vector<JournalEntry>& entries() const { return entries_; }
  const std::vector<Transfer>& transfers() const { return transfers_; }

 private:
  const Policy& policy_;
  std::vector<Fact> history_;
  std::vector<JournalEntry> entries_;
  std::vector<Transfer> transfers_;
};

// The same cases on every run, and others with RC_PARAMS="seed=…" in the environment. A failure prints the parameters
// that reproduce it.
template <typename Property>
bool holds(const std::string& description, Property property) {
  setenv("RC_PARAMS", "seed=20261123 max_success=300", 0);
  return rc::check(description, property);
}

}  // namespace authledger
