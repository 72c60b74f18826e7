#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ledger/reckon.h"
#include "tests/ledger/dice.h"

namespace authledger {
namespace {

Fact fact_of(const std::string& resource, FactKind kind, int64_t version, FactBody body) {
  Fact fact;
  fact.source = "ehr";
  fact.resource = resource;
  fact.fact_key = make_fact_key("ehr", resource, kind, "1");
  fact.source_version = version;
  fact.body = std::move(body);
  return fact;
}

// Row 31 of the capability table: 1,000 encounters in any order, delivered twice, some taken back and some of these
// rendered after all. The model counts the encounters whose last version is rendered.
TEST(ThousandVisits, InAnyOrderTwiceWithReversalsLeaveTheBalanceOfTheModel_Row31) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Dice dice(seed);
    std::vector<Fact> delivered;
    AuthorizationLineFact line;
    line.patient = "Patient/p1";
    line.payer = "P1";
    line.authorization_number = "A1";
    line.line = "1";
    line.decision = Decision::approved;
    line.service_codes = {"90837"};
    line.quantity = Quantity::of_units(1200);
    line.measure = Measure::visit;
    delivered.push_back(fact_of("ClaimResponse/cr1", FactKind::authorization_line, 1, line));
    int rendered = 0;
    for (int i = 0; i < 1000; ++i) {
      ServiceFact visit;
      visit.patient = "Patient/p1";
      visit.day = day_of(2026, 1, 1) + dice.below(300);
      visit.service_codes = {"90837"};
      visit.state = ServiceState::planned;
      const std::string resource = "Encounter/e" + std::to_string(i);
      int64_t version = 0;
      const auto say = [&](ServiceState state) {
        visit.state = state;
        delivered.push_back(fact_of(resource, FactKind::service, ++version, visit));
      };
      say(ServiceState::rendered);
      if (dice.one_in(4)) say(ServiceState::voided);
      if (version == 2 && dice.one_in(3)) say(ServiceState::rendered);
      rendered += visit.state == ServiceState::rendered ? 1 : 0;
    }
    const std::vector<Fact> once = delivered;
    delivered.insert(delivered.end(), once.begin(), once.end());
    dice.shuffle(delivered);
    for (size_t i = 0; i < delivered.size(); ++i) delivered[i].fact_seq = static_cast<int64_t>(i) + 1;

    const Policy policy = make_policy(1, shipped_rules()).value();
    const Reckoning reckoning = reckon(delivered, policy, day_of(2026, 12, 31));
    ASSERT_EQ(reckoning.subject.services.size(), 1000u);
    ASSERT_EQ(reckoning.allocation.balances.size(), 1u);
    const LineBalance& balance = reckoning.allocation.balances.begin()->second;
    EXPECT_EQ(balance.used, Quantity::of_units(rendered)) << "seed " << seed;
    EXPECT_EQ(*balance.available, Quantity::of_units(1200 - rendered)) << "seed " << seed;
    EXPECT_TRUE(reckoning.allocation.uncovered.empty());
  }
}

}  // namespace
}  // namespace authledger
