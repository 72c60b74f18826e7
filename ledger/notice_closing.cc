#include "ledger/notice_closing.h"

#include <algorithm>
#include <array>

#include "ledger/notice_routing.h"
#include "ledger/notice_words.h"
#include "ledger/notices.h"
#include "ledger/warnings.h"

namespace authledger {
namespace {

struct ResolutionWord {
  Resolution resolution;
  std::string_view word;
};
constexpr std::array kWords{ResolutionWord{Resolution::renewed, "renewed"},
                            ResolutionWord{Resolution::extended, "extended"},
                            ResolutionWord{Resolution::covered, "covered"},
                            ResolutionWord{Resolution::rebooked, "rebooked"},
                            ResolutionWord{Resolution::agreed, "agreed"},
                            ResolutionWord{Resolution::submitted, "submitted"},
                            ResolutionWord{Resolution::ended, "ended"},
                            ResolutionWord{Resolution::used_up, "used_up"},
                            ResolutionWord{Resolution::took_place, "took_place"},
                            ResolutionWord{Resolution::decided, "decided"},
                            ResolutionWord{Resolution::worse, "worse"},
                            ResolutionWord{Resolution::lapsed, "lapsed"},
                            ResolutionWord{Resolution::units_freed, "units_freed"},
                            ResolutionWord{Resolution::withdrawn, "withdrawn"},
                            ResolutionWord{Resolution::not_required, "not_required"},
                            ResolutionWord{Resolution::period_over, "period_over"},
                            ResolutionWord{Resolution::told_nobody, "told_nobody"},
                            ResolutionWord{Resolution::told_elsewhere, "told_elsewhere"}};

bool is_about_units(NoticeKind kind) {
  return kind == NoticeKind::units_low || kind == NoticeKind::exhausted;
}

Closing closing_of_end(const NoticeRecord& record, const Warnings& warnings, const AuthorizationLine& line) {
  std::string reason = "the authorization ended " + format_day(*end_of(line));
  const LineBalance& balance = warnings.balance_of(line);
  const bool has_rest = balance.lapsed && balance.lapsed->is_positive();
  if (!is_about_units(record.kind)) return {Resolution::ended, std::move(reason)};
  return {has_rest ? Resolution::lapsed : Resolution::used_up, std::move(reason)};
}

Closing closing_of_units(const NoticeRecord& record, const Warnings& warnings, const AuthorizationLine& line) {
  if (warnings.relieved_by(line)) return {Resolution::renewed, "another authorization covers the same services"};
  if (warnings.is_exhausted(line)) return {Resolution::used_up, "all units are used or booked"};
  const bool has_more = line.approved && record.limit && *line.approved > *record.limit;
  return {has_more ? Resolution::extended : Resolution::units_freed, "units are available again"};
}

Closing closing_of_line(const NoticeRecord& record, const Warnings& warnings, const AuthorizationLine& line,
                        Day today) {
  if (!line.is_usable) {
    return {Resolution::withdrawn, std::string("the authorization's decision is now ").append(word_of(line.decision))};
  }
  if (line.decision == Decision::cancelled) return {Resolution::withdrawn, "the authorization was cancelled"};
  if (has_ended(line, today)) return closing_of_end(record, warnings, line);
  if (is_about_units(record.kind)) return closing_of_units(record, warnings, line);
  if (const AuthorizationLine* successor = warnings.successor_of(line)) {
    return {Resolution::renewed, successor->first_day
                                     ? "a new authorization starts " + format_day(*successor->first_day)
                                     : std::string("another authorization continues it")};
  }
  return {Resolution::extended, line.last_day ? "the authorization now ends " + format_day(*line.last_day)
                                              : std::string("the authorization has no end date now")};
}

Closing closing_of_flag(const NoticeRecord& record, const Consolidated& subject, const Warnings& warnings, Day today) {
  for (const AuthorizationLine& line : subject.lines) {
    if (authorization_topic(line) == record.topic) return closing_of_line(record, warnings, line, today);
  }
  return {Resolution::withdrawn, "the authorization no longer stands under this number"};
}

Closing closing_of_service(const Warnings& warnings, const std::string& key) {
  const Service* service = warnings.service_of(key);
  if (!service) return {Resolution::withdrawn, "the visit was withdrawn"};
  if (service->state != ServiceState::rendered) return {Resolution::withdrawn, "the visit did not take place"};
  if (warnings.is_authorization_required(*service)) return {Resolution::covered, "the visit is covered"};
  return {Resolution::not_required, "no authorization is required"};
}

Closing closing_of_bookings(const NoticeRecord& record, const Allocation& allocation) {
  const bool was_held = std::any_of(allocation.uncovered.begin(), allocation.uncovered.end(), [&](const auto& one) {
    return one.is_rendered && one.nearest_book == record.topic;
  });
  return {was_held ? Resolution::took_place : Resolution::rebooked, general_close_reason(record.kind)};
}

Closing closing_of_update(const NoticeRecord& record, const Warnings& warnings, Day today) {
  const AuthorizationLine* line = warnings.line_of(record.topic);
  if (!line) return {Resolution::withdrawn, "the authorization no longer stands"};
  if (warnings.needs_update(*line)) return {Resolution::told_elsewhere, "another notice asks for the update"};
  Closing closing = closing_of_line(record, warnings, *line, today);
  if (closing.resolution == Resolution::extended && !warnings.is_near_end(*line)) {
    const bool has_more = line->approved && record.limit && *line->approved > *record.limit;
    if (!has_more && record.limit) return {Resolution::units_freed, "units are available again"};
  }
  return closing;
}

Closing closing_of_benefit(const NoticeRecord& record, const Allocation& allocation, Day today) {
  const bool is_of_this_time =
      std::any_of(allocation.benefits.begin(), allocation.benefits.end(), [&](const BenefitBalance& benefit) {
        return benefit_topic(benefit) == record.topic &&
               (!benefit.first_day || year_of(*benefit.first_day) == year_of(today));
      });
  if (is_of_this_time) return {Resolution::units_freed, "more of the benefit is left again"};
  return {Resolution::period_over, "the period of the benefit is over"};
}

Closing closing_of_letter(const NoticeRecord& record, const Consolidated& subject, const Warnings& warnings) {
  const AuthorizationLine* line = nullptr;
  bool is_replaced = false;
  for (const AuthorizationLine& own : subject.lines) {
    if (!is_letter_topic_of(own, record.topic)) continue;
    if (!line || warnings.is_recent(own)) line = &own;
    is_replaced =
        is_replaced || std::ranges::any_of(own.letters, [](const Letter& letter) { return letter.change.has_value(); });
  }
  if (!line) return {Resolution::withdrawn, "the authorization no longer stands"};
  if (!line->is_usable) return {Resolution::withdrawn, general_close_reason(record.kind)};
  if (!warnings.is_recent(*line)) return closing_of_end(record, warnings, *line);
  if (is_replaced) return {Resolution::worse, "the letter was replaced again"};
  return {Resolution::withdrawn, "the letter is no longer on file"};
}

// What is left of an order once it is no longer asked for says nothing of why: most often the payer was asked.
Closing closing_of_order(const NoticeRecord& record, const Consolidated& subject, Day today) {
  const bool has_ended = std::any_of(subject.unsubmitted.begin(), subject.unsubmitted.end(), [&](const auto& order) {
    return order.source.source + "/" + order.source.resource == record.topic && order.last_day &&
           *order.last_day < today;
  });
  if (has_ended) return {Resolution::ended, "the order has ended"};
  return {Resolution::submitted, general_close_reason(record.kind)};
}

}  // namespace

std::string_view word_of(Resolution resolution) {
  for (const ResolutionWord& entry : kWords) {
    if (entry.resolution == resolution) return entry.word;
  }
  return "";
}

std::optional<Resolution> resolution_from(std::string_view word) {
  for (const ResolutionWord& entry : kWords) {
    if (entry.word == word) return entry.resolution;
  }
  return std::nullopt;
}

std::string general_close_reason(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::utilization:
      return "the authorization has ended or no longer stands";
    case NoticeKind::expiring:
      return "the authorization was continued or has ended";
    case NoticeKind::units_low:
      return "units are available again, or none are left";
    case NoticeKind::exhausted:
      return "units are available again, or the authorization has ended";
    case NoticeKind::booked_beyond:
      return "no visit is booked beyond the authorization";
    case NoticeKind::uncovered_service:
      return "the visit is covered, or was withdrawn";
    case NoticeKind::decision_overdue:
      return "the payer has decided, or the request was withdrawn";
    case NoticeKind::count_differs:
      return "the payer counts no more than this ledger, or the authorization has ended";
    case NoticeKind::conflict:
      return "the sources agree, or the authorization has ended";
    case NoticeKind::benefit_low:
    case NoticeKind::benefit_for_patient:
      return "more of the benefit is left, or its period is over";
    case NoticeKind::update_due:
      return "the authorization was continued or has ended";
    case NoticeKind::letter_changed:
      return "the authorization has ended or no longer stands";
    case NoticeKind::submit:
      return "the payer was asked, or the order was withdrawn";
  }
  return "";
}

