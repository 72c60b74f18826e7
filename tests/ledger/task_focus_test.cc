// What a Task points at: a resource of the endpoint where it will stand, or nothing.

#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/notices.h"

namespace authledger {
namespace {

// An authorization of twelve visits with two left, as the EHR holds it, which the Tasks are written to.
struct Chart {
  Consolidated subject;
  Allocation allocation;
  Policy policy{1, Rules{}, *TimeZone::find("UTC"), "ehr"};

  Chart() {
    AuthorizationLine line;
    line.book = "payer/A1/1";
    line.payer = "payer";
    line.authorization_number = "A1";
    line.line = "1";
    line.decision = Decision::approved;
    line.is_usable = true;
    line.service_codes = {"90837"};
    line.measure = Measure::visit;
    line.approved = Quantity::of_units(12);
    line.first_day = day_of(2026, 7, 1);
    line.last_day = day_of(2026, 12, 31);
    line.sources = {{"ehr", "ClaimResponse/cr1", 1, "pas"}};
    LineBalance balance;
    balance.approved = Quantity::of_units(12);
    balance.available = Quantity::of_units(2);
    balance.used = Quantity::of_units(10);
    allocation.balances[line.book] = balance;
    subject.lines.push_back(line);
  }
  AuthorizationLine& line() { return subject.lines.front(); }

  void add_uncovered_visit(const Provenance& source) {
    Service service;
    service.key = source.resource;
    service.day = day_of(2026, 9, 20);
    service.state = ServiceState::rendered;
    service.service_codes = {"90837"};
    service.quantity = Quantity::of_units(1);
    service.measure = Measure::visit;
    service.sources = {source};
    subject.services.push_back(service);
    allocation.uncovered.push_back(
        {service.key, "90837", service.quantity, service.measure, true, UncoveredReason::exhausted, ""});
  }

  // The only notice of a kind.
  DesiredNotice of(NoticeKind kind) const {
    std::vector<DesiredNotice> notices = desired_notices(subject, allocation, policy, day_of(2026, 10, 1));
    std::erase_if(notices, [&](const DesiredNotice& notice) { return notice.kind != kind; });
    EXPECT_EQ(notices.size(), 1U) << word_of(kind);
    return notices.empty() ? DesiredNotice() : notices.front();
  }
};

TEST(TaskFocus, IsTheFirstSourceThatTheDeliveringEndpointHolds) {
  Chart chart;
  chart.line().sources = {
      {"payer", "ClaimResponse/7", 1, "pas"}, {"ehr", "ClaimResponse/cr1", 2, "pas"}, {"ehr", "Claim/k1", 3, "pas"}};
  EXPECT_EQ(chart.of(NoticeKind::units_low).focus, "ClaimResponse/cr1");
  EXPECT_EQ(chart.of(NoticeKind::units_low).focus_source, "ehr");
  chart.line().sources.resize(1);
  EXPECT_EQ(chart.of(NoticeKind::units_low).focus, "") << "the payer's ids name something else in the EHR";
  EXPECT_EQ(chart.of(NoticeKind::units_low).focus_source, "");
}

TEST(TaskFocus, IsTheVisitTheOrderOrTheLetterWhereTheDeliveringEndpointHoldsIt) {
  Chart chart;
  chart.line().sources.clear();
  chart.add_uncovered_visit({"scheduling", "Encounter/e1", 4, "encounter"});
  EXPECT_EQ(chart.of(NoticeKind::uncovered_service).focus, "");
  chart.subject.services.back().sources.push_back({"ehr", "Encounter/e2", 5, "encounter"});
  EXPECT_EQ(chart.of(NoticeKind::uncovered_service).focus, "Encounter/e2");

  UnsubmittedOrder order;
  order.source = {"lab", "ServiceRequest/o1", 6, "order"};
  order.ordered_on = day_of(2026, 9, 1);
  order.due_on = day_of(2026, 9, 3);
  chart.subject.unsubmitted = {order};
  EXPECT_EQ(chart.of(NoticeKind::submit).focus, "");
  chart.subject.unsubmitted[0].source.source = "ehr";
  EXPECT_EQ(chart.of(NoticeKind::submit).focus, "ServiceRequest/o1");

  chart.line().letters = {{{"payer", "DocumentReference/d1", 7, "letter"}, "current", {}, LetterChange{"m", {}}}};
  EXPECT_EQ(chart.of(NoticeKind::letter_changed).focus, "");
  chart.line().letters[0].source.source = "ehr";
  EXPECT_EQ(chart.of(NoticeKind::letter_changed).focus, "DocumentReference/d1");
}

// What a former version wrote names the first source, whichever endpoint's it is. Flags show no focus.
TEST(TaskFocus, AnUpgradeChangesTheHashOnlyWhereItPointedElsewhere) {
  Chart chart;
  const auto hash_before = [&](NoticeKind kind) {
    DesiredNotice notice = chart.of(kind);
    notice.focus = chart.line().sources.front().resource;
    notice.focus_source.clear();
    return desired_hash(notice);
  };
  const auto hash_now = [&](NoticeKind kind) { return desired_hash(chart.of(kind)); };
  EXPECT_EQ(hash_now(NoticeKind::units_low), hash_before(NoticeKind::units_low));
  EXPECT_EQ(hash_now(NoticeKind::utilization), hash_before(NoticeKind::utilization));
  chart.line().sources.front().source = "payer";
  EXPECT_NE(hash_now(NoticeKind::units_low), hash_before(NoticeKind::units_low));
  EXPECT_EQ(hash_now(NoticeKind::utilization), hash_before(NoticeKind::utilization));
}

}  // namespace
}  // namespace authledger
