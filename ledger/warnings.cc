#include "ledger/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ledger/bands.h"
#include "ledger/notice_words.h"
#include "ledger/payer_rules.h"
#include "ledger/windows.h"

namespace authledger {
namespace {

bool shares_code(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return true;
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& code) { return std::find(b.begin(), b.end(), code) != b.end(); });
}

bool holds_day(const AuthorizationLine& line, Day day) {
  return (!line.first_day || *line.first_day <= day) && (!line.last_day || day <= *line.last_day);
}

std::string end_clause(const AuthorizationLine& line) {
  return line.last_day ? fmt::format("; it ends {}.", format_day(*line.last_day)) : std::string(".");
}

// Booked visits that the line they come nearest to cannot hold.
struct BookedBeyond {
  int after_end = 0, beyond_units = 0, after_coverage = 0;
  std::optional<Day> first_day;
};

std::string booked_beyond_text(const BookedBeyond& booked, const AuthorizationLine& line, const std::string& name) {
  std::vector<std::string> parts;
  if (booked.after_end > 0) {
    std::optional<Day> end = end_of(line);
    parts.push_back(fmt::format("{} after its end{}", booked.after_end, end ? " on " + format_day(*end) : ""));
  }
  if (booked.beyond_units > 0) parts.push_back(fmt::format("{} beyond its units", booked.beyond_units));
  if (booked.after_coverage > 0) parts.push_back(fmt::format("{} after the coverage ends", booked.after_coverage));
  return with_capital(fmt::format("{}: visits are booked beyond it, {}; the first is on {}.", name,
                                  fmt::join(parts, " and "), format_day(*booked.first_day)));
}

}  // namespace

std::vector<std::string> missing_parts(const UnsubmittedOrder& order) {
  std::vector<std::string> missing;
  if (!order.has_diagnosis) missing.emplace_back("diagnosis codes");
  if (!order.has_assessment) missing.emplace_back("assessment");
  if (!order.has_schedule) missing.emplace_back("schedule");
  return missing;
}

DesiredNotice notice_about(const AuthorizationLine& line, NoticeKind kind, int severity) {
  DesiredNotice notice;
  notice.topic = line.book;
  notice.kind = kind;
  notice.severity = severity;
  notice.first_day = line.first_day;
  notice.last_day = line.last_day;
  notice.authorization_number = line.authorization_number;
  notice.limit = line.approved;
  return notice;
}

DesiredNotice Warnings::task_about(const AuthorizationLine& line, NoticeKind kind, int severity) const {
  DesiredNotice task = notice_about(line, kind, severity);
  focus_on(line.sources, task);
  return task;
}

// The first that stands where the task will stand: the id of another endpoint names nothing there, or something else.
// Where none does, the focus stays as it is.
void Warnings::focus_on(std::span<const Provenance> sources, DesiredNotice& task) const {
  const auto found = std::ranges::find(sources, policy_.delivering_endpoint, &Provenance::source);
  if (found == sources.end() || found->source.empty()) return;
  task.focus = found->resource;
  task.focus_source = found->source;
}

Warnings::Warnings(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today)
    : subject_(subject), allocation_(allocation), policy_(policy), today_(today) {
  for (const AuthorizationLine& line : subject.lines) {
    lines_[line.book] = &line;
    ++line_counts_[authorization_topic(line)];
  }
  for (const Service& service : subject.services) services_[service.key] = &service;
}

const AuthorizationLine* Warnings::line_of(const std::string& book) const {
  auto found = lines_.find(book);
  return found == lines_.end() ? nullptr : found->second;
}

const Service* Warnings::service_of(const std::string& key) const {
  auto found = services_.find(key);
  return found == services_.end() ? nullptr : found->second;
}

const LineBalance& Warnings::balance_of(const AuthorizationLine& line) const {
  static const LineBalance kNothing;
  auto found = allocation_.balances.find(line.book);
  return found == allocation_.balances.end() ? kNothing : found->second;
}

std::string Warnings::name_of(const AuthorizationLine& line) const {
  return line_name(line, line_counts_.at(authorization_topic(line)) > 1);
}

