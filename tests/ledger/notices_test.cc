#include "ledger/notices.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace authledger {
namespace {

Day day(const char* text) {
  return *parse_day(text);
}

// One authorization of twelve visits, 2026-07-01 to 2026-12-31, and what each test makes of it.
struct State {
  Consolidated subject;
  Allocation allocation;
  Policy policy{1, Rules{}, *TimeZone::find("UTC")};
  Day today = day("2026-10-01");

  State() { add_line("1", 12); }

  AuthorizationLine& add_line(const std::string& number_line, std::optional<int> approved,
                              const std::string& number = "A1") {
    AuthorizationLine line;
    line.book = "Organization/payer/" + number + "/" + number_line;
    line.payer = "Organization/payer";
    line.authorization_number = number;
    line.line = number_line;
    line.decision = Decision::approved;
    line.is_usable = true;
    line.service_codes = {"90837"};
    line.measure = Measure::visit;
    line.first_day = day("2026-07-01");
    line.last_day = day("2026-12-31");
    line.sources = {{"ehr", "ClaimResponse/cr1", 1, "pas"}};
    LineBalance balance;
    if (approved) balance = {Quantity::of_units(*approved), Quantity::of_units(*approved), Quantity{}, {}, {}};
    allocation.balances[line.book] = balance;
    subject.lines.push_back(line);
    return subject.lines.back();
  }
  AuthorizationLine& line() { return subject.lines.front(); }
  LineBalance& balance() { return allocation.balances[subject.lines.front().book]; }
  State& draw(int used, int reserved = 0) {
    LineBalance& now = balance();
    now.used = Quantity::of_units(used);
    now.reserved = Quantity::of_units(reserved);
    if (now.approved) now.available = *now.approved - now.used - now.reserved;
    return *this;
  }
  void add_uncovered(const std::string& key, ServiceState state, const char* on, UncoveredReason reason,
                     const std::string& nearest_book) {
    Service service;
    service.key = key;
    service.day = day(on);
    service.state = state;
    service.service_codes = {"90837"};
    service.quantity = Quantity::of_units(1);
    service.measure = Measure::visit;
    subject.services.push_back(service);
    allocation.uncovered.push_back(
        {key, "90837", Quantity::of_units(1), Measure::visit, state == ServiceState::rendered, reason, nearest_book});
  }

