// Clocks that change, step, or are wrong, and days at the edge. FAULTS 19, 35, 38, 39 and 40.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/simulation_year/invariants.h"
#include "tests/simulation_year/simulated_site.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

struct ChangeOfClocks {
  const char* zone;
  const char* last_day;     // The clocks change on it, or in the night after it.
  const char* warned_from;  // Midnight at the site, 14 days before, as an instant.
  const char* ended_from;   // The first instant of the day after the last.
};

class Fault35 : public testing::TestWithParam<ChangeOfClocks> {};

// Every half hour of the days around, whatever the day in UTC.
TEST_P(Fault35, AnAlertComesOnceAtMidnightOfTheSite) {
  const ChangeOfClocks& change = GetParam();
  const Instant warned_from = *parse_instant(change.warned_from), ended_from = *parse_instant(change.ended_from);
  SimulatedSite site(change.zone, warned_from - std::chrono::hours(3));
  site.load_patient(12, 0, "2026-01-01", change.last_day);
  const auto watch = [&](Instant until) {
    std::vector<std::pair<Instant, size_t>> seen;
    while (site.time.now() < until) {
      site.round();
      seen.emplace_back(site.time.now(), site.live("Task", "auth-expiring"));
      site.pass_time(std::chrono::minutes(30));
    }
    return seen;
  };
  for (const auto& [at, live] : watch(warned_from + std::chrono::hours(26))) {
    EXPECT_EQ(live, at >= warned_from ? 1U : 0U) << format_instant(at);
  }
  site.time.advance_to(ended_from - std::chrono::hours(26));
  for (const auto& [at, live] : watch(ended_from + std::chrono::hours(3))) {
    EXPECT_EQ(live, at < ended_from ? 1U : 0U) << format_instant(at);
  }
  EXPECT_EQ(site.ehr.bodies("Task").size(), 1U) << "one alert, one artefact";
}

INSTANTIATE_TEST_SUITE_P(
    Sites, Fault35,
    testing::Values(ChangeOfClocks{"America/New_York", "2026-03-08", "2026-02-22T05:00:00Z", "2026-03-09T04:00:00Z"},
                    ChangeOfClocks{"America/New_York", "2026-11-01", "2026-10-18T04:00:00Z", "2026-11-02T05:00:00Z"},
                    // Midnight of 6 September 2026 does not exist in Chile: its day begins at 1:00.
                    ChangeOfClocks{"America/Santiago", "2026-09-05", "2026-08-22T04:00:00Z", "2026-09-06T04:00:00Z"}));

TEST(Fault39, WhatWasKnownDoesNotChangeWhenOurClockStepsBack) {
  SimulatedSite site;
  site.load_patient(12, 2);
  site.round();
  site.pass_time(std::chrono::hours(2));
  site.round();
  const Instant asked = site.clock.now() - std::chrono::seconds(1);
  const std::string known = answers_known_at(site.session(), asked);
  site.clock.set_ahead(std::chrono::hours(-1));
  site.pass_time(std::chrono::minutes(5));
  site.ehr.put(encounter_json("e9", "p1", "90837", "2026-10-20"));
  site.round();
  EXPECT_EQ(site.units_in(4), 3) << "the visit counts at once";
  EXPECT_EQ(answers_known_at(site.session(), asked), known);
  site.clock.set_ahead(std::chrono::hours(1));
  site.round();
  EXPECT_EQ(answers_known_at(site.session(), asked), known);
}

TEST(Fault39, AVisitOfAnEhrWhoseClockStepsBackIsReadByTheOverlap) {
  for (const int step : {-300, 300}) {
    SimulatedSite site;
    site.ehr.clock().set_ahead(std::chrono::seconds(-step / 2));
    site.load_patient(12, 1);
    site.round();
    site.ehr.clock().set_ahead(std::chrono::seconds(step / 2));
    site.ehr.put(encounter_json("e9", "p1", "90837", "2026-10-20"));
    site.pass_time(std::chrono::hours(1));
    site.round();
    EXPECT_EQ(site.units_in(4), 2) << "stepped by " << step << " s";
  }
}

