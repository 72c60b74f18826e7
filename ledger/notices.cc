#include "ledger/notices.h"

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <set>

#include "ledger/notice_routing.h"

namespace authledger {
namespace {

struct KindWord {
  NoticeKind kind;
  std::string_view word;
};
constexpr std::array kKindWords{KindWord{NoticeKind::utilization, "utilization"},
                                KindWord{NoticeKind::expiring, "expiring"},
                                KindWord{NoticeKind::units_low, "units_low"},
                                KindWord{NoticeKind::exhausted, "exhausted"},
                                KindWord{NoticeKind::booked_beyond, "booked_beyond"},
                                KindWord{NoticeKind::uncovered_service, "uncovered_service"},
                                KindWord{NoticeKind::decision_overdue, "decision_overdue"},
                                KindWord{NoticeKind::count_differs, "count_differs"},
                                KindWord{NoticeKind::submit, "submit"},
                                KindWord{NoticeKind::conflict, "conflict"},
                                KindWord{NoticeKind::benefit_low, "benefit_low"},
                                KindWord{NoticeKind::benefit_for_patient, "benefit_for_patient"},
                                KindWord{NoticeKind::update_due, "update_due"},
                                KindWord{NoticeKind::letter_changed, "letter_changed"}};

void add(HashInput& input, const std::optional<Day>& day) {
  input.add(int64_t{day.has_value()});
  if (day) input.add(int64_t{day->number});
}

// What a notice is about, and for which role where it is a copy.
struct Cause {
  NoticeKind kind;
  std::string topic;
  Role copy_for;
  auto operator<=>(const Cause&) const = default;
};

Cause cause_of(const DesiredNotice& notice) {
  return {notice.kind, notice.topic, notice.is_copy ? notice.role : Role::none};
}

Cause cause_of(const NoticeRecord& record) {
  return {record.kind, record.topic, record.is_copy ? record.role : Role::none};
}

std::map<Cause, const NoticeRecord*> latest_episodes(std::span<const NoticeRecord> stored) {
  std::map<Cause, const NoticeRecord*> latest;
  for (const NoticeRecord& record : stored) {
    const NoticeRecord*& kept = latest[cause_of(record)];
    if (!kept || record.episode > kept->episode) kept = &record;
  }
  return latest;
}

bool got_worse(const DesiredNotice& notice, const NoticeRecord& record) {
  return notice.severity > record.severity || notice.band > record.band;
}

// What stays of an episode: the nearest band that it has reached.
DesiredNotice continued(DesiredNotice notice, const NoticeRecord& record) {
  notice.band = std::max(notice.band, record.band);
  return notice;
}

bool differs(const DesiredNotice& notice, const NoticeRecord& record) {
  return desired_hash(notice) != record.desired_hash || notice.role != record.role || notice.band > record.band;
}

// The role that the kind goes to where no rule says otherwise.
bool is_usual_role(const DesiredNotice& notice) {
  static const NoticeRules kUsual;
  if (notice.role == Role::none) return true;
  auto found = kUsual.recipients.find(std::string(word_of(notice.kind)));
  return found != kUsual.recipients.end() && !found->second.empty() && found->second.front() == notice.role;
}

// A copy is for its own role alone. Without `now` nothing goes on to another role, and what did stays there.
void escalate_unowned(std::vector<DesiredNotice>& desired, std::span<const NoticeRecord> stored, const Rules& rules,
                      std::optional<Instant> now) {
  const std::map<Cause, const NoticeRecord*> latest = latest_episodes(stored);
  for (DesiredNotice& notice : desired) {
    auto found = latest.find(cause_of(notice));
    if (notice.is_copy || found == latest.end() || !found->second->is_open) continue;
    const std::optional<Instant> at = escalates_at(notice.role, !notice.owner.empty(), found->second->opened_at, rules);
    DesiredNotice passed_on = notice;
    escalate(passed_on, rules);
    const bool is_due = now ? at && *at <= *now : at && found->second->role == passed_on.role;
    if (is_due) notice = std::move(passed_on);
  }
}

}  // namespace

std::string_view word_of(NoticeKind kind) {
  for (const KindWord& entry : kKindWords) {
    if (entry.kind == kind) return entry.word;
  }
  return "";
}

std::optional<NoticeKind> notice_kind_from(std::string_view word) {
  for (const KindWord& entry : kKindWords) {
    if (entry.word == word) return entry.kind;
  }
  return std::nullopt;
}

std::string_view word_of(NoticeState state) {
  switch (state) {
    case NoticeState::wanted:
      return "wanted";
    case NoticeState::creating:
      return "creating";
    case NoticeState::current:
      return "current";
    case NoticeState::stale:
      return "stale";
    case NoticeState::orphaned:
      return "orphaned";
    case NoticeState::retiring:
      return "retiring";
    case NoticeState::closed_by_person:
      return "closed_by_person";
    case NoticeState::held:
      return "held";
    case NoticeState::parked:
      return "parked";
    case NoticeState::retired:
      return "retired";
    case NoticeState::sent:
      return "sent";
    case NoticeState::undeliverable:
      return "undeliverable";
    case NoticeState::unconfirmed:
      return "unconfirmed";
  }
  return "";
}

std::string notice_key(const std::string& tenant, int64_t subject_id, const DesiredNotice& notice, int64_t episode) {
  HashInput input;
  input.add(tenant).add(subject_id).add(notice.topic).add(static_cast<int64_t>(notice.kind)).add(episode);
  if (notice.is_copy) input.add(word_of(notice.role));
  return to_hex(input.sha256()).substr(0, 32);
}

Hash desired_hash(const DesiredNotice& notice) {
  HashInput input;
  input.add(notice.topic).add(static_cast<int64_t>(notice.kind)).add(int64_t{notice.severity}).add(notice.text);
  add(input, notice.due_day);
  add(input, notice.first_day);
  add(input, notice.last_day);
  input.add(notice.authorization_number).add(notice.focus);
  // What says no more than former versions did keeps its hash, so that an upgrade writes nothing.
  if (!notice.owner.empty()) input.add(notice.owner).add(notice.owner_source);
  if (!is_usual_role(notice)) input.add(word_of(notice.role));
  return input.sha256();
}

std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id,
                                       std::span<const DesiredNotice> desired, std::span<const NoticeRecord> stored) {
  const std::map<Cause, const NoticeRecord*> latest = latest_episodes(stored);
  std::map<Cause, const DesiredNotice*> wanted;
  for (const DesiredNotice& notice : desired) {
    auto found = latest.find(cause_of(notice));
    const bool is_open = found != latest.end() && found->second->is_open;
    if (is_open || !notice.only_if_open) wanted[cause_of(notice)] = &notice;
  }

  std::vector<NoticeChange> changes;
  // What a person closed and what is worse now: the old notice ends, whatever else becomes of its cause.
  std::map<Cause, int64_t> next_episode;
  for (const auto& [cause, notice] : wanted) {
    auto found = latest.find(cause);
    if (found == latest.end()) {
      next_episode[cause] = 1;
    } else if (const NoticeRecord& record = *found->second;
               !record.is_open || (record.closed_by_person && got_worse(*notice, record))) {
      next_episode[cause] = record.episode + 1;
    }
  }
  for (const NoticeRecord& record : stored) {
    const Cause cause = cause_of(record);
    if (!record.is_open) continue;
    const bool is_superseded = next_episode.contains(cause) || latest.at(cause) != &record;
    if (!wanted.contains(cause)) {
      changes.push_back(
          {record.notice_key, record.episode, std::nullopt, general_close_reason(record.kind), Resolution::none});
    } else if (is_superseded) {
      changes.push_back(
          {record.notice_key, record.episode, std::nullopt, "a more urgent notice takes its place", Resolution::worse});
    } else if (!record.closed_by_person && differs(*wanted.at(cause), record)) {
      changes.push_back(
          {record.notice_key, record.episode, continued(*wanted.at(cause), record), "", Resolution::none});
    }
  }
  for (const auto& [cause, episode] : next_episode) {
    const DesiredNotice& notice = *wanted.at(cause);
    changes.push_back({notice_key(tenant, subject_id, notice, episode), episode, notice, "", Resolution::none});
  }
  return changes;
}

