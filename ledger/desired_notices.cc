#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger/bands.h"
#include "ledger/notice_routing.h"
#include "ledger/notice_words.h"
#include "ledger/notices.h"
#include "ledger/warnings.h"

namespace authledger {
namespace {

DesiredNotice flag_of(const std::string& topic, const std::vector<const AuthorizationLine*>& lines,
                      const Warnings& warnings, const Policy& policy, Day today) {
  DesiredNotice flag = notice_about(*lines.front(), NoticeKind::utilization, 1);
  flag.topic = topic;
  // No Flag shows it; but its hash has always covered it, and an upgrade shall write nothing.
  if (const std::vector<Provenance>& sources = lines.front()->sources; !sources.empty()) {
    flag.focus = sources.front().resource;
    flag.focus_source = sources.front().source;
  }
  std::set<std::string> pending;
  for (const AuthorizationLine* line : lines) {
    std::string sentence = line->decision == Decision::pended
                               ? pending_sentence(*line, policy.zone)
                               : utilization_sentence(*line, warnings.balance_of(*line), today);
    // Lines that wait for the same decision say so once.
    if (line->decision == Decision::pended && !pending.insert(sentence).second) continue;
    if (lines.size() > 1 && line->decision != Decision::pended) sentence = "Line " + line->line + ": " + sentence;
    flag.text += (flag.text.empty() ? "" : " ") + sentence;
    if (warnings.is_low(*line)) flag.severity = std::max(flag.severity, 2);
    if (warnings.is_exhausted(*line)) flag.severity = 3;
    // An open side of one line leaves the whole open there.
    if (flag.first_day) flag.first_day = line->first_day ? std::min(flag.first_day, line->first_day) : std::nullopt;
    if (flag.last_day) flag.last_day = line->last_day ? std::max(flag.last_day, line->last_day) : std::nullopt;
  }
  return flag;
}

// Days on which the mere passing of time may change a notice about this line.
void add_days_of_change(const AuthorizationLine& line, const Warnings& warnings, const Policy& policy,
                        std::set<Day>& days) {
  if (std::optional<Day> due_on = warnings.decision_due_on(line)) days.insert(*due_on + 1);
  if (!line.is_usable) return;
  if (line.first_day) days.insert(*line.first_day);
  if (line.last_day) {
    for (const int left : bands_of(line, policy.rules).days_left) days.insert(*line.last_day - left);
    days.insert(*line.last_day + 1);
  }
  if (std::optional<Day> end = end_of(line)) {
    days.insert(*end + 1);
    days.insert(*end + kFlagDaysAfterEnd + 1);
  }
}

}  // namespace

std::vector<DesiredNotice> desired_notices(const Consolidated& subject, const Allocation& allocation,
                                           const Policy& policy, Day today) {
  const Warnings warnings(subject, allocation, policy, today);
  std::vector<DesiredNotice> notices;
  for (const DesiredNotice& task : warnings.tasks()) {
    for (DesiredNotice& one : routed(task, subject, allocation, policy.rules)) notices.push_back(std::move(one));
  }
  std::map<std::string, std::vector<const AuthorizationLine*>> authorizations;
  for (const AuthorizationLine& line : subject.lines) {
    const bool is_shown = line.decision == Decision::pended || warnings.is_recent(line);
    if (is_shown) authorizations[authorization_topic(line)].push_back(&line);
  }
  for (const auto& [topic, lines] : authorizations) notices.push_back(flag_of(topic, lines, warnings, policy, today));
  std::sort(notices.begin(), notices.end(), [](const DesiredNotice& a, const DesiredNotice& b) {
    return std::tie(a.kind, a.topic, a.is_copy, a.role) < std::tie(b.kind, b.topic, b.is_copy, b.role);
  });
  return notices;
}

std::optional<Day> notices_change_on(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                     Day today) {
  const Warnings warnings(subject, allocation, policy, today);
  std::set<Day> days;
  for (const AuthorizationLine& line : subject.lines) add_days_of_change(line, warnings, policy, days);
  for (const UnsubmittedOrder& order : subject.unsubmitted) {
    days.insert(order.due_on + 1);
    if (order.last_day) days.insert(*order.last_day + 1);
  }
  for (const BenefitBalance& benefit : allocation.benefits) {
    if (!benefit.first_day) continue;
    days.insert(*benefit.first_day);
    days.insert(day_of(year_of(*benefit.first_day) + 1, 1, 1));
  }
  auto first = days.upper_bound(today);
  if (first == days.end()) return std::nullopt;
  // Between two of these days nothing changes, so that the first one which differs is the answer.
  const std::vector<DesiredNotice> now = desired_notices(subject, allocation, policy, today);
  auto found = std::find_if(first, days.end(),
                            [&](Day day) { return desired_notices(subject, allocation, policy, day) != now; });
  return found == days.end() ? std::nullopt : std::optional(*found);
}

}  // namespace authledger
