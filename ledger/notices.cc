#include "ledger/notices.h"

#include <array>
#include <map>
#include <tuple>

#include "ledger/notice_words.h"
#include "ledger/warnings.h"

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
                                KindWord{NoticeKind::submit, "submit"}};

std::string key_of(const std::string& tenant, int64_t subject_id, const std::string& topic, NoticeKind kind,
                   int64_t episode) {
  HashInput input;
  input.add(tenant).add(subject_id).add(topic).add(static_cast<int64_t>(kind)).add(episode);
  return to_hex(input.sha256()).substr(0, 32);
}

void add(HashInput& input, const std::optional<Day>& day) {
  input.add(int64_t{day.has_value()});
  if (day) input.add(int64_t{day->number});
}

using Cause = std::pair<NoticeKind, std::string>;

// Reasons that hold whatever the state is; close_reason knows better when the state is at hand.
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
    case NoticeKind::submit:
      return "the payer was asked, or the order was withdrawn";
  }
  return "";
}

std::string reason_of_units(const Warnings& warnings, const AuthorizationLine& line) {
  return warnings.is_exhausted(line) ? "all units are used or booked" : "units are available again";
}

std::string reason_of_line(NoticeKind kind, const Warnings& warnings, const AuthorizationLine& line, Day today) {
  if (!line.is_usable) return std::string("the authorization's decision is now ").append(word_of(line.decision));
  if (line.decision == Decision::cancelled) return "the authorization was cancelled";
  if (has_ended(line, today)) return "the authorization ended " + format_day(*line.last_day);
  if (kind == NoticeKind::units_low || kind == NoticeKind::exhausted) return reason_of_units(warnings, line);
  if (const AuthorizationLine* successor = warnings.successor_of(line)) {
    return successor->first_day ? "a new authorization starts " + format_day(*successor->first_day)
                                : "another authorization continues it";
  }
  return line.last_day ? "the authorization now ends " + format_day(*line.last_day)
                       : "the authorization has no end date now";
}

std::string reason_of_service(const Warnings& warnings, const std::string& key) {
  const Service* service = warnings.service_of(key);
  if (!service) return "the visit was withdrawn";
  if (service->state != ServiceState::rendered) return "the visit did not take place";
  return warnings.is_authorization_required(*service) ? "the visit is covered" : "no authorization is required";
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
  }
  return "";
}

std::string notice_key(const std::string& tenant, int64_t subject_id, const DesiredNotice& notice, int64_t episode) {
  return key_of(tenant, subject_id, notice.topic, notice.kind, episode);
}

Hash desired_hash(const DesiredNotice& notice) {
  HashInput input;
  input.add(notice.topic).add(static_cast<int64_t>(notice.kind)).add(int64_t{notice.severity}).add(notice.text);
  add(input, notice.due_day);
  add(input, notice.first_day);
  add(input, notice.last_day);
  input.add(notice.authorization_number).add(notice.focus);
  return input.sha256();
}

std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id,
                                       std::span<const DesiredNotice> desired, std::span<const NoticeRecord> stored) {
  std::map<Cause, const DesiredNotice*> wanted;
  for (const DesiredNotice& notice : desired) wanted[{notice.kind, notice.topic}] = &notice;
  std::map<Cause, const NoticeRecord*> latest;
  for (const NoticeRecord& record : stored) {
    const NoticeRecord*& kept = latest[{record.kind, record.topic}];
    if (!kept || record.episode > kept->episode) kept = &record;
  }

  std::vector<NoticeChange> changes;
  // What a person closed and what is worse now: the old notice ends, whatever else becomes of its cause.
  std::map<Cause, int64_t> next_episode;
  for (const auto& [cause, notice] : wanted) {
    auto found = latest.find(cause);
    if (found == latest.end()) {
      next_episode[cause] = 1;
    } else if (const NoticeRecord& record = *found->second;
               !record.is_open || (record.closed_by_person && notice->severity > record.severity)) {
      next_episode[cause] = record.episode + 1;
    }
  }
  for (const NoticeRecord& record : stored) {
    const Cause cause{record.kind, record.topic};
    if (!record.is_open) continue;
    const bool is_superseded = next_episode.contains(cause) || latest.at(cause) != &record;
    if (!wanted.contains(cause)) {
      changes.push_back({record.notice_key, record.episode, std::nullopt, general_close_reason(record.kind)});
    } else if (is_superseded) {
      changes.push_back({record.notice_key, record.episode, std::nullopt, "a more urgent notice takes its place"});
    } else if (!record.closed_by_person && desired_hash(*wanted.at(cause)) != record.desired_hash) {
      changes.push_back({record.notice_key, record.episode, *wanted.at(cause), ""});
    }
  }
  for (const auto& [cause, episode] : next_episode) {
    const DesiredNotice& notice = *wanted.at(cause);
    changes.push_back({notice_key(tenant, subject_id, notice, episode), episode, notice, ""});
  }
  return changes;
}

std::string close_reason(NoticeKind kind, const std::string& topic, const Consolidated& subject,
                         const Allocation& allocation, const Policy& policy, Day today) {
  const Warnings warnings(subject, allocation, policy, today);
  switch (kind) {
    case NoticeKind::utilization:
      for (const AuthorizationLine& line : subject.lines) {
        if (authorization_topic(line) == topic) return reason_of_line(kind, warnings, line, today);
      }
      return "the authorization no longer stands under this number";
    case NoticeKind::booked_beyond:
      return general_close_reason(kind);
    case NoticeKind::uncovered_service:
      return reason_of_service(warnings, topic);
    case NoticeKind::decision_overdue:
      if (const AuthorizationLine* line = warnings.line_of(topic); line && line->decision == Decision::pended) {
        return "the decision is not due yet";
      }
      return general_close_reason(kind);
    case NoticeKind::count_differs:
    case NoticeKind::submit:
      return general_close_reason(kind);
    case NoticeKind::expiring:
    case NoticeKind::units_low:
    case NoticeKind::exhausted:
      break;
  }
  const AuthorizationLine* line = warnings.line_of(topic);
  return line ? reason_of_line(kind, warnings, *line, today) : "the authorization no longer stands";
}

std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id, const Consolidated& subject,
                                       const Allocation& allocation, const Policy& policy, Day today,
                                       std::span<const NoticeRecord> stored) {
  std::vector<NoticeChange> changes =
      plan_notices(tenant, subject_id, desired_notices(subject, allocation, policy, today), stored);
  for (NoticeChange& change : changes) {
    if (change.desired) continue;
    for (const NoticeRecord& record : stored) {
      const bool cause_is_gone = change.close_reason == general_close_reason(record.kind);
      if (record.notice_key == change.notice_key && cause_is_gone) {
        change.close_reason = close_reason(record.kind, record.topic, subject, allocation, policy, today);
      }
    }
  }
  return changes;
}

}  // namespace authledger
