#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/ledger/random_facts.h"

namespace authledger {
namespace {

Quantity balance_of(const std::vector<Transfer>& transfers, const std::string& book, Account account) {
  Quantity sum;
  for (const Balance& balance : fold_balances(transfers)) {
    if (balance.book == book && balance.account == account) sum += balance.quantity;
  }
  return sum;
}

// The journal says what the allocation says.
void expect_agreement(const std::vector<Transfer>& transfers, const Allocation& allocation) {
  for (const auto& [book, balance] : allocation.balances) {
    RC_ASSERT(balance_of(transfers, book, Account::reserved) == balance.reserved);
    RC_ASSERT(balance_of(transfers, book, Account::used) == balance.used);
    if (!balance.approved) continue;
    RC_ASSERT(balance_of(transfers, book, Account::granted) == -*balance.approved);
    RC_ASSERT(balance_of(transfers, book, Account::available) == *balance.available);
    RC_ASSERT(balance_of(transfers, book, Account::lapsed) == *balance.lapsed);
  }
  std::map<std::string, Quantity> uncovered;
  for (const UncoveredService& service : allocation.uncovered) {
    if (service.is_rendered) uncovered[uncovered_book(service.code)] += service.quantity;
  }
  for (const Balance& balance : fold_balances(transfers)) {
    if (balance.account == Account::uncovered) uncovered[balance.book] -= balance.quantity;
    const bool is_origin = balance.account == Account::granted || balance.account == Account::rendered;
    RC_ASSERT(is_origin || !(balance.quantity < Quantity{}));
  }
  for (const auto& [book, difference] : uncovered) RC_ASSERT(difference.is_zero());
}

// The facts in batches, a reconcile after each on a later day. Returns the day of the last one.
Day reconcile_in_batches(RandomLedger& ledger, const RandomSubject& subject) {
  const int batches = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 5));
  const size_t size = subject.facts.size() / static_cast<size_t>(batches) + 1;
  Day today = subject.today;
  for (size_t from = 0; from < subject.facts.size(); from += size) {
    const size_t to = std::min(from + size, subject.facts.size());
    ledger.record(
        {subject.facts.begin() + static_cast<ptrdiff_t>(from), subject.facts.begin() + static_cast<ptrdiff_t>(to)});
    ledger.reconcile(today);
    today = today + *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 60));
  }
  ledger.reconcile(today);
  return today;
}

TEST(JournalProperty, FoldsToTheAllocationAfterAnySequenceOfBatches) {
  EXPECT_TRUE(holds("the journal folds to the allocation, whatever came before", [] {
    RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    subject.facts = shuffled(subject.facts);
    RandomLedger ledger(policy);
    const Day today = reconcile_in_batches(ledger, subject);
    expect_agreement(ledger.transfers(), derive(ledger.history(), policy, today).allocation);

    RandomLedger at_once(policy);
    at_once.record(ledger.history());
    at_once.reconcile(today);
    RC_ASSERT(fold_positions(at_once.transfers()) == fold_positions(ledger.transfers()));
  }));
}

TEST(JournalProperty, PostsNothingOnASecondReconcile) {
  EXPECT_TRUE(holds("a second reconcile posts nothing", [] {
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    RandomLedger ledger(policy);
    ledger.record(subject.facts);
    ledger.reconcile(subject.today);
    RC_ASSERT_FALSE(ledger.reconcile(subject.today));
  }));
}

TEST(JournalProperty, ReplaysEveryEntryFromItsInputs) {
  EXPECT_TRUE(holds("replay rebuilds each entry", [] {
    RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    RandomLedger ledger(policy);
    reconcile_in_batches(ledger, subject);
    RC_ASSERT_FALSE(verify_chain("1/1", ledger.entries()));
    std::vector<Transfer> posted;
    for (const JournalEntry& entry : ledger.entries()) {
      std::vector<Fact> known(ledger.history().begin(),
                              ledger.history().begin() + static_cast<ptrdiff_t>(entry.facts_seq));
      Derived outcome = derive(known, policy, entry.as_of_day);
      EntryPlan plan = plan_entry(outcome.subject, outcome.allocation, fold_positions(posted));
      RC_ASSERT((plan.transfers == entry.transfers));
      RC_ASSERT((plan.outcome_hash == entry.outcome_hash));
      posted.insert(posted.end(), entry.transfers.begin(), entry.transfers.end());
    }
  }));
}

TEST(JournalProperty, WritesOnlyPositiveTransfersWithReversalsFirst) {
  EXPECT_TRUE(holds("transfers are positive and reversals come first", [] {
    const RandomSubject subject = *random_subject();
    RandomLedger ledger(subject.policy);
    reconcile_in_batches(ledger, subject);
    for (const JournalEntry& entry : ledger.entries()) {
      for (size_t i = 0; i < entry.transfers.size(); ++i) {
        RC_ASSERT(entry.transfers[i].quantity.is_positive());
        RC_ASSERT(i == 0 || entry.transfers[i - 1].is_reversal || !entry.transfers[i].is_reversal);
      }
    }
  }));
}

}  // namespace
}  // namespace authledger
