#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ledger/outcome_hash.h"
#include "ledger/reckon.h"
#include "tests/ledger/random_facts.h"

namespace authledger {
namespace {

// Facts in another order, some of them more than once.
std::vector<Fact> permuted_and_repeated(const std::vector<Fact>& facts) {
  std::vector<Fact> others = facts;
  for (const Fact& fact : facts) {
    if (*rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 3)) == 0) others.push_back(fact);
  }
  return shuffled(others);
}

bool is_equal(const LineBalance& a, const LineBalance& b) {
  return a.approved == b.approved && a.available == b.available && a.lapsed == b.lapsed && a.reserved == b.reserved &&
         a.used == b.used;
}

bool is_equal(const Allocation& a, const Allocation& b) {
  return std::equal(a.balances.begin(), a.balances.end(), b.balances.begin(), b.balances.end(),
                    [](const auto& one, const auto& other) {
                      return one.first == other.first && is_equal(one.second, other.second);
                    });
}

TEST(AllocationProperty, DoesNotDependOnOrderOrRepetition) {
  const Policy policy = random_policy();
  EXPECT_TRUE(holds("permuted and repeated facts give the same balances and notices", [&] {
    const RandomSubject subject = *random_subject();
    Derived one = derive(recorded(subject.facts), policy, subject.today);
    Derived other = derive(recorded(permuted_and_repeated(subject.facts)), policy, subject.today);
    RC_ASSERT(is_equal(one.allocation, other.allocation));
    RC_ASSERT((outcome_hash(one.subject, one.allocation) == outcome_hash(other.subject, other.allocation)));
    RC_ASSERT((one.notices == other.notices));
    RC_ASSERT((one.allocation.changes_on == other.allocation.changes_on));
  }));
}

TEST(AllocationProperty, KeepsEveryGrantedUnit) {
  const Policy policy = random_policy();
  EXPECT_TRUE(holds("granted = available + reserved + used + lapsed, also as days pass", [&] {
    const RandomSubject subject = *random_subject();
    const std::vector<Fact> history = recorded(subject.facts);
    for (int days : {0, 1, 30, 120, 400}) {
      Derived outcome = derive(history, policy, subject.today + days);
      RC_ASSERT(outcome.allocation.balances.size() == outcome.subject.lines.size());
      for (const auto& [book, balance] : outcome.allocation.balances) {
        RC_ASSERT(!(balance.reserved < Quantity{}));
        RC_ASSERT(!(balance.used < Quantity{}));
        RC_ASSERT(balance.available.has_value() == balance.approved.has_value());
        RC_ASSERT(balance.lapsed.has_value() == balance.approved.has_value());
        if (!balance.approved) continue;
        RC_ASSERT(*balance.approved == *balance.available + balance.reserved + balance.used + *balance.lapsed);
        RC_ASSERT(!(*balance.available < Quantity{}));
        RC_ASSERT(!(*balance.lapsed < Quantity{}));
      }
    }
  }));
}

TEST(AllocationProperty, AccountsForEveryUnitOfAService) {
  const Policy policy = random_policy();
  EXPECT_TRUE(holds("draws and uncovered units of a service are its quantity", [&] {
    const RandomSubject subject = *random_subject();
    Derived outcome = derive(recorded(subject.facts), policy, subject.today);
    std::map<std::string, Quantity> accounted;
    for (const Draw& draw : outcome.allocation.draws) {
      RC_ASSERT(draw.quantity.is_positive());
      accounted[draw.service_key] += draw.quantity;
    }
    for (const UncoveredService& service : outcome.allocation.uncovered) {
      RC_ASSERT(service.quantity.is_positive());
      RC_ASSERT((service.reason != UncoveredReason::none));
      accounted[service.service_key] += service.quantity;
    }
    // What needs no authorization, also the rest of a service, draws nothing and is not uncovered either.
    const bool may_need_none =
        std::any_of(outcome.subject.lines.begin(), outcome.subject.lines.end(),
                    [](const AuthorizationLine& line) { return line.decision == Decision::not_required; });
    for (const Service& service : outcome.subject.services) {
      const Quantity sum = accounted[service.key];
      // A per diem counts once a day, so that a second service of the day may count nothing.
      const bool is_per_diem = service.service_codes == std::vector<std::string>{"H0015"};
      if (service.state == ServiceState::voided || service.state == ServiceState::no_show) {
        RC_ASSERT(sum.is_zero());
      } else if (service.state == ServiceState::rendered && !is_per_diem && !may_need_none) {
        RC_ASSERT(sum == service.quantity);
      } else if (may_need_none) {
        RC_ASSERT(sum <= service.quantity);
      } else {
        RC_ASSERT(sum.is_zero() || sum == service.quantity || is_per_diem);
      }
      accounted.erase(service.key);
    }
    RC_ASSERT(accounted.empty());
  }));
}

TEST(AllocationProperty, BalancesAreTheSumsOfDraws) {
  const Policy policy = random_policy();
  EXPECT_TRUE(holds("reserved and used are sums of draws and stay within what is approved", [&] {
    const RandomSubject subject = *random_subject();
    Derived outcome = derive(recorded(subject.facts), policy, subject.today);
    std::map<std::string, LineBalance> sums;
    for (const Draw& draw : outcome.allocation.draws) {
      (draw.is_reserved ? sums[draw.book].reserved : sums[draw.book].used) += draw.quantity;
    }
    for (const auto& [book, balance] : outcome.allocation.balances) {
      RC_ASSERT(sums[book].reserved == balance.reserved);
      RC_ASSERT(sums[book].used == balance.used);
      if (balance.approved) RC_ASSERT(balance.reserved + balance.used <= *balance.approved);
    }
  }));
}

TEST(AllocationProperty, ChangesOnNoDayBeforeTheOneItNames) {
  const Policy policy = random_policy();
  EXPECT_TRUE(holds("nothing differs before changes_on", [&] {
    const RandomSubject subject = *random_subject();
    const std::vector<Fact> history = recorded(subject.facts);
    const Derived now = derive(history, policy, subject.today);
    const std::optional<Day> changes_on = due_again_on({now.subject, now.allocation}, policy, subject.today);
    RC_ASSERT(!changes_on || *changes_on > subject.today);
    for (int days = 1; days <= 60; ++days) {
      const Day day = subject.today + days;
      if (changes_on && day >= *changes_on) break;
      const Derived later = derive(history, policy, day);
      RC_ASSERT(is_equal(later.allocation, now.allocation));
      RC_ASSERT((outcome_hash(later.subject, later.allocation) == outcome_hash(now.subject, now.allocation)));
      RC_ASSERT((later.notices == now.notices));
    }
  }));
}

}  // namespace
}  // namespace authledger
