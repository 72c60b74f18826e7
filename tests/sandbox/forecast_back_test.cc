#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "ledger/forecast.h"
#include "ledger/reckon.h"
#include "tests/sandbox/clinic_histories.h"

namespace authledger {
namespace {

// The sample clinic, seen four weeks before its today: what was forecast then, against what happened since.
constexpr int kWeeksBack = 4;
const Day kToday = day_of(2026, 3, 11);

// Only what had happened by the day; nothing is booked, so that the past alone must tell.
std::vector<Fact> as_of(const std::vector<Fact>& history, Day day) {
  std::vector<Fact> known;
  for (const Fact& fact : history) {
    const auto* service = std::get_if<ServiceFact>(&fact.body);
    if (service == nullptr || service->day <= day) known.push_back(fact);
  }
  return known;
}

struct Errors {
  std::vector<double> sizes;
  int lines = 0, within = 0;

  void add(double error, bool is_within) {
    sizes.push_back(std::abs(error));
    ++lines;
    within += is_within ? 1 : 0;
  }
  double mean() const {
    double sum = 0;
    for (double size : sizes) sum += size;
    return sizes.empty() ? 0 : sum / static_cast<double>(sizes.size());
  }
  std::string text(const char* unit) {
    std::sort(sizes.begin(), sizes.end());
    return fmt::format("{} lines, mean error {:.2f} {}, median {:.2f}, {} % within P10 to P90", lines, mean(), unit,
                       sizes.empty() ? 0 : sizes[sizes.size() / 2], lines == 0 ? 0 : 100 * within / lines);
  }
};

double units(Quantity quantity) {
  return static_cast<double>(quantity.milli()) / 1000;
}

TEST(ForecastBackTest, TellsFourWeeksAheadWhatTheSampleClinicDid) {
  Rules rules = shipped_rules();
  rules.time_zone = "America/New_York";
  const Policy policy = make_policy(1, rules).value();
  const Day then = kToday - 7 * kWeeksBack;
  Errors unused, exhausted;
  for (const auto& [patient, history] : clinic_histories(kToday)) {
    const Reckoning now = reckon(as_of(history, kToday), policy, kToday);
    const std::vector<Fact> known = as_of(history, then);
    Reckoning before = reckon(known, policy, then);
    for (AuthorizationLine& line : before.subject.lines) {
      const auto happened = now.allocation.balances.find(line.book);
      const bool runs_through = line.approved && line.last_day && *line.last_day >= kToday && line.first_day &&
                                *line.first_day <= then && happened != now.allocation.balances.end();
      if (!runs_through) continue;
      const Quantity used = happened->second.used;
      std::optional<Day> last_visit;
      for (const Draw& draw : now.allocation.draws) {
        if (draw.book != line.book || draw.is_reserved) continue;
        for (const Service& service : now.subject.services) {
          if (service.key == draw.service_key) last_visit = std::max(last_visit.value_or(service.day), service.day);
        }
      }
      const auto made_for = [&](const Reckoning& reckoning) {
        for (LineForecast& made : forecast(reckoning.subject, reckoning.allocation, policy, then, kForecastSeed)) {
          if (made.book == line.book) return std::optional(made);
        }
        return std::optional<LineForecast>();
      };
      // As if the line ended yesterday (today's visits are still to come): how many units would be left?
      const Quantity approved = *line.approved;
      const std::optional<Day> last_day = line.last_day;
      line.last_day = kToday - 1;
      if (const auto made = made_for(before); made && made->is_known) {
        const Quantity left = approved - used;
        unused.add(units(*made->unused_p50) - units(left), *made->unused_p10 <= left && left <= *made->unused_p90);
      }
      // As if it had just the units that were used by today: on which day would they be gone?
      line.last_day = last_day;
      line.approved = used;
      const auto made = made_for(before);
      if (made && made->exhausted_p50 && last_visit && *last_visit > then) {
        exhausted.add(
            *made->exhausted_p50 - *last_visit,
            *made->exhausted_p10 <= *last_visit && (!made->exhausted_p90 || *last_visit <= *made->exhausted_p90));
      }
      line.approved = approved;
    }
  }
  fmt::print("units left after four weeks: {}\n", unused.text("units"));
  fmt::print("day of exhaustion: {}\n", exhausted.text("days"));
  EXPECT_GE(unused.lines, 100);
  EXPECT_GE(exhausted.lines, 100);
  EXPECT_LE(unused.mean(), 2.0);
  EXPECT_LE(exhausted.mean(), 7.0);
  // Eight of ten should lie between P10 and P90.
  EXPECT_GE(100 * unused.within, 75 * unused.lines);
  EXPECT_GE(100 * exhausted.within, 75 * exhausted.lines);
}

}  // namespace
}  // namespace authledger
