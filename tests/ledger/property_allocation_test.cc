#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ledger/match.h"
#include "ledger/outcome_hash.h"
#include "ledger/reckon.h"
#include "ledger/units.h"
#include "tests/ledger/oracle_allocate.h"
#include "tests/ledger/random_facts.h"
#include "tests/ledger/random_scenario.h"

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

TEST(AllocationProperty, DoesNotDependOnOrderOrRepetition) {
  EXPECT_TRUE(holds("permuted and repeated facts give the same balances and notices", [] {
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    Derived one = derive(recorded(subject.facts), policy, subject.today);
    Derived other = derive(recorded(permuted_and_repeated(subject.facts)), policy, subject.today);
    RC_ASSERT((as_oracle(one.allocation) == as_oracle(other.allocation)));
    RC_ASSERT((outcome_hash(one.subject, one.allocation) == outcome_hash(other.subject, other.allocation)));
    RC_ASSERT((one.notices == other.notices));
    RC_ASSERT((one.allocation.changes_on == other.allocation.changes_on));
  }));
}

TEST(AllocationProperty, KeepsEveryGrantedUnit) {
  EXPECT_TRUE(holds("granted = available + reserved + used + lapsed, also as days pass", [] {
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
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

// What a service may leave unaccounted: nothing is needed, or its day or its main service counts already.
bool may_count_nothing(const Service& service, const RandomSubject& subject, const Consolidated& consolidated) {
  const Rules& rules = subject.policy.rules;
  const CodeRule* rule = leading_code_rule(service.service_codes, rules);
  const bool may_be_free =
      std::any_of(consolidated.lines.begin(), consolidated.lines.end(),
                  [](const AuthorizationLine& line) { return line.decision == Decision::not_required; }) ||
      std::any_of(rules.payers.begin(), rules.payers.end(), [](const PayerRule& payer) {
        return payer.authorization_required == false || (payer.unit && payer.unit->once_per_day);
      });
  const bool is_booked = service.state == ServiceState::planned || service.state == ServiceState::in_progress;
  const bool is_of_program = !service.program.empty() ||
                             std::any_of(rules.programs.begin(), rules.programs.end(), [&](const ProgramRule& program) {
                               return lists_any(program.codes, service.service_codes);
                             });
  return may_be_free || is_booked || is_of_program || is_add_on(service.service_codes, rules) ||
         (rule != nullptr && rule->once_per_day);
}

TEST(AllocationProperty, AccountsForEveryUnitOfAService) {
  EXPECT_TRUE(holds("draws and uncovered units of a service are its quantity", [] {
    const RandomSubject subject = *random_subject();
    const Derived outcome = derive(recorded(subject.facts), subject.policy, subject.today);
    for (const Service& service : outcome.subject.services) {
      Quantity drawn, uncovered;
      bool is_comparable = true;  // A program's day covers its components whole, a pin whatever it names.
      for (const Draw& draw : outcome.allocation.draws) {
        if (draw.service_key != service.key) continue;
        RC_ASSERT(draw.quantity.is_positive());
        const std::optional<Quantity> converted = convert_units(draw.quantity, draw.measure, service.measure);
        is_comparable = is_comparable && converted && !draw.rule.starts_with("program") && draw.rule != "pinned";
        drawn += converted.value_or(draw.quantity);
      }
      for (const UncoveredService& left : outcome.allocation.uncovered) {
        if (left.service_key != service.key) continue;
        RC_ASSERT(left.quantity.is_positive());
        RC_ASSERT((left.reason != UncoveredReason::none));
        uncovered += left.quantity;
      }
      if (service.state == ServiceState::voided || service.state == ServiceState::no_show) {
        RC_ASSERT(uncovered.is_zero());
        RC_ASSERT((service.state == ServiceState::no_show || drawn.is_zero()));
      }
      if (!is_comparable || service.state == ServiceState::voided) continue;
      // Quarters of an hour round up to a thousandth of an hour.
      const Quantity missing = service.quantity - drawn - uncovered;
      RC_ASSERT(-Quantity::of_milli(3) <= missing);
      const bool may_be_missing =
          service.state == ServiceState::no_show || may_count_nothing(service, subject, outcome.subject);
      if (!may_be_missing) RC_ASSERT(!missing.is_positive());
    }
  }));
}

TEST(AllocationProperty, DrawsTheSameBesideTheFactsOfAnotherPayer) {
  EXPECT_TRUE(holds("codes, coverage and authorizations of another payer change no draw", [] {
    const RandomSubject subject = *random_subject();
    // Rules of one payer apply to services of no known payer while there is only one.
    RC_PRE(subject.policy.rules.payers.empty() && subject.policy.rules.benefits.empty());
    std::vector<std::string> statements = subject.statements;
    for (const char* statement :
         {"coverage C9 payer P9 member M9 2027-10-01..2027-12-31",
          "authorization A99 T2048 always approved 9 days payer P9",
          "service V99 T2048 2027-06-05 rendered coverage C9", "service V98 T2048 2029-01-05 planned number A99"}) {
      statements.emplace_back(statement);
    }
    const ScenarioPatient more = read_patient(statements);
    const OracleAllocation without =
        as_oracle(reckon(recorded(subject.facts), subject.policy, subject.today).allocation);
    const OracleAllocation with = as_oracle(reckon(more.history, more.policy, more.today).allocation);
    for (const auto& [names, draw] : without.draws) RC_ASSERT(with.draws.at(names) == draw);
    for (const auto& [book, balance] : without.balances) RC_ASSERT(with.balances.at(book) == balance);
    for (const auto& [key, left] : without.uncovered) RC_ASSERT(with.uncovered.at(key).quantity == left.quantity);
  }));
}

TEST(AllocationProperty, AnswersACheckAsItWouldServeTheVisit) {
  EXPECT_TRUE(holds("check_coverage gives what the last visit of all would get", [] {
    const RandomSubject subject = *random_subject();
    const Reckoning now = reckon(recorded(subject.facts), subject.policy, subject.today);
    Day day = subject.today;
    for (const Service& service : now.subject.services) day = std::max(day, service.day + 1);
    const std::string code = *rc::gen::element<std::string>("90837", "90834", "97153", "H0015", "90853");
    const std::string amount = *rc::gen::element<std::string>("1", "0.5", "1");
    std::vector<std::string> statements = subject.statements;
    statements.push_back("service V99 " + code + " " + format_day(day) + " in_progress " + amount + " units");
    const ScenarioPatient more = read_patient(statements);
    const OracleAllocation served = as_oracle(reckon(more.history, more.policy, more.today).allocation);

    const CoverageAnswer answer =
        check_coverage(now.subject, subject.policy, subject.today, {code, day, *parse_quantity(amount)});
    const auto left = served.uncovered.find("Encounter/V99");
    RC_ASSERT(answer.is_covered == (left == served.uncovered.end()));
    if (!answer.is_covered) {
      RC_ASSERT((left->second.reason == answer.reason));
      RC_ASSERT(left->second.quantity == answer.uncovered);
    }
    for (const Draw& draw : answer.draws)
      RC_ASSERT(served.draws.at({draw.book, "Encounter/V99"}).quantity == draw.quantity);
  }));
}

TEST(AllocationProperty, BalancesAreTheSumsOfDraws) {
  EXPECT_TRUE(holds("reserved and used are sums of draws and stay within what is approved", [] {
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
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

// What people are shown, and what is posted.
bool is_answer_equal(const Derived& a, Day day_a, const Derived& b, Day day_b, const Policy& policy) {
  const auto rows_a = authorization_rows(a.subject, a.allocation, policy, day_a);
  const auto rows_b = authorization_rows(b.subject, b.allocation, policy, day_b);
  return as_oracle(a.allocation) == as_oracle(b.allocation) && a.notices == b.notices &&
         outcome_hash(a.subject, a.allocation) == outcome_hash(b.subject, b.allocation) &&
         std::equal(rows_a.begin(), rows_a.end(), rows_b.begin(), rows_b.end(),
                    [](const AuthorizationRow& one, const AuthorizationRow& other) {
                      return one.window == other.window && one.supply == other.supply;
                    });
}

TEST(AllocationProperty, ChangesOnTheDayThatItNamesAndOnNoneBefore) {
  int named = 0, idle = 0;
  EXPECT_TRUE(holds("nothing differs before changes_on", [&] {
    const RandomSubject subject = *random_subject();
    const Policy& policy = subject.policy;
    const std::vector<Fact> history = recorded(subject.facts);
    const Derived now = derive(history, policy, subject.today);
    const std::optional<Day> changes_on = due_again_on({now.subject, now.allocation}, policy, subject.today);
    RC_ASSERT(!changes_on || *changes_on > subject.today);
    for (int days = 1; days <= 120; ++days) {
      const Day day = subject.today + days;
      if (changes_on && day >= *changes_on) break;
      RC_ASSERT(is_answer_equal(now, subject.today, derive(history, policy, day), day, policy));
    }
    if (!changes_on || *changes_on > day_of(9000, 1, 1)) return;
    ++named;
    if (is_answer_equal(now, subject.today, derive(history, policy, *changes_on), *changes_on, policy)) ++idle;
  }));
  // A bound may pass without effect, as the end of a line that is used up; a wake-up too many does no harm.
  EXPECT_LT(4 * idle, named) << "of " << named << " days that were named nothing changed on " << idle;
}

}  // namespace
}  // namespace authledger