  std::vector<DesiredNotice> all() const { return desired_notices(subject, allocation, policy, today); }
  std::vector<DesiredNotice> of(NoticeKind kind) const {
    std::vector<DesiredNotice> notices = all();
    std::erase_if(notices, [&](const DesiredNotice& notice) { return notice.kind != kind; });
    return notices;
  }
  std::string text(NoticeKind kind) const {
    auto notices = of(kind);
    return notices.size() == 1 ? notices[0].text : std::to_string(notices.size()) + " notices";
  }
};

TEST(UtilizationFlag, SaysCountsAndTheLastDay) {
  State state;
  state.draw(7, 2);
  EXPECT_EQ(state.text(NoticeKind::utilization), "7 of 12 visits used, 2 booked, ends 2026-12-31.");
  DesiredNotice flag = state.of(NoticeKind::utilization)[0];
  EXPECT_EQ(flag.topic, "Organization/payer/A1");
  EXPECT_EQ(flag.focus, "ClaimResponse/cr1");
  EXPECT_EQ(flag.severity, 2) << "three visits are left";
}

TEST(UtilizationFlag, UsesTheWordsOfEachMeasure) {
  State state;
  state.draw(1);
  state.line().measure = Measure::unit_15_minutes;
  EXPECT_EQ(state.text(NoticeKind::utilization), "1 of 12 units of 15 minutes used, ends 2026-12-31.");
  state.line().measure = Measure::day;
  EXPECT_EQ(state.text(NoticeKind::utilization), "1 of 12 days used, ends 2026-12-31.");
  state.line().measure = Measure::hour;
  EXPECT_EQ(state.text(NoticeKind::utilization), "1 of 12 hours used, ends 2026-12-31.");
  state.line().measure = Measure::unknown;
  EXPECT_EQ(state.text(NoticeKind::utilization), "1 of 12 units used, ends 2026-12-31.");
}

TEST(UtilizationFlag, StaysWithinEightyCharactersForOneLine) {
  State state;
  state.line().measure = Measure::unit_15_minutes;
  state.balance() = {Quantity::of_units(960), Quantity::of_units(100), Quantity::of_units(400), Quantity::of_units(120),
                     Quantity::of_units(340)};
  EXPECT_LE(state.text(NoticeKind::utilization).size(), 80u);
  state.today = day("2027-01-02");
  EXPECT_LE(state.text(NoticeKind::utilization).size(), 80u);
  state.balance().lapsed = Quantity{};
  state.today = day("2026-06-01");
  EXPECT_LE(state.text(NoticeKind::utilization).size(), 80u);
}

TEST(UtilizationFlag, SaysThatThereIsNoLimitOfUnits) {
  State state;
  state.balance() = {};
  state.balance().used = Quantity::of_units(7);
  EXPECT_EQ(state.text(NoticeKind::utilization), "7 visits used, no unit limit, ends 2026-12-31.");
  state.line().decision = Decision::approved_modified;
  EXPECT_EQ(state.text(NoticeKind::utilization), "7 visits used, authorized units not stated, ends 2026-12-31.");
}

TEST(UtilizationFlag, HasOneSentenceForEachLine) {
  State state;
  state.draw(7);
  AuthorizationLine& second = state.add_line("2", 8);
  second.measure = Measure::hour;
  EXPECT_EQ(state.text(NoticeKind::utilization),
            "Line 1: 7 of 12 visits used, ends 2026-12-31. Line 2: 0 of 8 hours used, ends 2026-12-31.");
}

TEST(UtilizationFlag, SaysThatADecisionIsPending) {
  State state;
  state.line().decision = Decision::pended;
  state.line().is_usable = false;
  state.line().requested_at = parse_instant("2026-11-02T10:00:00Z");
  EXPECT_EQ(state.text(NoticeKind::utilization), "Authorization requested 2026-11-02, decision pending.");
}

TEST(UtilizationFlag, IsAbsentForADeniedLine) {
  State state;
  state.line().decision = Decision::denied;
  state.line().is_usable = false;
  EXPECT_TRUE(state.all().empty());
}

TEST(UtilizationFlag, StandsUntilThirtyDaysAfterTheEnd) {
  State state;
  state.draw(7);
  state.today = day("2027-01-30");
  EXPECT_EQ(state.text(NoticeKind::utilization), "7 of 12 visits used, ended 2026-12-31.");
  state.today = day("2027-01-31");
  EXPECT_TRUE(state.of(NoticeKind::utilization).empty());
}

TEST(UtilizationFlag, SaysWhenAnUpcomingAuthorizationRuns) {
  State state;
  state.today = day("2026-06-15");
  EXPECT_EQ(state.text(NoticeKind::utilization), "0 of 12 visits used, from 2026-07-01 to 2026-12-31.");
}

TEST(Expiring, FiresFourteenDaysBeforeTheLastDayAndNotEarlier) {
  State state;
  state.today = day("2026-12-16");
  EXPECT_TRUE(state.of(NoticeKind::expiring).empty());
  state.today = day("2026-12-17");
  EXPECT_EQ(state.text(NoticeKind::expiring), "Authorization A1 ends 2026-12-31 and none on file continues it.");
  EXPECT_EQ(state.of(NoticeKind::expiring)[0].due_day, day("2026-12-31"));
  state.today = day("2026-12-31");
  EXPECT_EQ(state.of(NoticeKind::expiring).size(), 1u);
  state.today = day("2027-01-01");
  EXPECT_TRUE(state.of(NoticeKind::expiring).empty());
}

TEST(Expiring, IsSilentWhenASuccessorStartsWithoutAGap) {
  State state;
  state.today = day("2026-12-20");
  AuthorizationLine& next = state.add_line("1", 12, "A2");
  next.first_day = day("2027-01-01");
  next.last_day = day("2027-06-30");
  EXPECT_TRUE(state.of(NoticeKind::expiring).empty());
  state.subject.lines.back().first_day = day("2027-01-02");
  EXPECT_EQ(state.of(NoticeKind::expiring).size(), 1u);
}

TEST(Expiring, IsNotSilencedByAnotherPayerOrService) {
  State state;
  state.today = day("2026-12-20");
  AuthorizationLine& next = state.add_line("1", 12, "A2");
  next.last_day = day("2027-06-30");
  next.payer = "Organization/other";
  EXPECT_EQ(state.of(NoticeKind::expiring).size(), 1u);
  state.subject.lines.back().payer = "Organization/payer";
  state.subject.lines.back().service_codes = {"97110"};
  EXPECT_EQ(state.of(NoticeKind::expiring).size(), 1u);
}

TEST(UnitsLow, FiresAtThreeUnitsLeft) {
  State state;
  EXPECT_TRUE(state.draw(8).of(NoticeKind::units_low).empty());
  EXPECT_EQ(state.draw(7, 2).text(NoticeKind::units_low),
            "3 of 12 visits left after 2 booked on authorization A1; it ends 2026-12-31.");
  EXPECT_EQ(state.of(NoticeKind::utilization)[0].severity, 2);
}

TEST(Exhausted, TakesThePlaceOfUnitsLow) {
  State state;
  state.draw(12);
  EXPECT_TRUE(state.of(NoticeKind::units_low).empty());
  EXPECT_EQ(state.text(NoticeKind::exhausted), "All 12 visits of authorization A1 are used; it ends 2026-12-31.");
  EXPECT_EQ(state.of(NoticeKind::exhausted)[0].severity, 3);
  state.today = day("2027-01-01");
  EXPECT_TRUE(state.of(NoticeKind::exhausted).empty());
}

TEST(Exhausted, IsNotSaidOfUnitsThatLapsed) {
  State state;
  state.balance() = {Quantity::of_units(12), Quantity{}, Quantity::of_units(5), Quantity{}, Quantity::of_units(7)};
  EXPECT_TRUE(state.of(NoticeKind::exhausted).empty());
}

TEST(BookedBeyond, CountsVisitsAndNamesTheFirstDay) {
  State state;
  const std::string book = state.line().book;
  state.add_uncovered("Appointment/a3", ServiceState::planned, "2027-01-12", UncoveredReason::expired, book);
  state.add_uncovered("Appointment/a2", ServiceState::planned, "2027-01-05", UncoveredReason::expired, book);
  state.add_uncovered("Appointment/a1", ServiceState::planned, "2026-12-30", UncoveredReason::exhausted, book);
  EXPECT_EQ(state.text(NoticeKind::booked_beyond),
            "Authorization A1: visits are booked beyond it, 2 after its end on 2026-12-31 and 1 beyond its units; the "
            "first is on "
            "2026-12-30.");
  EXPECT_EQ(state.of(NoticeKind::booked_beyond)[0].due_day, day("2026-12-30"));
}

TEST(UncoveredServiceNotice, SaysWhyInPlainWordsWithoutACode) {
  State state;
  state.add_uncovered("Encounter/e1", ServiceState::rendered, "2026-09-01", UncoveredReason::exhausted,
                      state.line().book);
  EXPECT_EQ(state.text(NoticeKind::uncovered_service),
            "The visit on 2026-09-01 is not covered: all authorized units were used.");
  DesiredNotice task = state.of(NoticeKind::uncovered_service)[0];
  EXPECT_EQ(task.topic, "Encounter/e1");
  EXPECT_EQ(task.severity, 3);
}

TEST(UncoveredServiceNotice, IsNotRaisedForABookedVisit) {
  State state;
  state.add_uncovered("Appointment/a1", ServiceState::planned, "2026-11-01", UncoveredReason::no_authorization, "");
  EXPECT_TRUE(state.of(NoticeKind::uncovered_service).empty());
}

TEST(UncoveredServiceNotice, IsNotRaisedWhereNoAuthorizationIsRequired) {
  State state;
  state.line().decision = Decision::not_required;
  state.line().is_usable = false;
  state.add_uncovered("Encounter/e1", ServiceState::rendered, "2026-09-01", UncoveredReason::no_authorization, "");
  EXPECT_TRUE(state.all().empty());
  State by_rule;
  by_rule.subject.lines.clear();
  by_rule.add_uncovered("Encounter/e1", ServiceState::rendered, "2026-09-01", UncoveredReason::no_authorization, "");
  EXPECT_EQ(by_rule.of(NoticeKind::uncovered_service).size(), 1u);
  PayerRule rule;
  rule.authorization_required = false;
  by_rule.policy.rules.payers.push_back(rule);
  EXPECT_TRUE(by_rule.of(NoticeKind::uncovered_service).empty());
}

TEST(DecisionOverdue, FiresAfterSevenDaysOrSeventyTwoHours) {
  State state;
  state.line().decision = Decision::pended;
  state.line().is_usable = false;
  EXPECT_TRUE(state.of(NoticeKind::decision_overdue).empty());
  state.line().requested_at = parse_instant("2026-09-20T10:00:00Z");
  state.today = day("2026-09-27");
  EXPECT_TRUE(state.of(NoticeKind::decision_overdue).empty());
  state.today = day("2026-09-28");
  EXPECT_EQ(state.text(NoticeKind::decision_overdue),
            "The payer's decision is overdue: requested 2026-09-20, due 2026-09-27.");
  state.line().expedited = true;
  state.today = day("2026-09-24");
  EXPECT_EQ(state.of(NoticeKind::decision_overdue)[0].due_day, day("2026-09-23"));
  state.today = day("2026-09-23");
  EXPECT_TRUE(state.of(NoticeKind::decision_overdue).empty());
}

TEST(Notices, NeverNameACodeOrAProgram) {
  State state;
  state.draw(10, 2);
  state.line().program = "php";
  state.line().diagnosis_codes = {"F33.1"};
  state.today = day("2026-12-20");
  state.add_uncovered("Encounter/e1", ServiceState::rendered, "2026-09-01", UncoveredReason::code_mismatch,
                      state.line().book);
  state.add_uncovered("Appointment/a1", ServiceState::planned, "2027-01-05", UncoveredReason::expired,
                      state.line().book);
  EXPECT_EQ(state.all().size(), 5u);
  for (const DesiredNotice& notice : state.all()) {
    for (const char* secret : {"90837", "php", "F33"}) EXPECT_EQ(notice.text.find(secret), std::string::npos);
  }
}

TEST(NoticesChangeOn, IsTheFirstDayWithOtherNotices) {
  State state;
  EXPECT_EQ(notices_change_on(state.subject, state.allocation, state.policy, state.today), day("2026-12-17"));
  EXPECT_EQ(notices_change_on(state.subject, state.allocation, state.policy, day("2026-12-17")), day("2027-01-01"));
  EXPECT_EQ(notices_change_on(state.subject, state.allocation, state.policy, day("2027-01-01")), day("2027-01-31"));
  EXPECT_FALSE(notices_change_on(state.subject, state.allocation, state.policy, day("2027-01-31")));
}

// What is stored after the changes of a plan were applied.
void remember(std::vector<NoticeRecord>& stored, const std::vector<NoticeChange>& changes) {
  for (const NoticeChange& change : changes) {
    auto found = std::find_if(stored.begin(), stored.end(),
                              [&](const NoticeRecord& record) { return record.notice_key == change.notice_key; });
    if (!change.desired) {
      ASSERT_NE(found, stored.end());
      found->is_open = false;
      continue;
    }
    NoticeRecord record{change.notice_key,
                        change.desired->topic,
                        change.desired->kind,
                        change.episode,
                        true,
                        change.desired->severity,
                        false,
                        desired_hash(*change.desired),
                        change.desired->role,
                        change.desired->is_copy,
                        !change.desired->owner.empty(),
                        change.desired->band,
                        change.desired->limit,
                        {}};
    if (found == stored.end()) {
      stored.push_back(record);
    } else {
      *found = record;
    }
  }
}

DesiredNotice units_low(const std::string& text, int severity = 2) {
  DesiredNotice notice;
  notice.topic = "Organization/payer/A1/1";
  notice.kind = NoticeKind::units_low;
  notice.severity = severity;
  notice.text = text;
  return notice;
}

TEST(PlanNotices, WritesOnceAndNothingWhenNothingChanged) {
  std::vector<NoticeRecord> stored;
  std::vector<DesiredNotice> desired{units_low("3 left")};
  auto changes = plan_notices("clinic", 7, desired, stored);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].notice_key.size(), 32u);
  remember(stored, changes);
  EXPECT_TRUE(plan_notices("clinic", 7, desired, stored).empty());
}

