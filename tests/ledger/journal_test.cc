#include "ledger/journal.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace authledger {
namespace {

const std::string kBook = "Organization/payer/A1/1";

AuthorizationLine line_of(const std::string& book = kBook, Measure measure = Measure::visit) {
  AuthorizationLine line;
  line.book = book;
  line.payer = "Organization/payer";
  line.authorization_number = "A1";
  line.line = "1";
  line.decision = Decision::approved;
  line.is_usable = true;
  line.measure = measure;
  return line;
}

Service service_of(const std::string& key, ServiceState state) {
  Service service;
  service.key = key;
  service.day = day_of(2026, 3, 2);
  service.state = state;
  service.quantity = Quantity::of_units(1);
  service.measure = Measure::visit;
  return service;
}

// One line of twelve visits and a visit that draws from it, as allocate would say it.
class Ledger {
 public:
  Ledger() { approve(12); }

  Ledger& approve(std::optional<int> units) {
    subject_.lines = {line_of()};
    approved_ = units;
    return *this;
  }
  Ledger& visit(const std::string& key, ServiceState state, int units = 1) {
    std::erase_if(subject_.services, [&](const Service& service) { return service.key == key; });
    std::erase_if(allocation_.draws, [&](const Draw& draw) { return draw.service_key == key; });
    std::erase_if(allocation_.uncovered, [&](const UncoveredService& service) { return service.service_key == key; });
    subject_.services.push_back(service_of(key, state));
    if (state == ServiceState::rendered || state == ServiceState::planned) {
      allocation_.draws.push_back({kBook, key, Quantity::of_units(units), Measure::visit,
                                   state == ServiceState::planned, "exact code, ends first"});
    }
    return *this;
  }
  Ledger& uncovered(const std::string& key, UncoveredReason reason) {
    visit(key, ServiceState::rendered);
    allocation_.draws.pop_back();
    allocation_.uncovered.push_back({key, "97110", Quantity::of_units(1), Measure::visit, true, reason, ""});
    return *this;
  }
  Ledger& lapse(int units) {
    lapsed_ = units;
    return *this;
  }
  Ledger& swap_input_order() {
    std::reverse(allocation_.draws.begin(), allocation_.draws.end());
    return *this;
  }

  EntryPlan plan() {
    LineBalance balance;
    for (const Draw& draw : allocation_.draws) (draw.is_reserved ? balance.reserved : balance.used) += draw.quantity;
    if (approved_) {
      balance.approved = Quantity::of_units(*approved_);
      balance.lapsed = Quantity::of_units(lapsed_);
      balance.available = *balance.approved - balance.reserved - balance.used - *balance.lapsed;
    }
    allocation_.balances = {{kBook, balance}};
    return plan_entry(subject_, allocation_, fold_positions(posted_));
  }

  // Posts what is planned and returns it.
  std::vector<Transfer> post() {
    EntryPlan planned = plan();
    posted_.insert(posted_.end(), planned.transfers.begin(), planned.transfers.end());
    return planned.transfers;
  }

  int64_t balance(Account account, const std::string& book = kBook) const {
    for (const Balance& balance : fold_balances(posted_)) {
      if (balance.book == book && balance.account == account) return balance.quantity.milli() / 1000;
    }
    return 0;
  }

