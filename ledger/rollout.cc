#include "ledger/rollout.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/crypto.h"

namespace authledger {

std::string_view word_of(RuleState state) {
  switch (state) {
    case RuleState::dry_run:
      return "dry_run";
    case RuleState::canary:
      return "canary";
    case RuleState::active:
      return "active";
    case RuleState::retracted:
      return "retracted";
  }
  return "";
}

std::string_view word_of(NoticeEffect effect) {
  switch (effect) {
    case NoticeEffect::appears:
      return "appears";
    case NoticeEffect::changes:
      return "changes";
    case NoticeEffect::disappears:
      return "disappears";
  }
  return "";
}

Rollout rollout_of(std::span<const RuleStep> steps) {
  Rollout rollout;
  std::vector<int64_t> active;         // The last one decides.
  std::map<int64_t, RuleStep> latest;  // By version.
  int64_t last_active = 0;
  for (const RuleStep& step : steps) {
    latest[step.rule_version] = step;
    if (step.state != RuleState::active && step.state != RuleState::retracted) continue;
    std::erase(active, step.rule_version);
    if (step.state != RuleState::active) continue;
    active.push_back(step.rule_version);
    last_active = step.rule_version;
  }
  rollout.is_delivered = !active.empty() || latest.empty();
  rollout.deciding = active.empty() ? last_active : active.back();
  for (const auto& [version, step] : latest) {
    if (step.state == RuleState::retracted) rollout.retracted.insert(version);
  }
  if (latest.empty()) return rollout;
  const RuleStep& newest = latest.rbegin()->second;
  if (newest.state == RuleState::dry_run || newest.state == RuleState::canary) {
    rollout.waiting = newest.rule_version;
    rollout.canary_percent = newest.state == RuleState::canary ? newest.canary_percent : 0;
  }
  return rollout;
}

bool is_in_canary(int64_t subject_id, int64_t rule_version, int percent) {
  const Hash hash = HashInput().add(subject_id).add(rule_version).sha256();
  // Sixteen bits are even enough for whole percents.
  const int place = (hash[0] << 8 | hash[1]) % 100;
  return place < percent;
}

std::vector<NoticeDifference> compare_notices(std::span<const DesiredNotice> before,
                                              std::span<const DesiredNotice> after) {
  // A copy for a further role is a notice of its own.
  const auto cause_of = [](const DesiredNotice& notice) {
    return std::tuple(notice.kind, notice.topic, notice.is_copy ? notice.role : Role::none);
  };
  std::map<std::tuple<NoticeKind, std::string, Role>, NoticeDifference> causes;
  for (const DesiredNotice& notice : before) causes[cause_of(notice)].before = notice;
  for (const DesiredNotice& notice : after) causes[cause_of(notice)].after = notice;
  std::vector<NoticeDifference> differences;
  for (auto& [cause, difference] : causes) {
    if (difference.before == difference.after) continue;
    difference.effect = !difference.before  ? NoticeEffect::appears
                        : !difference.after ? NoticeEffect::disappears
                                            : NoticeEffect::changes;
    differences.push_back(std::move(difference));
  }
  return differences;
}

std::string key_beside(const std::string& tenant, int64_t subject_id, const DesiredNotice& notice,
                       std::span<const NoticeRecord> stored) {
  const NoticeRecord* latest = nullptr;
  for (const NoticeRecord& record : stored) {
    if (record.kind != notice.kind || record.topic != notice.topic || record.is_copy != notice.is_copy) continue;
    if (notice.is_copy && record.role != notice.role) continue;
    if (!latest || record.episode > latest->episode) latest = &record;
  }
  if (latest && latest->is_open) return latest->notice_key;
  return notice_key(tenant, subject_id, notice, latest ? latest->episode + 1 : 1);
}

}  // namespace authledger