TEST(PlanNotices, KeepsTheKeyWhenTheTextChanges) {
  std::vector<NoticeRecord> stored;
  remember(stored, plan_notices("clinic", 7, std::vector{units_low("3 left")}, stored));
  auto changes = plan_notices("clinic", 7, std::vector{units_low("2 left")}, stored);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].notice_key, stored[0].notice_key);
  EXPECT_EQ(changes[0].desired->text, "2 left");
}

TEST(PlanNotices, ClosesWithAReasonAndComesBackAsANewEpisode) {
  std::vector<NoticeRecord> stored;
  std::vector<DesiredNotice> desired{units_low("3 left")};
  remember(stored, plan_notices("clinic", 7, desired, stored));
  auto closing = plan_notices("clinic", 7, {}, stored);
  ASSERT_EQ(closing.size(), 1u);
  EXPECT_FALSE(closing[0].desired);
  EXPECT_FALSE(closing[0].close_reason.empty());
  remember(stored, closing);
  EXPECT_TRUE(plan_notices("clinic", 7, {}, stored).empty());
  auto again = plan_notices("clinic", 7, desired, stored);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].episode, 2);
  EXPECT_NE(again[0].notice_key, stored[0].notice_key);
}

TEST(PlanNotices, LeavesAloneWhatAPersonClosedUntilItGetsMoreSevere) {
  std::vector<NoticeRecord> stored;
  remember(stored, plan_notices("clinic", 7, std::vector{units_low("3 left")}, stored));
  stored[0].closed_by_person = true;
  EXPECT_TRUE(plan_notices("clinic", 7, std::vector{units_low("2 left")}, stored).empty());
  auto changes = plan_notices("clinic", 7, std::vector{units_low("1 left", 3)}, stored);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_FALSE(changes[0].desired);
  EXPECT_EQ(changes[1].episode, 2);
  remember(stored, changes);
  EXPECT_TRUE(plan_notices("clinic", 7, std::vector{units_low("1 left", 3)}, stored).empty());
}

