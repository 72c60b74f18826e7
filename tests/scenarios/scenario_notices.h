#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/notices.h"
#include "ledger/reckon.h"

namespace authledger {

// The notices of a scenario as the store would keep them: every episode, who has it, when it may be delivered, and how
// it ended.
class ScenarioNotices {
 public:
  struct Kept {
    NoticeRecord record;
    DesiredNotice desired;  // As last wanted.
    Instant deliver_at{};
    Day opened_on;
    Resolution resolved_by = Resolution::none;
    std::string person_status;
  };

  // Returns how many notices changed.
  size_t plan(const Consolidated& subject, const Allocation& allocation, const Policy& policy, Day today, Instant now);
  // A person closes what is open of this kind in the EHR. False when nothing is.
  bool close(NoticeKind kind, const std::string& name, const std::string& status);

  // The latest episode of the kind about an authorization or a service ("": about any), for a role (none: for whomever
  // the event is).
  const Kept* find(NoticeKind kind, const std::string& name, Role role) const;
  static bool is_open(const Kept& kept) { return kept.record.is_open && !kept.record.closed_by_person; }

  const std::vector<Kept>& all() const { return kept_; }
  // Events that stand; of a role, what stands for it. Flags are not counted.
  size_t count_open(Role role) const;
  // The most that one owner of the role was told in one week (from Monday).
  size_t most_in_a_week(Role role) const;
  // Of the closed ones; Flags are not counted.
  size_t count(NoticeOutcome outcome) const;
  std::optional<Instant> escalates_at(const Rules& rules, Instant now) const;

 private:
  std::vector<NoticeRecord> records() const;
  std::vector<Kept> kept_;
};

bool is_about(const std::string& authorization_number, const std::string& topic, const std::string& name);

}  // namespace authledger
