// CAPABILITIES 60: half a year of the sample clinic, day by day. Were the notices worth it, and how many did a
// clinician get? What is not known yet on a day is left out: answers that come later, visits beyond the next four
// weeks.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sandbox/clinic_histories.h"
#include "tests/scenarios/scenario_notices.h"

namespace authledger {
namespace {

const Day kToday = day_of(2026, 3, 11);
constexpr int kDaysBefore = 150;
constexpr int kDaysAfter = 28;
constexpr int kBookedAhead = 28;

// A visit that is still to come is a booking of the next weeks, or not known.
bool is_known(Fact& fact, Day today, const TimeZone& zone) {
  if (auto* service = std::get_if<ServiceFact>(&fact.body)) {
    if (service->day <= today) return true;
    service->state = ServiceState::planned;
    return service->day <= today + kBookedAhead;
  }
  if (const auto* line = std::get_if<AuthorizationLineFact>(&fact.body)) {
    if (line->issued_on) return *line->issued_on <= today;
    return !line->issued_at || zone.day_of(*line->issued_at) <= today;
  }
  if (const auto* line = std::get_if<RequestLineFact>(&fact.body)) {
    return !line->requested_at || zone.day_of(*line->requested_at) <= today;
  }
  if (const auto* order = std::get_if<OrderFact>(&fact.body)) {
    return !order->requested_at || zone.day_of(*order->requested_at) <= today;
  }
  return true;
}

std::vector<Fact> as_of(const std::vector<Fact>& history, Day today, const TimeZone& zone) {
  std::vector<Fact> known;
  for (Fact fact : history) {
    if (is_known(fact, today, zone)) known.push_back(std::move(fact));
  }
  return known;
}

// As much as decides whether a day knows other facts than the one before it.
std::vector<std::pair<int64_t, ServiceState>> signature_of(const std::vector<Fact>& facts) {
  std::vector<std::pair<int64_t, ServiceState>> signature;
  for (const Fact& fact : facts) {
    const auto* service = std::get_if<ServiceFact>(&fact.body);
    signature.emplace_back(fact.fact_seq, service ? service->state : ServiceState::rendered);
  }
  return signature;
}

// Reckons on the days on which the program would: with other facts, or when the patient was to be looked at again.
ScenarioNotices notices_of(const std::vector<Fact>& history, const Policy& policy) {
  ScenarioNotices notices;
  std::vector<std::pair<int64_t, ServiceState>> known;
  std::optional<Day> due = kToday - kDaysBefore;
  for (Day day = kToday - kDaysBefore; day <= kToday + kDaysAfter; day = day + 1) {
    const std::vector<Fact> facts = as_of(history, day, policy.zone);
    auto signature = signature_of(facts);
    if (signature == known && (!due || day < *due)) continue;
    known = std::move(signature);
    const Reckoning reckoning = reckon(facts, policy, day);
    notices.plan(reckoning.subject, reckoning.allocation, policy, day, policy.zone.start_of(day));
    due = due_again_on(reckoning, policy, day);
  }
  return notices;
}

TEST(NoticePrecision, HalfAYearOfTheSampleClinicIsWorthItsWhile) {
  Rules rules = shipped_rules();
  rules.time_zone = "America/New_York";
  rules.warnings.units_margin = Quantity::of_units(1);
  rules.notices.recipients["update_due"] = {Role::clinician};
  rules.notices.roles[Role::operations].owner = "Organization/renewals";
  const Policy policy = make_policy(1, rules).value();
  size_t acted = 0, came_true = 0, unneeded = 0, most = 0;
  std::map<std::string, size_t> why_not;
  for (const auto& [patient, history] : clinic_histories(kToday)) {
    const ScenarioNotices notices = notices_of(history, policy);
    acted += notices.count(NoticeOutcome::acted);
    came_true += notices.count(NoticeOutcome::came_true);
    unneeded += notices.count(NoticeOutcome::unneeded);
    most = std::max(most, notices.most_in_a_week(Role::clinician));
    for (const ScenarioNotices::Kept& kept : notices.all()) {
      const bool is_closed = !ScenarioNotices::is_open(kept) && kept.record.kind != NoticeKind::utilization;
      if (is_closed) ++why_not[fmt::format("{} {}", word_of(kept.record.kind), word_of(kept.resolved_by))];
    }
  }
  const size_t closed = acted + came_true + unneeded;
  ASSERT_GE(closed, 50U);
  const double precision = static_cast<double>(acted + came_true) / static_cast<double>(closed);
  fmt::print("{} closed notices: {} acted, {} came true, {} not needed: precision {:.1f} %\n", closed, acted, came_true,
             unneeded, 100 * precision);
  for (const auto& [what, count] : why_not) fmt::print("  {}: {}\n", what, count);
  EXPECT_LE(most, 1U) << "for one clinician about one patient in one week";
  EXPECT_GE(precision, 0.95);
}

}  // namespace
}  // namespace authledger
