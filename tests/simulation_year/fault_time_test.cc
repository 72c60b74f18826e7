// Clocks that change, step, or are wrong. FAULTS 35 and 39.

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