bool Warnings::is_running(const AuthorizationLine& line) const {
  return line.is_usable && line.decision != Decision::cancelled && !has_ended(line, today_);
}

bool Warnings::is_recent(const AuthorizationLine& line) const {
  return line.is_usable && !has_ended(line, today_ - kFlagDaysAfterEnd);
}

bool Warnings::is_exhausted(const AuthorizationLine& line) const {
  const LineBalance& balance = balance_of(line);
  // Units that lapsed because coverage ended are not used up.
  return is_running(line) && balance.approved && balance.approved->is_positive() && balance.available &&
         !balance.available->is_positive() && !(balance.lapsed && balance.lapsed->is_positive());
}

bool Warnings::is_low(const AuthorizationLine& line) const {
  const LineBalance& balance = balance_of(line);
  return is_running(line) && balance.available && balance.available->is_positive() &&
         unit_bands_reached(bands_of(line, policy_.rules), *balance.available, balance.approved.value_or(Quantity())) >
             0;
}

bool Warnings::is_near_end(const AuthorizationLine& line) const {
  return is_running(line) && line.last_day &&
         day_bands_reached(bands_of(line, policy_.rules), *line.last_day - today_) > 0 && !successor_of(line);
}

const AuthorizationLine* Warnings::successor_of(const AuthorizationLine& line) const {
  if (!line.last_day) return nullptr;
  for (const AuthorizationLine& other : subject_.lines) {
    const bool goes_on = !other.last_day || *other.last_day > *line.last_day;
    const bool has_no_gap = !other.first_day || *other.first_day <= *line.last_day + 1;
    if (is_running(other) && other.payer == line.payer && shares_code(other.service_codes, line.service_codes) &&
        goes_on && has_no_gap) {
      return &other;
    }
  }
  return nullptr;
}

const AuthorizationLine* Warnings::relieved_by(const AuthorizationLine& line) const {
  for (const AuthorizationLine& other : subject_.lines) {
    const bool lasts = !other.last_day || (line.last_day && *other.last_day >= *line.last_day);
    const std::optional<Quantity>& available = balance_of(other).available;
    if (&other != &line && is_running(other) && other.payer == line.payer && lasts &&
        shares_code(other.service_codes, line.service_codes) && (!other.first_day || *other.first_day <= today_) &&
        (!available || available->is_positive())) {
      return &other;
    }
  }
  return nullptr;
}

std::optional<Day> Warnings::decision_due_on(const AuthorizationLine& line) const {
  if (line.decision != Decision::pended || !line.requested_at) return std::nullopt;
  const WarningRule& rule = policy_.rules.warnings;
  if (!line.expedited) return policy_.zone.day_of(*line.requested_at) + rule.decision_days_standard;
  return policy_.zone.day_of(*line.requested_at + std::chrono::hours(rule.decision_hours_expedited));
}

bool Warnings::is_authorization_required(const Service& service) const {
  const std::string payer = rule_payer_of(service, subject_);
  if (!payer_setting(policy_.rules, occasion_of(service, payer), &PayerRule::authorization_required, true))
    return false;
  return std::none_of(subject_.lines.begin(), subject_.lines.end(), [&](const AuthorizationLine& line) {
    return line.decision == Decision::not_required && (service.payer.empty() || service.payer == line.payer) &&
           shares_code(service.service_codes, line.service_codes) && holds_day(line, service.day);
  });
}

// What a payer does not cover at all is told even where no authorization is needed.
bool Warnings::is_to_tell(const UncoveredService& uncovered, const Service& service) const {
  const UncoveredReason reason = uncovered.reason;
  const bool is_refused = reason == UncoveredReason::benefit_exhausted || reason == UncoveredReason::credentialing ||
                          reason == UncoveredReason::telehealth_not_covered ||
                          reason == UncoveredReason::provider_type_excluded;
  return is_refused || is_authorization_required(service);
}