Closing closing_of(const NoticeRecord& record, const Consolidated& subject, const Allocation& allocation,
                   const Policy& policy, Day today) {
  if (!is_recipient(policy.rules, record.kind, record.is_copy ? record.role : Role::none)) {
    return {Resolution::told_nobody, "the rules no longer ask for it"};
  }
  const bool is_first_now = record.is_copy && recipients_of(policy.rules, record.kind).front() == record.role;
  if (is_first_now) return {Resolution::told_elsewhere, "another notice tells this role of it"};
  const Warnings warnings(subject, allocation, policy, today);
  const AuthorizationLine* line = warnings.line_of(record.topic);
  switch (record.kind) {
    case NoticeKind::utilization:
      return closing_of_flag(record, subject, warnings, today);
    case NoticeKind::booked_beyond:
      return closing_of_bookings(record, allocation);
    case NoticeKind::uncovered_service:
      return closing_of_service(warnings, record.topic);
    case NoticeKind::decision_overdue:
      if (!line) return {Resolution::withdrawn, general_close_reason(record.kind)};
      if (line->decision == Decision::pended) return {Resolution::extended, "the decision is not due yet"};
      return {Resolution::decided, general_close_reason(record.kind)};
    case NoticeKind::count_differs:
    case NoticeKind::conflict:
      if (!line) return {Resolution::withdrawn, "the authorization no longer stands"};
      if (has_ended(*line, today)) return closing_of_end(record, warnings, *line);
      return {Resolution::agreed, record.kind == NoticeKind::conflict ? std::string("the sources agree")
                                                                      : general_close_reason(record.kind)};
    case NoticeKind::benefit_low:
    case NoticeKind::benefit_for_patient:
      return closing_of_benefit(record, allocation, today);
    case NoticeKind::update_due:
      return closing_of_update(record, warnings, today);
    case NoticeKind::letter_changed:
      return closing_of_letter(record, subject, warnings);
    case NoticeKind::submit:
      return closing_of_order(record, subject, today);
    case NoticeKind::expiring:
    case NoticeKind::units_low:
    case NoticeKind::exhausted:
      break;
  }
  if (!line) return {Resolution::withdrawn, "the authorization no longer stands"};
  return closing_of_line(record, warnings, *line, today);
}

std::string_view word_of(NoticeOutcome outcome) {
  switch (outcome) {
    case NoticeOutcome::acted:
      return "acted";
    case NoticeOutcome::came_true:
      return "came_true";
    case NoticeOutcome::unneeded:
      return "unneeded";
  }
  return "";
}

std::optional<NoticeOutcome> outcome_of(Resolution resolution, std::string_view person_status) {
  if (person_status == "completed") return NoticeOutcome::acted;
  if (!person_status.empty()) return NoticeOutcome::unneeded;
  if (resolution == Resolution::none) return std::nullopt;
  if (resolution < Resolution::ended) return NoticeOutcome::acted;
  return resolution < Resolution::lapsed ? NoticeOutcome::came_true : NoticeOutcome::unneeded;
}

}  // namespace authledger
