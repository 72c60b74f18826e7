#include "ledger/windows.h"

#include <algorithm>

#include "ledger/bands.h"
#include "ledger/payer_rules.h"

namespace authledger {
namespace {

bool is_of_line(const CoverageSpan& span, const AuthorizationLine& line) {
  if (span.payer.empty() || span.payer != line.payer) return false;
  if (span.status == "entered-in-error" || span.status == "draft") return false;
  return span.member_id.empty() || line.member_id.empty() || span.member_id == line.member_id;
}

std::optional<Day> coverage_last_day(const AuthorizationLine& line, const Consolidated& subject, Day today) {
  std::optional<Day> last;
  for (const CoverageSpan& span : subject.coverages) {
    if (!is_of_line(span, line)) continue;
    const bool is_cancelled = span.status == "cancelled";
    if (is_cancelled && !span.last_day) continue;  // When it ended is not known.
    if (!span.last_day) return std::nullopt;
    if (*span.last_day >= today && !is_cancelled) return std::nullopt;
    last = std::max(last.value_or(*span.last_day), *span.last_day);
  }
  return last;
}

// The earlier end, where null is open.
std::optional<Day> earlier(std::optional<Day> a, std::optional<Day> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

class NextDay {
 public:
  explicit NextDay(Day today) : today_(today) {}
  void consider(std::optional<Day> day) {
    if (day && *day > today_ && (!next_ || *day < *next_)) next_ = day;
  }
  std::optional<Day> next() const { return next_; }

 private:
  Day today_;
  std::optional<Day> next_;
};

}  // namespace

bool is_in(const EffectiveWindow& window, Day day) {
  return (!window.first_day || *window.first_day <= day) && (!window.last_day || day <= *window.last_day);
}

EffectiveWindow effective_window(const AuthorizationLine& line, const Consolidated& subject, Day today) {
  EffectiveWindow window{line.first_day, line.last_day, coverage_last_day(line, subject, today)};
  window.last_day = earlier(window.last_day, window.coverage_last_day);
  window.last_day = earlier(window.last_day, line.usable_through);
  return window;
}

std::string rule_payer_of(const Service& service, const Consolidated& subject) {
  return service.payer.empty() ? only_payer_of(subject.lines) : service.payer;
}

std::string only_payer_of(const std::vector<AuthorizationLine>& lines) {
  const std::string* only = nullptr;
  for (const AuthorizationLine& line : lines) {
    if (line.payer.empty()) continue;
    if (only != nullptr && *only != line.payer) return {};
    only = &line.payer;
  }
  return only == nullptr ? std::string() : *only;
}

std::optional<Day> reserved_through(const Service& service, const Consolidated& subject, const Rules& rules) {
  const bool is_booking = service.state == ServiceState::planned ||
                          (service.state == ServiceState::in_progress && !service.sources.empty() &&
                           service.sources.front().resource.starts_with("Appointment/"));
  if (!is_booking) return std::nullopt;
  const std::string payer = rule_payer_of(service, subject);
  return service.day + payer_setting(rules, occasion_of(service, payer), &PayerRule::reservation_grace_days,
                                     rules.reservation_grace_days);
}

std::optional<Day> next_change(const Consolidated& subject, const Policy& policy, Day today) {
  const WarningRule& warnings = policy.rules.warnings;
  NextDay next(today);
  for (const AuthorizationLine& line : subject.lines) {
    if (line.decision == Decision::pended && line.requested_at) {
      // Overdue on the day after the last one on which a decision is in time.
      const Day due =
          line.expedited
              ? policy.zone.day_of(*line.requested_at + std::chrono::hours(warnings.decision_hours_expedited))
              : policy.zone.day_of(*line.requested_at) + warnings.decision_days_standard;
      next.consider(due);
      next.consider(due + 1);
    }
    next.consider(line.first_day);
    if (line.last_day) next.consider(*line.last_day + 1);
    if (!line.is_usable) continue;
    const Bands bands = bands_of(line, policy.rules);
    const EffectiveWindow window = effective_window(line, subject, today);
    if (window.last_day) {
      for (const int days : bands.days_left) next.consider(*window.last_day - days);
      next.consider(*window.last_day + 1);
    }
    if (line.last_day) {
      for (const int days : bands.days_left) next.consider(*line.last_day - days);
    }
    for (const CoverageSpan& span : subject.coverages) {
      if (is_of_line(span, line) && span.last_day) next.consider(*span.last_day + 1);
    }
  }
  for (const Service& service : subject.services) {
    const std::optional<Day> through = reserved_through(service, subject, policy.rules);
    if (through) next.consider(*through + 1);
  }
  return next.next();
}

}  // namespace authledger