std::vector<DesiredNotice> Warnings::tasks() const {
  std::vector<DesiredNotice> tasks;
  for (const AuthorizationLine& line : subject_.lines) add_line_tasks(line, tasks);
  add_booked_beyond(tasks);
  add_uncovered_services(tasks);
  add_unsubmitted(tasks);
  add_conflicts(tasks);
  add_letters(tasks);
  add_benefits(tasks);
  add_updates(tasks);
  return tasks;
}

void Warnings::add_units_low(const AuthorizationLine& line, std::vector<DesiredNotice>& tasks) const {
  const LineBalance& balance = balance_of(line);
  if (!is_running(line) || !balance.approved || !balance.available || !balance.available->is_positive()) return;
  const Bands bands = bands_of(line, policy_.rules);
  const bool is_kept = is_in_margin(bands, *balance.available, *balance.approved);
  if ((!is_low(line) && !is_kept) || relieved_by(line)) return;
  DesiredNotice notice =
      task_about(line, NoticeKind::units_low, unit_band_severity(bands, *balance.available, *balance.approved));
  notice.due_day = line.last_day;
  notice.band = unit_bands_reached(bands, *balance.available, *balance.approved);
  notice.only_if_open = is_kept;
  const std::string booked =
      balance.reserved.is_positive() ? fmt::format(" after {} booked", format_quantity(balance.reserved)) : "";
  notice.text =
      with_capital(fmt::format("{} of {} left{} on {}{}", format_quantity(*balance.available),
                               counted(*balance.approved, line.measure), booked, name_of(line), end_clause(line)));
  tasks.push_back(std::move(notice));
}

void Warnings::add_line_tasks(const AuthorizationLine& line, std::vector<DesiredNotice>& tasks) const {
  const LineBalance& balance = balance_of(line);
  const std::string name = name_of(line);
  auto add = [&](NoticeKind kind, int severity, std::optional<Day> due_day, std::string text) {
    DesiredNotice notice = task_about(line, kind, severity);
    notice.due_day = due_day;
    notice.text = with_capital(std::move(text));
    tasks.push_back(std::move(notice));
  };
  if (is_near_end(line)) {
    const int days_left = *line.last_day - today_;
    const Bands bands = bands_of(line, policy_.rules);
    add(NoticeKind::expiring, day_band_severity(bands, days_left), line.last_day,
        fmt::format("{} ends {} and none on file continues it.", name, format_day(*line.last_day)));
    tasks.back().band = day_bands_reached(bands, days_left);
  }
  if (is_exhausted(line) && !relieved_by(line)) {
    const char* how = balance.reserved.is_positive() ? "used or booked" : "used";
    const bool is_one = *balance.approved == Quantity::of_units(1);
    add(NoticeKind::exhausted, 3, line.last_day,
        is_one ? fmt::format("The one {} of {} is {}{}", measure_noun(*balance.approved, line.measure), name, how,
                             end_clause(line))
               : fmt::format("All {} of {} are {}{}", counted(*balance.approved, line.measure), name, how,
                             end_clause(line)));
  } else {
    add_units_low(line, tasks);
  }
  if (is_running(line) && line.payer_used_quantity && *line.payer_used_quantity > balance.used) {
    add(NoticeKind::count_differs, 2, line.last_day,
        fmt::format("The payer counts {} used on {}, this ledger {}.", counted(*line.payer_used_quantity, line.measure),
                    name, format_quantity(balance.used)));
  }
  if (std::optional<Day> due_on = decision_due_on(line); due_on && today_ > *due_on) {
    add(NoticeKind::decision_overdue, line.expedited ? 3 : 2, due_on,
        fmt::format("The payer's decision is overdue: requested {}, due {}.",
                    format_day(policy_.zone.day_of(*line.requested_at)), format_day(*due_on)));
  }
}

