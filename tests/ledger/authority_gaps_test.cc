#include "ledger/authority_gaps.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

Day day(const char* text) {
  return *parse_day(text);
}

struct State {
  Consolidated subject;
  Allocation allocation;
  Policy policy{1, Rules{}, *TimeZone::find("UTC")};

  void approve(const char* first_day, const char* last_day, const char* code = "90837") {
    AuthorizationLine line;
    line.book = "payer/A" + std::to_string(subject.lines.size());
    line.decision = Decision::approved;
    line.is_usable = true;
    line.service_codes = {code};
    line.measure = Measure::visit;
    line.first_day = day(first_day);
    line.last_day = day(last_day);
    subject.lines.push_back(line);
    allocation.balances[line.book] = {};
  }
  void visit(const char* on, ServiceState state = ServiceState::rendered, const char* code = "90837") {
    Service service;
    service.key = "Encounter/e" + std::to_string(subject.services.size());
    service.day = day(on);
    service.state = state;
    service.service_codes = {code};
    service.quantity = Quantity::of_units(1);
    service.measure = Measure::visit;
    subject.services.push_back(service);
  }
  int64_t gaps() const { return gap_days(subject, allocation, policy, day("2026-12-31")); }
};

TEST(GapDays, AreThoseOfTheEpisodeThatNoLineCovers) {
  State state;
  state.visit("2026-03-01");
  state.visit("2026-03-31");
  EXPECT_EQ(state.gaps(), 31);
  state.approve("2026-01-01", "2026-03-10");
  EXPECT_EQ(state.gaps(), 21);
  state.approve("2026-03-15", "2026-03-20");
  EXPECT_EQ(state.gaps(), 15) << "11th to 14th and 21st to 31st";
  state.approve("2026-03-05", "2026-12-31");
  EXPECT_EQ(state.gaps(), 0) << "lines may overlap";
}

TEST(GapDays, CountEachCodeForItself) {
  State state;
  state.visit("2026-03-01");
  state.visit("2026-03-03");
  state.visit("2026-03-02", ServiceState::planned, "90834");
  state.approve("2026-03-01", "2026-03-31");
  EXPECT_EQ(state.gaps(), 1) << "the booked visit of another code";
}

TEST(GapDays, NoVisitOrOneThatDidNotTakePlaceMakesNoEpisode) {
  State state;
  EXPECT_EQ(state.gaps(), 0);
  state.visit("2026-03-01", ServiceState::voided);
  state.visit("2026-03-09", ServiceState::no_show);
  EXPECT_EQ(state.gaps(), 0);
  state.visit("2026-03-05");
  state.visit("2026-03-05");
  EXPECT_EQ(state.gaps(), 1) << "two visits of one day";
}

TEST(GapDays, ACodeThatNeedsNoAuthorizationHasNone) {
  State state;
  state.visit("2026-03-01");
  state.visit("2026-03-31");
  PayerRule rule;
  rule.authorization_required = false;
  state.policy.rules.payers.push_back(rule);
  EXPECT_EQ(state.gaps(), 0);
}

}  // namespace
}  // namespace authledger
