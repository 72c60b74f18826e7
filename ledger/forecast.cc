#include "ledger/forecast.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "ledger/business_days.h"
#include "ledger/payer_rules.h"
#include "ledger/warnings.h"

namespace authledger {
namespace {

constexpr int kFutures = 1000;
constexpr int kDaysAhead = 730;
constexpr size_t kGapsMax = 24;  // Of the latest visits: how a patient came a year ago says little.
constexpr int kVisitsMin = 3;
constexpr double kStopRate = 0.01;  // How often a visit is the last one: discharged, moved, another payer.

struct Past {
  std::map<Day, Quantity> drawn;  // By day.
  std::vector<int> gaps;
  std::vector<Quantity> quantities;
  int kept = 0, missed = 0;  // Bookings.

  std::optional<Day> last_day() const { return drawn.empty() ? std::nullopt : std::optional(drawn.rbegin()->first); }
};

struct Booking {
  Day day;
  Quantity quantity;
};

bool share_codes(const AuthorizationLine& a, const AuthorizationLine& b) {
  return a.payer == b.payer && a.program == b.program &&
         (a.service_codes == b.service_codes ||
          std::any_of(a.service_codes.begin(), a.service_codes.end(), [&b](const std::string& code) {
            return std::find(b.service_codes.begin(), b.service_codes.end(), code) != b.service_codes.end();
          }));
}

class Forecaster {
 public:
  Forecaster(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today)
      : subject_(subject), allocation_(allocation), policy_(policy), today_(today) {
    for (const Service& service : subject.services) services_[service.key] = &service;
    for (const AuthorizationLine& line : subject.lines) lines_[line.book] = &line;
  }

  LineForecast of_line(const AuthorizationLine& line, uint64_t seed) const;

 private:
  Past past_of(const AuthorizationLine& line) const;
  void add_draws(const AuthorizationLine& line, bool is_of_line_only, Past& past) const;
  std::vector<Booking> bookings_of(const AuthorizationLine& line) const;