void Warnings::add_booked_beyond(std::vector<DesiredNotice>& tasks) const {
  std::map<std::string, BookedBeyond> by_book;
  std::set<std::string> seen;  // Services: one that lacks units at several places counts once.
  for (const UncoveredService& uncovered : allocation_.uncovered) {
    const Service* service = service_of(uncovered.service_key);
    const AuthorizationLine* line = line_of(uncovered.nearest_book);
    if (uncovered.is_rendered || !service || !line || !is_to_tell(uncovered, *service)) continue;
    const bool is_after_end =
        uncovered.reason == UncoveredReason::expired || uncovered.reason == UncoveredReason::cancelled;
    const bool is_beyond_units = uncovered.reason == UncoveredReason::exhausted ||
                                 uncovered.reason == UncoveredReason::rate_exceeded ||
                                 uncovered.reason == UncoveredReason::benefit_exhausted;
    const bool is_after_coverage = uncovered.reason == UncoveredReason::coverage_ended;
    if (!is_after_end && !is_beyond_units && !is_after_coverage) continue;
    if (!seen.insert(service->key).second) continue;
    BookedBeyond& booked = by_book[line->book];
    booked.after_end += is_after_end;
    booked.beyond_units += is_beyond_units;
    booked.after_coverage += is_after_coverage;
    booked.first_day = booked.first_day ? std::min(*booked.first_day, service->day) : service->day;
  }
  for (const auto& [book, booked] : by_book) {
    const AuthorizationLine& line = *line_of(book);
    DesiredNotice notice = task_about(line, NoticeKind::booked_beyond, 2);
    notice.due_day = booked.first_day;
    notice.text = booked_beyond_text(booked, line, name_of(line));
    tasks.push_back(std::move(notice));
  }
}

// What the request needs is named, not what was ordered.
void Warnings::add_unsubmitted(std::vector<DesiredNotice>& tasks) const {
  for (const UnsubmittedOrder& order : subject_.unsubmitted) {
    if (today_ <= order.due_on || (order.last_day && *order.last_day < today_)) continue;
    DesiredNotice notice;
    notice.kind = NoticeKind::submit;
    notice.severity = 2;
    notice.topic = order.source.source + "/" + order.source.resource;
    focus_on({&order.source, 1}, notice);
    notice.due_day = order.due_on;
    const std::vector<std::string> missing = missing_parts(order);
    notice.text =
        fmt::format("No authorization was requested for the order of {}{}.", format_day(order.ordered_on),
                    missing.empty() ? std::string() : fmt::format("; not on file: {}", fmt::join(missing, ", ")));
    tasks.push_back(std::move(notice));
  }
}

void Warnings::add_uncovered_services(std::vector<DesiredNotice>& tasks) const {
  std::map<std::string, UncoveredService> by_service;
  for (const UncoveredService& uncovered : allocation_.uncovered) {
    if (!uncovered.is_rendered || !uncovered.quantity.is_positive()) continue;
    auto [found, is_new] = by_service.try_emplace(uncovered.service_key, uncovered);
    if (!is_new) found->second.quantity += uncovered.quantity;
  }
  for (const auto& [key, uncovered] : by_service) {
    const Service* service = service_of(key);
    if (!service || !is_to_tell(uncovered, *service)) continue;
    const AuthorizationLine* nearest = line_of(uncovered.nearest_book);
    DesiredNotice notice;
    // A pending decision may still cover it.
    const int severity = uncovered.reason == UncoveredReason::pended ? 2 : 3;
    if (nearest) notice = task_about(*nearest, NoticeKind::uncovered_service, severity);
    notice.kind = NoticeKind::uncovered_service;
    notice.severity = severity;
    notice.topic = key;
    notice.first_day = notice.last_day = service->day;
    notice.due_day = service->day + kUncoveredServiceDueDays;
    focus_on(service->sources, notice);
    const std::string why = uncovered_words(uncovered.reason, nearest);
    const std::string day = format_day(service->day);
    notice.text = uncovered.quantity < service->quantity
                      ? fmt::format("{} of {} on {} are not covered: {}.", format_quantity(uncovered.quantity),
                                    counted(service->quantity, service->measure), day, why)
                      : fmt::format("The visit on {} is not covered: {}.", day, why);
    tasks.push_back(std::move(notice));
  }
}

}  // namespace authledger
