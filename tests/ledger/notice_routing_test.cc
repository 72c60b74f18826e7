#include "ledger/notice_routing.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

const TimeZone& new_york() {
  static const TimeZone kZone = TimeZone::find("America/New_York").value();
  return kZone;
}

std::string delivered(const RoleRule& rule, const char* now) {
  Rules rules;
  rules.notices.roles[Role::biller] = rule;
  return format_instant(deliver_at(rules, Role::biller, *parse_instant(now), new_york()));
}

TEST(DeliverAt, IsNowUnlessTheRoleSaysOtherwise) {
  EXPECT_EQ(delivered({}, "2026-03-10T03:00:00Z"), "2026-03-10T03:00:00Z");
}

TEST(DeliverAt, IsTheNextDigestByTheClockOnTheWallAlsoWhenClocksChange) {
  RoleRule rule;
  rule.digest_at = 17 * 60;
  EXPECT_EQ(delivered(rule, "2026-03-07T12:00:00Z"), "2026-03-07T22:00:00Z");
  EXPECT_EQ(delivered(rule, "2026-03-07T22:00:00Z"), "2026-03-07T22:00:00Z") << "what comes with the digest is in it";
  EXPECT_EQ(delivered(rule, "2026-03-07T22:00:01Z"), "2026-03-08T21:00:00Z") << "clocks went forward that night";
  EXPECT_EQ(delivered(rule, "2026-10-31T22:00:00Z"), "2026-11-01T22:00:00Z") << "and back";
}

TEST(DeliverAt, WaitsForTheEndOfQuietHoursOverMidnight) {
  RoleRule rule;
  rule.quiet = QuietHours{20 * 60, 7 * 60};
  EXPECT_EQ(delivered(rule, "2026-07-01T23:59:00Z"), "2026-07-01T23:59:00Z");
  EXPECT_EQ(delivered(rule, "2026-07-02T00:00:00Z"), "2026-07-02T11:00:00Z");
  EXPECT_EQ(delivered(rule, "2026-07-02T10:59:59Z"), "2026-07-02T11:00:00Z");
  EXPECT_EQ(delivered(rule, "2026-07-02T11:00:00Z"), "2026-07-02T11:00:00Z");
  EXPECT_EQ(delivered(rule, "2026-03-08T05:30:00Z"), "2026-03-08T11:00:00Z") << "the night is an hour shorter";
  rule.digest_at = 22 * 60;
  EXPECT_EQ(delivered(rule, "2026-07-01T12:00:00Z"), "2026-07-02T11:00:00Z") << "a digest at night is quiet too";
}

Service visit(const std::string& key, const char* on, ServiceState state, const std::string& provider) {
  Service service;
  service.key = key;
  service.day = *parse_day(on);
  service.state = state;
  service.provider = provider;
  service.sources = {{"ehr", key, 1, "encounter"}};
  return service;
}

TEST(TreatingClinician, IsWhoRenderedTheLatestVisitThatDrawsFromTheLine) {
  Consolidated subject;
  Allocation allocation;
  subject.services = {visit("Appointment/b1", "2026-08-01", ServiceState::planned, "Practitioner/d4"),
                      visit("Encounter/e1", "2026-06-01", ServiceState::rendered, "Practitioner/d1"),
                      visit("Encounter/e2", "2026-07-01", ServiceState::rendered, "Practitioner/d2"),
                      visit("Encounter/e3", "2026-07-08", ServiceState::rendered, "Organization/clinic"),
                      visit("Encounter/e4", "2026-07-15", ServiceState::rendered, "Practitioner/d3")};
  for (const char* key : {"Appointment/b1", "Encounter/e1", "Encounter/e2", "Encounter/e3"}) {
    allocation.draws.push_back({"book", key, Quantity::of_units(1), Measure::visit, false, ""});
  }
  EXPECT_EQ(treating_clinician("book", subject, allocation).provider, "Practitioner/d2") << "an organization is nobody";
  EXPECT_EQ(treating_clinician("book", subject, allocation).source, "ehr");
  EXPECT_EQ(treating_clinician("", subject, allocation).provider, "Practitioner/d3") << "of all services";
  subject.services.resize(1);
  EXPECT_EQ(treating_clinician("book", subject, allocation).provider, "Practitioner/d4") << "who is to come";
  subject.services.clear();
  EXPECT_EQ(treating_clinician("book", subject, allocation).provider, "");
}

TEST(Recipients, APatientIsOneOnlyWithConsent) {
  Rules rules;
  EXPECT_TRUE(recipients_of(rules, NoticeKind::benefit_for_patient).empty());
  rules.notices.roles[Role::patient].has_consent = true;
  EXPECT_EQ(recipients_of(rules, NoticeKind::benefit_for_patient), std::vector{Role::patient});
  EXPECT_EQ(recipients_of(rules, NoticeKind::expiring), std::vector{Role::operations});
}

TEST(Outcome, IsWhatThePersonDidBeforeWhatTheStateSays) {
  EXPECT_EQ(outcome_of(Resolution::renewed, ""), NoticeOutcome::acted);
  EXPECT_EQ(outcome_of(Resolution::ended, ""), NoticeOutcome::came_true);
  EXPECT_EQ(outcome_of(Resolution::units_freed, ""), NoticeOutcome::unneeded);
  EXPECT_EQ(outcome_of(Resolution::units_freed, "completed"), NoticeOutcome::acted);
  EXPECT_EQ(outcome_of(Resolution::renewed, "rejected"), NoticeOutcome::unneeded);
  EXPECT_EQ(outcome_of(Resolution::none, ""), std::nullopt);
  for (int value = 1; value <= 26; ++value) {
    const auto resolution = static_cast<Resolution>(value);
    if (word_of(resolution).empty()) continue;
    EXPECT_EQ(resolution_from(word_of(resolution)), resolution);
  }
}

}  // namespace
}  // namespace authledger