  const Consolidated& subject_;
  const Allocation& allocation_;
  const Policy& policy_;
  Day today_;
  std::map<std::string, const Service*> services_;
  std::map<std::string, const AuthorizationLine*> lines_;
};

void Forecaster::add_draws(const AuthorizationLine& line, bool is_of_line_only, Past& past) const {
  past.drawn.clear();
  for (const Draw& draw : allocation_.draws) {
    const auto service = services_.find(draw.service_key);
    if (draw.is_reserved || service == services_.end() || service->second->day > today_) continue;
    const bool is_of_line = draw.book == line.book;
    if (!is_of_line && (is_of_line_only || !share_codes(*lines_.at(draw.book), line))) continue;
    past.drawn[service->second->day] += draw.quantity;
  }
}

Past Forecaster::past_of(const AuthorizationLine& line) const {
  Past past;
  add_draws(line, true, past);
  if (past.drawn.size() < kVisitsMin) add_draws(line, false, past);
  std::optional<Day> before;
  for (const auto& [day, quantity] : past.drawn) {
    if (before) past.gaps.push_back(day - *before);
    past.quantities.push_back(quantity);
    before = day;
  }
  if (past.gaps.size() > kGapsMax) past.gaps.erase(past.gaps.begin(), past.gaps.end() - kGapsMax);
  for (const Service& service : subject_.services) {
    if (service.day > today_) continue;
    past.kept += service.state == ServiceState::rendered;
    past.missed += service.state == ServiceState::no_show;
  }
  return past;
}

// What is booked on the line, or would be if it had the units.
std::vector<Booking> Forecaster::bookings_of(const AuthorizationLine& line) const {
  std::map<std::string, Quantity> by_service;
  for (const Draw& draw : allocation_.draws) {
    if (draw.is_reserved && draw.book == line.book) by_service[draw.service_key] += draw.quantity;
  }
  for (const UncoveredService& uncovered : allocation_.uncovered) {
    if (!uncovered.is_rendered && uncovered.nearest_book == line.book &&
        uncovered.reason == UncoveredReason::exhausted) {
      by_service[uncovered.service_key] += uncovered.quantity;
    }
  }
  std::map<Day, Quantity> by_day;
  for (const auto& [key, quantity] : by_service) {
    const auto service = services_.find(key);
    if (service != services_.end() && service->second->day >= today_) by_day[service->second->day] += quantity;
  }
  std::vector<Booking> bookings;
  for (const auto& [day, quantity] : by_day) bookings.push_back({day, quantity});
  return bookings;
}

struct Future {
  std::optional<Day> exhausted_on;
  Quantity unused;
};

double chance(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1.0p-53;
}

// How surely the patient has stopped coming, by how long the gap that runs already is. A gap longer than all n before
// it is one of n + 1 where nothing has changed; twice as long, one of (n + 1) squared.
double stopped_rate(const std::vector<int>& gaps, int elapsed) {
  const int longest = gaps.empty() ? 0 : *std::max_element(gaps.begin(), gaps.end());
  if (longest == 0 || elapsed <= longest) return 0;
  const double goes_on = std::pow(1.0 / (static_cast<double>(gaps.size()) + 1), static_cast<double>(elapsed) / longest);
  return kStopRate / (kStopRate + (1 - kStopRate) * goes_on);
}

// Few gaps say little about how often a patient comes: each future first takes a cadence that could have given them,
// as many gaps drawn again from those seen. Drawing single gaps alone leaves out how unsure the cadence itself is.
std::vector<int> possible_cadence(const std::vector<int>& gaps, std::mt19937_64& random) {
  std::vector<int> drawn;
  drawn.reserve(gaps.size());
  for (size_t i = 0; i < gaps.size(); ++i) drawn.push_back(gaps[random() % gaps.size()]);
  return drawn;
}

// One way in which it may go on from `from`, the last visit or a later day; nothing more comes up to `today`.
Future one_future(const Past& past, const std::vector<Booking>& bookings, Quantity left, Day from, Day today, Day last,
                  std::mt19937_64& random) {
  const auto pick = [&random](const auto& values) { return values[random() % values.size()]; };
  const std::vector<int> cadence = possible_cadence(past.gaps, random);
  // The gap that runs already is longer than what has passed of it.
  const auto next_gap = [&](Day day) {
    constexpr int kTriesMax = 20;
    int gap = pick(cadence);
    for (int i = 0; day + gap <= today && i < kTriesMax; ++i) gap = pick(i < kTriesMax / 2 ? cadence : past.gaps);
    return day + gap <= today ? today - day + pick(cadence) : gap;
  };
  size_t next = 0;
  Day day = from;
  while (left.is_positive()) {
    Booking visit;
    const int gap = cadence.empty() ? 0 : next_gap(day);
    const bool has_booking = next < bookings.size();
    const bool is_booked = has_booking && (gap == 0 || bookings[next].day <= day + gap + gap / 2);
    if (is_booked) {
      visit = bookings[next++];
    } else if (gap > 0 && chance(random) >= kStopRate) {
      visit = {day + gap, pick(past.quantities)};
    } else {
      break;
    }
    if (visit.day > last) break;
    day = std::max(day, visit.day);
    const int seen = past.kept + past.missed;
    const bool is_missed =
        is_booked && seen > 0 && static_cast<int>(random() % static_cast<uint64_t>(seen)) < past.missed;
    if (is_missed) continue;
    left -= std::min(left, visit.quantity);
  }
  return {left.is_positive() ? std::nullopt : std::optional(day), left};
}

LineForecast Forecaster::of_line(const AuthorizationLine& line, uint64_t seed) const {
  LineForecast result;
  result.book = line.book;
  const Past past = past_of(line);
  const std::vector<Booking> bookings = bookings_of(line);
  result.visits_seen = static_cast<int>(past.drawn.size());
  const bool has_past = result.visits_seen >= kVisitsMin;
  result.is_known = has_past || !bookings.empty();
  if (!result.is_known) return result;

  const Quantity left = *line.approved - allocation_.balances.at(line.book).used;
  if (!left.is_positive()) {
    result.exhausted_p10 = result.exhausted_p50 = result.exhausted_p90 = past.last_day();
    if (line.last_day) result.unused_p10 = result.unused_p50 = result.unused_p90 = Quantity();
    return result;
  }
  Past used = past;
  if (!has_past) used.gaps.clear();
  // A patient who stays away for long is not taken to have come since: visits go on from today then.
  const Day begin = std::max(today_, line.first_day.value_or(today_));
  const Day horizon = begin + kDaysAhead;
  const Day last = std::min(line.last_day.value_or(horizon), horizon);
  std::mt19937_64 random(seed);
  const std::optional<Day> last_visit = past.last_day();
  const bool runs_already = has_past && last_visit && begin == today_;
  const double stopped = runs_already ? stopped_rate(used.gaps, today_ - *last_visit) : 0;
  Past booked_only = used;
  booked_only.gaps.clear();
  std::vector<Day> exhausted;
  std::vector<Quantity> unused;
  for (int i = 0; i < kFutures; ++i) {
    Day from = begin;
    if (runs_already) {
      // The gap since the last visit runs already.
      const int longest = *std::max_element(used.gaps.begin(), used.gaps.end());
      if (today_ - *last_visit < longest) from = *last_visit;
    }
    const bool has_stopped = stopped > 0 && chance(random) < stopped;
    Future future = one_future(has_stopped ? booked_only : used, bookings, left, from, today_, last, random);
    exhausted.push_back(future.exhausted_on ? std::max(*future.exhausted_on, today_) : Day{INT32_MAX});
    unused.push_back(future.unused);
  }
  std::sort(exhausted.begin(), exhausted.end());
  std::sort(unused.begin(), unused.end());
  const auto at = [](const auto& sorted, int percent) {
    return sorted[(sorted.size() - 1) * static_cast<size_t>(percent) / 100];
  };
  const auto day_at = [&](int percent) {
    const Day day = at(exhausted, percent);
    return day.number == INT32_MAX ? std::nullopt : std::optional(day);
  };
  result.exhausted_p10 = day_at(10);
  result.exhausted_p50 = day_at(50);
  result.exhausted_p90 = day_at(90);
  if (line.last_day) {
    result.unused_p10 = at(unused, 10);
    result.unused_p50 = at(unused, 50);
    result.unused_p90 = at(unused, 90);
  }
  return result;
}

}  // namespace

std::optional<Day> renew_by(const AuthorizationLine& line, std::optional<Day> exhausted_on, const Policy& policy) {
  std::optional<Day> ends = line.last_day;
  if (exhausted_on && (!ends || *exhausted_on < *ends)) ends = exhausted_on;
  if (!ends) return std::nullopt;
  const Occasion occasion{line.payer, {}, line.program, &line.service_codes, *ends};
  const int turnaround =
      payer_setting(policy.rules, occasion, &PayerRule::turnaround_business_days, kForecastTurnaroundDays);
  const int preparation =
      payer_setting(policy.rules, occasion, &PayerRule::preparation_business_days, kForecastPreparationDays);
  return business_days_before(*ends, turnaround + preparation, policy.rules);
}

std::vector<LineForecast> forecast(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                   Day today, uint64_t seed) {
  const Forecaster forecaster(subject, allocation, policy, today);
  const Warnings warnings(subject, allocation, policy, today);
  std::vector<LineForecast> forecasts;
  for (const AuthorizationLine& line : subject.lines) {
    if (!line.approved || !warnings.is_running(line)) continue;
    forecasts.push_back(forecaster.of_line(line, seed));
    LineForecast& made = forecasts.back();
    if (warnings.successor_of(line) == nullptr) made.renew_by = renew_by(line, made.exhausted_p50, policy);
  }
  return forecasts;
}

}  // namespace authledger
