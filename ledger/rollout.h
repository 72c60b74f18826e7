#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "ledger/notices.h"

// How a changed set of rules reaches the EHR: seen first, then for some patients, then for all, and back. Pure.
// Source: FAULTS 80; ARCHITECTURE, "Rules that change".

namespace authledger {

enum class RuleState : int16_t { dry_run = 1, canary = 2, active = 3, retracted = 4 };
std::string_view word_of(RuleState state);

struct RuleStep {
  int64_t rule_version = 0;
  RuleState state = RuleState::dry_run;
  int canary_percent = 0;
};

struct Rollout {
  int64_t deciding = 0;  // The version that the ledger goes by; 0 before the first one.
  // False when every version that ever was active was retracted: the ledger goes on by the last of them, and no notice
  // is wanted.
  bool is_delivered = true;
  std::optional<int64_t> waiting;  // The newest version, while it is a dry run or a canary.
  int canary_percent = 0;          // Of the waiting one; 0: a dry run.
  std::set<int64_t> retracted;
};

// `steps` in the order in which they were taken. A retracted version gives way to the one that was active before it.
Rollout rollout_of(std::span<const RuleStep> steps);

// Whether the subject is one of the `percent` to whom a version in canary applies. A larger percentage holds the
// smaller one; another version has other subjects.
bool is_in_canary(int64_t subject_id, int64_t rule_version, int percent);

// How notices differ under other rules, on the same facts and day.
enum class NoticeEffect : int16_t { appears = 1, changes = 2, disappears = 3 };
std::string_view word_of(NoticeEffect effect);

struct NoticeDifference {
  NoticeEffect effect = NoticeEffect::appears;
  std::optional<DesiredNotice> before, after;
};

// Ordered by (kind, topic).
std::vector<NoticeDifference> compare_notices(std::span<const DesiredNotice> before,
                                              std::span<const DesiredNotice> after);

// Under which key the notice stands, or would be created next.
std::string key_beside(const std::string& tenant, int64_t subject_id, const DesiredNotice& notice,
                       std::span<const NoticeRecord> stored);

}  // namespace authledger