std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id, const Consolidated& subject,
                                       const Allocation& allocation, const Policy& policy, Day today,
                                       std::span<const NoticeRecord> stored, std::optional<Instant> now) {
  std::vector<DesiredNotice> desired = desired_notices(subject, allocation, policy, today);
  escalate_unowned(desired, stored, policy.rules, now);
  std::vector<NoticeChange> changes = plan_notices(tenant, subject_id, desired, stored);
  for (NoticeChange& change : changes) {
    if (change.desired || change.resolved_by != Resolution::none) continue;
    for (const NoticeRecord& record : stored) {
      if (record.notice_key != change.notice_key) continue;
      Closing closing = closing_of(record, subject, allocation, policy, today);
      change.close_reason = std::move(closing.reason);
      change.resolved_by = closing.resolution;
    }
  }
  return changes;
}

std::optional<Instant> notices_escalate_at(std::span<const NoticeChange> changes, std::span<const NoticeRecord> stored,
                                           const Rules& rules, Instant now) {
  std::map<std::string, Instant> opened;
  std::optional<Instant> first;
  const auto consider = [&](std::optional<Instant> at) {
    if (at && *at > now && (!first || *at < *first)) first = at;
  };
  std::set<std::string> changed;
  for (const NoticeChange& change : changes) changed.insert(change.notice_key);
  for (const NoticeRecord& record : stored) {
    if (record.is_open) opened[record.notice_key] = record.opened_at;
    if (!record.is_open || record.is_copy || record.closed_by_person || changed.contains(record.notice_key)) continue;
    consider(escalates_at(record.role, record.has_owner, record.opened_at, rules));
  }
  for (const NoticeChange& change : changes) {
    if (!change.desired || change.desired->is_copy) continue;
    auto found = opened.find(change.notice_key);
    consider(escalates_at(change.desired->role, !change.desired->owner.empty(),
                          found == opened.end() ? now : found->second, rules));
  }
  return first;
}

}  // namespace authledger