// Rounds every five minutes: the EHR is away for six hours, in which its people go on working.
TEST(Fault19, SixHoursOf503AreCaughtUpWithInOneRoundWithoutAGap) {
  SimulatedSite disturbed, undisturbed;
  std::string answers_before;
  for (SimulatedSite* site : {&disturbed, &undisturbed}) {
    site->load_patient(12, 2);
    site->round();
    answers_before = answers_on(site->session(), day_of(2026, 11, 1));
    int64_t requests = 0;
    if (site == &disturbed) {
      site->wire.before_request = [&](const HttpRequest&) {
        ++requests;
        return WireFault::unavailable;
      };
    }
    for (int round = 0; round < 72; ++round) {
      site->pass_time(std::chrono::minutes(5));
      if (round % 9 == 0) {
        site->ehr.put(
            encounter_json(fmt::format("n{}", round), "p1", "90837", fmt::format("2026-10-{:02}", 10 + round / 9)));
      }
      if (round == 30) site->ehr.remove("Encounter", "e1");
      if (round == 40) site->ehr.put(encounter_json("e2", "p1", "90837", "2026-10-05", "entered-in-error"));
      const RoundSummary summary = site->round();
      if (site == &undisturbed) continue;
      EXPECT_FALSE(summary.failures.empty());
      EXPECT_EQ(summary.entries, 0);
      EXPECT_EQ(answers_on(site->session(), day_of(2026, 11, 1)), answers_before) << "answers go on, as they were";
    }
    EXPECT_LE(requests, 72 * 3) << "an endpoint without service is not stormed";
    site->wire.before_request = [](const HttpRequest&) { return WireFault::none; };
    site->pass_time(std::chrono::minutes(5));
    site->round();
  }
  EXPECT_EQ(answers_on(disturbed.session(), day_of(2026, 11, 1)),
            answers_on(undisturbed.session(), day_of(2026, 11, 1)));
  EXPECT_EQ(disturbed.units_in(4), 8);
  EXPECT_EQ(disturbed.live("Flag", "8 of 12 visits used"), 1U);
  EXPECT_EQ(disturbed.ehr.bodies("Flag").size(), 1U);
}

std::string visit_between(const std::string& id, const std::string& start, const std::string& end) {
  std::string json = encounter_json(id, "p1", "90837", "2026-01-01");
  const std::string from = R"("period":{)";
  json.resize(json.find(from));
  return json + from + fmt::format(R"("start":"{}","end":"{}"}}}})", start, end);
}

TEST(Fault38, AVisitAcrossTheEndDayCountsOnTheDayOfItsStart) {
  SimulatedSite site("America/New_York", *parse_instant("2027-01-02T15:00:00Z"));
  site.load_patient(12, 0, "2026-10-01", "2026-12-31");
  site.ehr.put(visit_between("late", "2026-12-31T23:50:00-05:00", "2027-01-01T00:40:00-05:00"));
  site.ehr.put(visit_between("after", "2027-01-01T00:10:00-05:00", "2027-01-01T01:00:00-05:00"));
  // The same instants, as a server writes them that knows UTC alone.
  site.ehr.put(visit_between("late-utc", "2027-01-01T04:51:00Z", "2027-01-01T05:41:00Z"));
  site.round();
  EXPECT_EQ(site.units_in(4), 2) << "both that began in the old year";
  EXPECT_EQ(site.units_in(7), 1) << "the third is not covered";
}

TEST(Fault40, AnEndInTheYear9999IsAnOpenOneAndNobodyIsWarnedOfIt) {
  SimulatedSite site;
  site.load_patient(12, 2, "2026-10-01", "9999-12-31");
  site.round();
  EXPECT_EQ(site.units_in(4), 2);
  EXPECT_EQ(site.live("Task", "auth-expiring"), 0U);
  EXPECT_EQ(site.live("Flag", "2 of 12 visits used"), 1U);
  site.time.advance_to(*parse_instant("2090-06-01T15:00:00Z"));
  site.round();
  EXPECT_EQ(site.live("Task", "auth-expiring"), 0U) << "nor after decades";
}

TEST(Fault40, ALeapSecondAndTheSecondAfter32BitsAreInstantsLikeOthers) {
  SimulatedSite site("America/New_York", *parse_instant("2038-01-19T03:13:00Z"));
  site.load_patient(12, 0, "2016-01-01", "2039-12-31");
  site.ehr.put(visit_between("leap", "2016-12-31T23:59:60Z", "2017-01-01T00:50:00Z"));
  site.ehr.put(visit_between("wrap", "2038-01-19T03:14:08Z", "2038-01-19T04:14:08Z"));
  site.round();
  EXPECT_EQ(site.units_in(4), 2);
  site.pass_time(std::chrono::minutes(2));  // Past 2^31 seconds.
  site.ehr.put(visit_between("after", "2038-01-19T03:14:30Z", "2038-01-19T03:15:00Z"));
  site.round();
  EXPECT_EQ(site.units_in(4), 3);
  const std::string known = answers_known_at(site.session(), site.clock.now());
  EXPECT_NE(known.find("AUTH-1"), std::string::npos);
}

TEST(Fault39, ADeletionCountsWhateverTheClocksSay) {
  for (const int ahead : {-3600, 3600}) {
    SimulatedSite site;
    site.clock.set_ahead(std::chrono::seconds(ahead));
    site.load_patient(12, 2);
    site.round();
    site.pass_time(std::chrono::minutes(10));
    site.ehr.remove("Encounter", "e2");
    site.round();
    EXPECT_EQ(site.units_in(4), 1);
    site.pass_time(std::chrono::minutes(10));
    site.ehr.put(encounter_json("e2", "p1", "90837", "2026-10-05"));
    site.round();
    EXPECT_EQ(site.units_in(4), 2);
  }
}

}  // namespace
}  // namespace authledger
