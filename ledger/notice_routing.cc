#include "ledger/notice_routing.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "ledger/warnings.h"

namespace authledger {
namespace {

const RoleRule& rule_of(const Rules& rules, Role role) {
  static const RoleRule kNone;
  auto found = rules.notices.roles.find(role);
  return found == rules.notices.roles.end() ? kNone : found->second;
}

bool is_person(const std::string& provider) {
  return !provider.empty() && !provider.starts_with("Organization/") &&
         provider.find("/Organization/") == std::string::npos;
}

// Clocks change before three in the morning, so that early times count from midnight and later ones from the next.
Instant at_minute(Day day, int minute, const TimeZone& zone) {
  constexpr int kChangedBy = 3 * 60, kDay = 24 * 60;
  if (minute < kChangedBy) return zone.start_of(day) + std::chrono::minutes(minute);
  return zone.start_of(day + 1) - std::chrono::minutes(kDay - minute);
}

Instant next_digest(int minute, Instant now, const TimeZone& zone) {
  const Day today = zone.day_of(now);
  const Instant at = at_minute(today, minute, zone);
  return at >= now ? at : at_minute(today + 1, minute, zone);
}

Instant after_quiet(const QuietHours& quiet, Instant at, const TimeZone& zone) {
  for (const Day day : {zone.day_of(at) - 1, zone.day_of(at)}) {
    const Day last = quiet.until <= quiet.from ? day + 1 : day;
    const Instant until = at_minute(last, quiet.until, zone);
    if (at_minute(day, quiet.from, zone) <= at && at < until) return until;
  }
  return at;
}

// Whose treating clinician is asked for. A letter is of an authorization: its first line stands for it.
std::string book_of(const DesiredNotice& notice, const Consolidated& subject) {
  if (notice.kind == NoticeKind::benefit_low) return "";
  if (notice.kind != NoticeKind::letter_changed) return notice.topic;
  const auto line = std::ranges::find_if(
      subject.lines, [&](const AuthorizationLine& own) { return is_letter_topic_of(own, notice.topic); });
  return line == subject.lines.end() ? notice.topic : line->book;
}

void set_owner(DesiredNotice& notice, const Consolidated& subject, const Allocation& allocation, const Rules& rules) {
  if (notice.role == Role::clinician) {
    Treating treating = treating_clinician(book_of(notice, subject), subject, allocation);
    if (!treating.provider.empty()) {
      notice.owner = std::move(treating.provider);
      notice.owner_source = std::move(treating.source);
      return;
    }
  }
  notice.owner = rule_of(rules, notice.role).owner;
  notice.owner_source.clear();
}

}  // namespace

std::vector<Role> recipients_of(const Rules& rules, NoticeKind kind) {
  auto found = rules.notices.recipients.find(std::string(word_of(kind)));
  std::vector<Role> roles = found == rules.notices.recipients.end() ? std::vector<Role>() : found->second;
  std::erase_if(roles, [&](Role role) { return role == Role::patient && !rule_of(rules, role).has_consent; });
  return roles;
}

bool is_recipient(const Rules& rules, NoticeKind kind, Role copy) {
  if (kind == NoticeKind::utilization) return true;
  const std::vector<Role> roles = recipients_of(rules, kind);
  if (copy == Role::none) return !roles.empty();
  return std::find(roles.begin(), roles.end(), copy) != roles.end();
}

Treating treating_clinician(const std::string& book, const Consolidated& subject, const Allocation& allocation) {
  std::set<std::string_view> drawn;
  for (const Draw& draw : allocation.draws) {
    if (draw.book == book) drawn.insert(draw.service_key);
  }
  const Service* latest = nullptr;
  const Service* next = nullptr;
  const auto when = [](const Service& service) { return std::tie(service.day, service.start_at, service.key); };
  for (const Service& service : subject.services) {
    const bool is_of_line = book.empty() || drawn.contains(service.key) || service.key == book;
    if (!is_of_line || !is_person(service.provider)) continue;
    if (service.state == ServiceState::rendered) {
      if (!latest || when(*latest) < when(service)) latest = &service;
    } else if (service.state == ServiceState::planned && (!next || when(service) < when(*next))) {
      next = &service;
    }
  }
  if (const Service* service = latest ? latest : next) {
    return {service->provider, service->sources.empty() ? std::string() : service->sources.front().source};
  }
  for (const AuthorizationLine& line : subject.lines) {
    if (line.book != book || !is_person(line.provider)) continue;
    return {line.provider, line.sources.empty() ? std::string() : line.sources.front().source};
  }
  return {};
}

std::vector<DesiredNotice> routed(const DesiredNotice& notice, const Consolidated& subject,
                                  const Allocation& allocation, const Rules& rules) {
  if (notice.kind == NoticeKind::utilization) return {notice};
  std::vector<DesiredNotice> notices;
  for (const Role role : recipients_of(rules, notice.kind)) {
    DesiredNotice one = notice;
    one.role = role;
    one.is_copy = !notices.empty();
    set_owner(one, subject, allocation, rules);
    notices.push_back(std::move(one));
  }
  return notices;
}

std::optional<Instant> escalates_at(Role role, bool has_owner, Instant opened_at, const Rules& rules) {
  const RoleRule& rule = rule_of(rules, role);
  if (has_owner || rule.escalate_after.count() == 0) return std::nullopt;
  return opened_at + rule.escalate_after;
}

void escalate(DesiredNotice& notice, const Rules& rules) {
  notice.role = rule_of(rules, notice.role).escalate_to;
  notice.owner = rule_of(rules, notice.role).owner;
}

Instant deliver_at(const Rules& rules, Role role, Instant now, const TimeZone& zone) {
  const RoleRule& rule = rule_of(rules, role);
  Instant at = rule.digest_at ? next_digest(*rule.digest_at, now, zone) : now;
  return rule.quiet ? after_quiet(*rule.quiet, at, zone) : at;
}

}  // namespace authledger