 private:
  Consolidated subject_;
  Allocation allocation_;
  std::optional<int> approved_;
  int lapsed_ = 0;
  std::vector<Transfer> posted_;
};

TEST(Journal, WritesAccountsAsWordsAndReadsThemBack) {
  for (Account account : {Account::granted, Account::available, Account::reserved, Account::used, Account::lapsed,
                          Account::rendered, Account::uncovered}) {
    EXPECT_EQ(account_from(word_of(account)), account);
  }
  EXPECT_FALSE(account_from("spent"));
}

TEST(Journal, PositionsOfABookSumToZero) {
  std::vector<Transfer> transfers{
      {kBook, Account::granted, Account::available, Measure::visit, Quantity::of_units(12), "", false, ""},
      {kBook, Account::available, Account::used, Measure::visit, Quantity::of_units(1), "Encounter/e1", false, ""}};
  auto positions = fold_positions(transfers);
  ASSERT_EQ(positions.size(), 4u);
  Quantity sum;
  for (const Position& position : positions) sum += position.quantity;
  EXPECT_TRUE(sum.is_zero());
  auto balances = fold_balances(transfers);
  ASSERT_EQ(balances.size(), 3u);
  EXPECT_EQ(balances[1], (Balance{kBook, Account::available, Measure::visit, Quantity::of_units(11)}));
}

TEST(PlanEntry, GrantsThenDraws) {
  Ledger ledger;
  auto transfers = ledger.visit("Encounter/e1", ServiceState::rendered).post();
  ASSERT_EQ(transfers.size(), 2u);
  EXPECT_EQ(transfers[0], (Transfer{kBook, Account::granted, Account::available, Measure::visit, Quantity::of_units(12),
                                    "", false, "approved"}));
  EXPECT_EQ(transfers[1], (Transfer{kBook, Account::available, Account::used, Measure::visit, Quantity::of_units(1),
                                    "Encounter/e1", false, "exact code, ends first"}));
}

TEST(PlanEntry, PlansNothingOnItsOwnResult) {
  Ledger ledger;
  ledger.visit("Encounter/e1", ServiceState::rendered).visit("Appointment/a1", ServiceState::planned).post();
  EXPECT_TRUE(ledger.plan().transfers.empty());
}

TEST(PlanEntry, MovesAReservationOnByOneTransferWhenItsVisitIsRendered) {
  Ledger ledger;
  ledger.visit("Encounter/e1", ServiceState::planned).post();
  EXPECT_EQ(ledger.balance(Account::reserved), 1);
  auto transfers = ledger.visit("Encounter/e1", ServiceState::rendered).post();
  ASSERT_EQ(transfers.size(), 1u);
  EXPECT_EQ(transfers[0].from, Account::reserved);
  EXPECT_EQ(transfers[0].to, Account::used);
  EXPECT_FALSE(transfers[0].is_reversal);
  EXPECT_EQ(ledger.balance(Account::used), 1);
  EXPECT_EQ(ledger.balance(Account::available), 11);
}

TEST(PlanEntry, BringsTheFormerBalanceBackWhenAVisitWasEnteredInError) {
  Ledger ledger;
  ledger.visit("Encounter/e1", ServiceState::planned).post();
  ledger.visit("Encounter/e1", ServiceState::rendered).post();
  auto transfers = ledger.visit("Encounter/e1", ServiceState::voided).post();
  ASSERT_EQ(transfers.size(), 1u);
  EXPECT_EQ(transfers[0].from, Account::used);
  EXPECT_EQ(transfers[0].to, Account::available);
  EXPECT_TRUE(transfers[0].is_reversal);
  EXPECT_EQ(transfers[0].reason, "service is void");
  EXPECT_EQ(ledger.balance(Account::available), 12);
  EXPECT_EQ(ledger.balance(Account::used), 0);
}

TEST(PlanEntry, ReversesAndRepostsWhatChangedInQuantity) {
  Ledger ledger;
  ledger.visit("Encounter/e1", ServiceState::planned, 1).post();
  auto transfers = ledger.visit("Encounter/e1", ServiceState::rendered, 2).post();
  ASSERT_EQ(transfers.size(), 2u);
  EXPECT_TRUE(transfers[0].is_reversal);
  EXPECT_EQ(transfers[0].from, Account::reserved);
  EXPECT_FALSE(transfers[1].is_reversal);
  EXPECT_EQ(transfers[1].quantity, Quantity::of_units(2));
  EXPECT_EQ(ledger.balance(Account::used), 2);
}

TEST(PlanEntry, PutsReversalsFirst) {
  Ledger ledger;
  ledger.visit("Encounter/e1", ServiceState::rendered).visit("Encounter/e2", ServiceState::rendered).lapse(10).post();
  auto transfers = ledger.approve(15).visit("Encounter/e2", ServiceState::voided).lapse(0).post();
  bool has_begun_posting = false;
  for (const Transfer& transfer : transfers) {
    if (!transfer.is_reversal) has_begun_posting = true;
    EXPECT_FALSE(transfer.is_reversal && has_begun_posting);
  }
  EXPECT_EQ(ledger.balance(Account::available), 14);
  EXPECT_EQ(ledger.balance(Account::lapsed), 0);
  EXPECT_EQ(ledger.balance(Account::granted), -15);
}

TEST(PlanEntry, MovesALateServiceFromLapsedToUsed) {
  Ledger ledger;
  ledger.lapse(12).post();
  EXPECT_EQ(ledger.balance(Account::lapsed), 12);
  ledger.visit("Encounter/late", ServiceState::rendered).lapse(11).post();
  EXPECT_EQ(ledger.balance(Account::lapsed), 11);
  EXPECT_EQ(ledger.balance(Account::used), 1);
  EXPECT_EQ(ledger.balance(Account::available), 0);
}

TEST(PlanEntry, ReallocatesAnUncoveredVisitByReversalWhenItIsCovered) {
  Ledger ledger;
  ledger.uncovered("Encounter/e1", UncoveredReason::no_authorization).post();
  EXPECT_EQ(ledger.balance(Account::uncovered, "uncovered/97110"), 1);
  auto transfers = ledger.visit("Encounter/e1", ServiceState::rendered).post();
  ASSERT_EQ(transfers.size(), 2u);
  EXPECT_EQ(transfers[0].book, "uncovered/97110");
  EXPECT_EQ(transfers[0].from, Account::uncovered);
  EXPECT_EQ(transfers[0].to, Account::rendered);
  EXPECT_TRUE(transfers[0].is_reversal);
  EXPECT_EQ(transfers[1].book, kBook);
  EXPECT_EQ(ledger.balance(Account::uncovered, "uncovered/97110"), 0);
}

TEST(PlanEntry, JournalsDrawsOfALineWithoutLimitFromGranted) {
  Ledger ledger;
  auto transfers = ledger.approve(std::nullopt).visit("Encounter/e1", ServiceState::rendered).post();
  ASSERT_EQ(transfers.size(), 1u);
  EXPECT_EQ(transfers[0].from, Account::granted);
  EXPECT_EQ(ledger.balance(Account::used), 1);
  EXPECT_EQ(ledger.balance(Account::granted), -1);
}

TEST(PlanEntry, MovesDrawsBehindTheGrantWhenALineGetsALimit) {
  Ledger ledger;
  ledger.approve(std::nullopt).visit("Encounter/e1", ServiceState::rendered).post();
  ledger.approve(12).post();
  EXPECT_EQ(ledger.balance(Account::available), 11);
  EXPECT_EQ(ledger.balance(Account::used), 1);
  EXPECT_EQ(ledger.balance(Account::granted), -12);
}

TEST(PlanEntry, DoesNotDependOnTheOrderOfDraws) {
  Ledger one, other;
  one.visit("Encounter/e1", ServiceState::rendered).visit("Encounter/e2", ServiceState::planned);
  other.visit("Encounter/e1", ServiceState::rendered).visit("Encounter/e2", ServiceState::planned).swap_input_order();
  EXPECT_EQ(one.plan().transfers, other.plan().transfers);
}

TEST(PlanEntry, HashesAReasonThatMovesNoUnit) {
  Ledger ledger;
  ledger.uncovered("Encounter/e1", UncoveredReason::no_authorization);
  Hash before = ledger.plan().outcome_hash;
  ledger.post();
  EntryPlan plan = ledger.uncovered("Encounter/e1", UncoveredReason::expired).plan();
  EXPECT_TRUE(plan.transfers.empty());
  EXPECT_NE(plan.outcome_hash, before);
}

TEST(BuildEntry, IsNothingWhenNothingMovedAndTheSameIsBelieved) {
  Ledger ledger;
  EntryPlan plan = ledger.visit("Encounter/e1", ServiceState::rendered).plan();
  EntryInputs inputs{3, day_of(2026, 3, 1), 1, *parse_instant("2026-03-01T12:00:00Z")};
  auto first = build_entry("1/7", {}, inputs, plan);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->entry_seq, 1);
  ChainHead head{first->entry_seq, first->entry_hash, first->outcome_hash};
  EXPECT_FALSE(build_entry("1/7", head, inputs, EntryPlan{{}, plan.outcome_hash}));
  auto second = build_entry("1/7", head, inputs, EntryPlan{{}, Hash{1}});
  ASSERT_TRUE(second);
  std::vector<JournalEntry> chain{*first, *second};
  EXPECT_FALSE(verify_chain("1/7", chain));
}

}  // namespace
}  // namespace authledger