TEST(PlanNotices, KeysDifferBetweenTenantsSubjectsAndCauses) {
  DesiredNotice notice = units_low("3 left");
  const std::string key = notice_key("clinic", 7, notice, 1);
  EXPECT_NE(notice_key("other", 7, notice, 1), key);
  EXPECT_NE(notice_key("clinic", 8, notice, 1), key);
  EXPECT_NE(notice_key("clinic", 7, notice, 2), key);
  notice.kind = NoticeKind::exhausted;
  EXPECT_NE(notice_key("clinic", 7, notice, 1), key);
}

std::string reason_after(State before, const State& after, NoticeKind kind) {
  std::vector<NoticeRecord> stored;
  remember(stored, plan_notices("clinic", 7, before.subject, before.allocation, before.policy, before.today, stored));
  for (const NoticeChange& change :
       plan_notices("clinic", 7, after.subject, after.allocation, after.policy, after.today, stored)) {
    auto record = std::find_if(stored.begin(), stored.end(),
                               [&](const NoticeRecord& one) { return one.notice_key == change.notice_key; });
    if (!change.desired && record->kind == kind) return change.close_reason;
  }
  return "not closed";
}

TEST(CloseReason, FollowsFromTheState) {
  State low;
  low.draw(10);
  EXPECT_EQ(reason_after(low, State(), NoticeKind::units_low), "units are available again");
  State exhausted;
  exhausted.draw(12);
  EXPECT_EQ(reason_after(low, exhausted, NoticeKind::units_low), "all units are used or booked");

  State expiring;
  expiring.today = day("2026-12-20");
  State renewed = expiring;
  AuthorizationLine& next = renewed.add_line("1", 12, "A2");
  next.first_day = day("2027-01-01");
  next.last_day = day("2027-06-30");
  EXPECT_EQ(reason_after(expiring, renewed, NoticeKind::expiring), "a new authorization starts 2027-01-01");
  State ended = expiring;
  ended.today = day("2027-01-01");
  EXPECT_EQ(reason_after(expiring, ended, NoticeKind::expiring), "the authorization ended 2026-12-31");

  State open;
  open.add_uncovered("Encounter/e1", ServiceState::rendered, "2026-09-01", UncoveredReason::exhausted, "");
  State covered = open;
  covered.allocation.uncovered.clear();
  EXPECT_EQ(reason_after(open, covered, NoticeKind::uncovered_service), "the visit is covered");
}

TEST(NoticeWords, AreReadBack) {
  for (int kind = 1; kind <= 14; ++kind) {
    EXPECT_EQ(notice_kind_from(word_of(static_cast<NoticeKind>(kind))), static_cast<NoticeKind>(kind));
  }
  EXPECT_FALSE(notice_kind_from("alarm"));
  // The rules name kinds by their words: config does not see the enumeration.
  for (const auto& [word, roles] : NoticeRules::default_recipients()) EXPECT_TRUE(notice_kind_from(word)) << word;
  EXPECT_EQ(NoticeRules::default_recipients().size(), 13u) << "every kind but utilization";
}

}  // namespace
}  // namespace authledger
