#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "ledger/forecast.h"
#include "ledger/notice_routing.h"
#include "ledger/notice_words.h"
#include "ledger/warnings.h"

// The warnings that are about more than one line: sources that disagree, the plan's benefits, the record to bring up to
// date.

namespace authledger {
namespace {

const BenefitRule* rule_of(const BenefitBalance& benefit, const Rules& rules) {
  for (const BenefitRule& rule : rules.benefits) {
    if (rule.name == benefit.name) return &rule;
  }
  return nullptr;
}

// Of a lifetime, or of the calendar year that today lies in: shorter ones come back before anybody could act.
bool is_watched(const BenefitBalance& benefit, const BenefitRule& rule, Day today) {
  if (rule.per == BenefitPeriod::lifetime) return true;
  return rule.per == BenefitPeriod::calendar_year && benefit.first_day && year_of(*benefit.first_day) == year_of(today);
}

constexpr std::string_view kLetterMark = "/letter/";

std::string text_of_benefit(const BenefitBalance& benefit, const BenefitRule& rule) {
  const Measure measure = measure_from(rule.measure).value_or(Measure::unknown);
  const Quantity left = benefit.limit - benefit.used - benefit.reserved;
  const std::string when = benefit.first_day ? fmt::format("in {}", year_of(*benefit.first_day)) : "in a lifetime";
  const std::string plan = fmt::format("The plan pays for {} {}", counted(benefit.limit, measure), when);
  if (!left.is_positive()) return fmt::format("{}: all are used or booked.", plan);
  const std::string booked =
      benefit.reserved.is_positive() ? fmt::format(", {} booked", format_quantity(benefit.reserved)) : "";
  return fmt::format("{}: {} used{}, {} left.", plan, format_quantity(benefit.used), booked, format_quantity(left));
}

}  // namespace

std::string benefit_topic(const BenefitBalance& benefit) {
  return fmt::format("benefit/{}/{}", benefit.name, benefit.first_day ? format_day(*benefit.first_day) : "ever");
}

std::string letter_topic(const AuthorizationLine& line, const LetterChange& change) {
  return fmt::format("{}{}{}", authorization_topic(line), kLetterMark, change.mark);
}

bool is_letter_topic_of(const AuthorizationLine& line, std::string_view topic) {
  return topic.starts_with(authorization_topic(line).append(kLetterMark));
}

bool Warnings::needs_update(const AuthorizationLine& line) const {
  const bool runs_out = (is_low(line) || is_exhausted(line)) && !relieved_by(line);
  return is_near_end(line) || (runs_out && !successor_of(line));
}

void Warnings::add_conflicts(std::vector<DesiredNotice>& tasks) const {
  std::map<std::string, std::set<std::string>> by_book;
  for (const Conflict& conflict : subject_.conflicts) {
    if (!conflict.differs.empty()) by_book[conflict.book].insert(conflict.differs);
  }
  for (const auto& [book, differs] : by_book) {
    const AuthorizationLine* line = line_of(book);
    if (!line || has_ended(*line, today_)) continue;
    DesiredNotice notice = task_about(*line, NoticeKind::conflict, 2);
    notice.due_day = line->last_day;
    notice.text = with_capital(fmt::format("{}: the sources state different {}; what {} says is used.", name_of(*line),
                                           join({differs.begin(), differs.end()}, " and "),
                                           line->sources.empty() ? "the first" : line->sources.front().resource));
    tasks.push_back(std::move(notice));
  }
}

void Warnings::add_letters(std::vector<DesiredNotice>& tasks) const {
  std::set<std::string> told;  // The lines of one authorization share its letters.
  for (const AuthorizationLine& line : subject_.lines) {
    if (!is_recent(line)) continue;
    for (const Letter& letter : line.letters) {
      if (!letter.change || !told.insert(letter_topic(line, *letter.change)).second) continue;
      DesiredNotice notice = task_about(line, NoticeKind::letter_changed, 2);
      notice.topic = letter_topic(line, *letter.change);
      focus_on({&letter.source, 1}, notice);
      std::string when;
      if (letter.change->at) {
        const Day day = policy_.zone.day_of(*letter.change->at);
        notice.due_day = day + kLetterChangedDueDays;
        when = " on " + format_day(day);
      }
      notice.text =
          with_capital(fmt::format("{}: the letter on file was replaced{}; what was sent may cite the former one.",
                                   line_name(line, false), when));
      tasks.push_back(std::move(notice));
    }
  }
}

void Warnings::add_benefits(std::vector<DesiredNotice>& tasks) const {
  for (const BenefitBalance& benefit : allocation_.benefits) {
    const BenefitRule* rule = rule_of(benefit, policy_.rules);
    if (!rule || !is_watched(benefit, *rule, today_)) continue;
    const Quantity left = benefit.limit - benefit.used - benefit.reserved;
    const bool is_near = left.milli() * 100 <= benefit.limit.milli() * policy_.rules.warnings.benefit_percent_left;
    if (!is_near) continue;
    for (const NoticeKind kind : {NoticeKind::benefit_low, NoticeKind::benefit_for_patient}) {
      DesiredNotice notice;
      notice.topic = benefit_topic(benefit);
      notice.kind = kind;
      notice.severity = left.is_positive() ? 2 : 3;
      notice.text = text_of_benefit(benefit, *rule);
      if (kind == NoticeKind::benefit_for_patient) notice.text += " Please ask the clinic before you book more.";
      tasks.push_back(std::move(notice));
    }
  }
}

// One for all lines of a clinician, named by the first: its owner changes with who treats.
void Warnings::add_updates(std::vector<DesiredNotice>& tasks) const {
  if (recipients_of(policy_.rules, NoticeKind::update_due).empty()) return;
  std::map<std::string, std::vector<const AuthorizationLine*>> by_clinician;
  for (const AuthorizationLine& line : subject_.lines) {
    if (!needs_update(line)) continue;
    by_clinician[treating_clinician(line.book, subject_, allocation_).provider].push_back(&line);
  }
  for (const auto& [clinician, lines] : by_clinician) {
    DesiredNotice notice = task_about(*lines.front(), NoticeKind::update_due, 2);
    std::set<std::string> names;
    for (const AuthorizationLine* line : lines) {
      names.insert(line_name(*line, false));
      std::optional<Day> due = line->last_day ? renew_by(*line, std::nullopt, policy_) : std::nullopt;
      if (due && (!notice.due_day || *due < *notice.due_day)) notice.due_day = due;
    }
    notice.text = fmt::format("Please bring the record up to date for the renewal of {}.",
                              join({names.begin(), names.end()}, " and "));
    tasks.push_back(std::move(notice));
  }
}

}  // namespace authledger
