#include "tests/scenarios/scenario_notices.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger/notice_routing.h"

namespace authledger {
namespace {

bool is_flag(const ScenarioNotices::Kept& kept) {
  return kept.record.kind == NoticeKind::utilization;
}

int week_of(Day day) {
  return (day.number + 3) / 7;  // 1970-01-01 was a Thursday.
}

}  // namespace

bool is_about(const std::string& authorization_number, const std::string& topic, const std::string& name) {
  return name.empty() || authorization_number == name || topic.ends_with("/" + name) ||
         topic.find("/" + name + "/") != std::string::npos;
}

std::vector<NoticeRecord> ScenarioNotices::records() const {
  std::vector<NoticeRecord> records;
  for (const Kept& kept : kept_) records.push_back(kept.record);
  return records;
}

size_t ScenarioNotices::plan(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today,
                             Instant now) {
  const std::vector<NoticeRecord> before = records();
  const std::vector<NoticeChange> changes = plan_notices("clinic", 1, subject, allocation, policy, today, before, now);
  for (const NoticeChange& change : changes) {
    auto found = std::find_if(kept_.begin(), kept_.end(),
                              [&](const Kept& kept) { return kept.record.notice_key == change.notice_key; });
    if (!change.desired) {
      if (found == kept_.end()) continue;
      found->record.is_open = false;
      found->resolved_by = change.resolved_by;
      continue;
    }
    if (found == kept_.end()) {
      Kept kept;
      kept.record.opened_at = now;
      kept.opened_on = today;
      kept_.push_back(kept);
      found = kept_.end() - 1;
    }
    const DesiredNotice& desired = *change.desired;
    found->record = {
        change.notice_key,      desired.topic, desired.kind,          change.episode,         true,
        desired.severity,       false,         desired_hash(desired), desired.role,           desired.is_copy,
        !desired.owner.empty(), desired.band,  desired.limit,         found->record.opened_at};
    found->desired = desired;
    found->deliver_at = deliver_at(policy.rules, desired.role, now, policy.zone);
  }
  return changes.size();
}

bool ScenarioNotices::close(NoticeKind kind, const std::string& name, const std::string& status) {
  bool is_any = false;
  for (Kept& kept : kept_) {
    if (kept.record.kind != kind || !is_open(kept)) continue;
    if (!is_about(kept.desired.authorization_number, kept.record.topic, name)) continue;
    kept.record.closed_by_person = true;
    kept.person_status = status;
    is_any = true;
  }
  return is_any;
}

const ScenarioNotices::Kept* ScenarioNotices::find(NoticeKind kind, const std::string& name, Role role) const {
  const Kept* found = nullptr;
  for (const Kept& kept : kept_) {
    if (kept.record.kind != kind || (role != Role::none && kept.record.role != role)) continue;
    if (role == Role::none && kept.record.is_copy) continue;
    if (!is_about(kept.desired.authorization_number, kept.record.topic, name)) continue;
    // What stands tells more than an episode that is over.
    if (!found ||
        std::tuple(is_open(*found), found->record.episode) <= std::tuple(is_open(kept), kept.record.episode)) {
      found = &kept;
    }
  }
  return found;
}

size_t ScenarioNotices::count_open(Role role) const {
  std::set<std::pair<NoticeKind, std::string>> events;
  for (const Kept& kept : kept_) {
    if (is_flag(kept) || !is_open(kept) || (role != Role::none && kept.record.role != role)) continue;
    events.emplace(kept.record.kind, kept.record.topic);
  }
  return events.size();
}

size_t ScenarioNotices::most_in_a_week(Role role) const {
  std::map<std::pair<std::string, int>, size_t> counts;
  size_t most = 0;
  for (const Kept& kept : kept_) {
    if (kept.record.role != role) continue;
    most = std::max(most, ++counts[{kept.desired.owner, week_of(kept.opened_on)}]);
  }
  return most;
}

size_t ScenarioNotices::count(NoticeOutcome outcome) const {
  return static_cast<size_t>(std::count_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
    return !is_flag(kept) && !is_open(kept) && outcome_of(kept.resolved_by, kept.person_status) == outcome;
  }));
}

std::optional<Instant> ScenarioNotices::escalates_at(const Rules& rules, Instant now) const {
  return notices_escalate_at({}, records(), rules, now);
}

}  // namespace authledger
