#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/status.h"

// Who needs to know what. Desired notices follow from the state alone; plan_notices compares them with the stored ones
// and decides episodes. Pure.  Source: ARCHITECTURE, "Notices".

namespace authledger {

enum class NoticeKind : int16_t {
  utilization = 1,  // Flag, one per authorization.
  expiring = 2,
  units_low = 3,
  exhausted = 4,
  booked_beyond = 5,
  uncovered_service = 6,
  decision_overdue = 7,
  count_differs = 8,  // Tasks.
  submit = 20
};
std::string_view word_of(NoticeKind kind);
std::optional<NoticeKind> notice_kind_from(std::string_view word);

// What should stand in the EHR now. `topic` is the authorization (payer/number or request) for a Flag, the line's book
// or the service's key for a Task: with kind it names the cause.
struct DesiredNotice {
  std::string topic;
  NoticeKind kind = NoticeKind::utilization;
  int severity = 1;  // 1 information, 2 warning, 3 urgent.
  std::string text;  // Counts and absolute dates; never diagnosis, code, program or kind of care.
  std::optional<Day> due_day;
  std::optional<Day> first_day, last_day;  // The authorization's days: Flag.period.
  std::string authorization_number;
  std::string focus;  // "ClaimResponse/cr1" of the leading source on the delivering endpoint, may be empty.
  bool operator==(const DesiredNotice&) const = default;
};

// A Flag stands until this many days after its authorization ended, so that late visits and what lapsed stay visible.
inline constexpr int kFlagDaysAfterEnd = 30;
// An uncovered service should be looked into within this many days.
inline constexpr int kUncoveredServiceDueDays = 7;

// Which causes raise a notice. Lines whose authorization is not required raise none, nor do services they match.
//   utilization        one per authorization with a pended line, or with a usable one that ended at most
//                      kFlagDaysAfterEnd days ago. Severity follows its counts: 2 units low, 3 exhausted.
//   expiring           the last day is today or at most warnings.days_left days away, and no usable line of the same
//                      payer and code goes on without a gap. Due on the last day.
//   units_low          at most warnings.units_left units are neither used nor booked. Due on the last day.
//   exhausted          none are (in place of units_low). Due on the last day.
//   booked_beyond      booked visits after the line's end or beyond its units. Due on the day of the first.
//   uncovered_service  a rendered service without cover. Due kUncoveredServiceDueDays after it.
//   decision_overdue   from the day after the decision was due (7 calendar days, or 72 hours if expedited, after the
//                      request; WarningRule). Due on that day.
//   count_differs      the payer counts more units used than this ledger: somebody else may use them too. That it
//                      counts fewer is the usual lag of claims.
//   submit             an active order for which nobody has asked the payer in time, where a payer rule states
//                      submission_lead_business_days. Due kSubmitAfterHours after it was written, or that lead before
//                      it begins; says which parts of a request are not on file.
// Cancelled lines keep their Flag but raise no expiring, units_low or exhausted.
//
// Ordered by (kind, topic).
std::vector<DesiredNotice> desired_notices(const Consolidated& subject, const Allocation& allocation,
                                           const Policy& policy, Day today);

// First day after `today` on which the passing of time alone changes the desired notices, while `allocation` stays as
// it is. The earlier of this and Allocation::changes_on is when a subject is due again.
std::optional<Day> notices_change_on(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                     Day today);

// Of everything that an EHR is shown, so that equal notices are not written twice.
Hash desired_hash(const DesiredNotice& notice);

// Hex of the first 16 bytes of sha256(tenant, subject, topic, kind, episode): 32 digits that tell nothing.
std::string notice_key(const std::string& tenant, int64_t subject_id, const DesiredNotice& notice, int64_t episode);

enum class NoticeState : int16_t {
  wanted = 1,
  creating = 2,
  current = 3,
  stale = 4,
  orphaned = 5,
  retiring = 6,
  closed_by_person = 7,
  held = 8,
  parked = 9,
  retired = 10
};
std::string_view word_of(NoticeState state);

// A stored notice, as far as planning needs it.
struct NoticeRecord {
  std::string notice_key;
  std::string topic;
  NoticeKind kind = NoticeKind::utilization;
  int64_t episode = 1;
  bool is_open = true;  // Desired is set.
  int severity = 1;     // Of the desired notice.
  bool closed_by_person = false;
  Hash desired_hash{};
};

struct NoticeChange {
  std::string notice_key;  // See notice_key.
  int64_t episode = 1;
  std::optional<DesiredNotice> desired;  // Null: retire.
  std::string close_reason;              // For people, when desired is null.
};

// Level-based: equal desired and stored give no change. An episode ends when its cause is gone; a cause that comes
// back, or that gets more severe after a person closed the notice, is a new episode.
std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id,
                                       std::span<const DesiredNotice> desired, std::span<const NoticeRecord> stored);

// Why the cause of a notice is gone, for the people who had it before them: "a new authorization starts 2027-01-01".
std::string close_reason(NoticeKind kind, const std::string& topic, const Consolidated& subject,
                         const Allocation& allocation, const Policy& policy, Day today);

// desired_notices and plan_notices in one step, with close reasons that follow from the state.
std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id, const Consolidated& subject,
                                       const Allocation& allocation, const Policy& policy, Day today,
                                       std::span<const NoticeRecord> stored);

}  // namespace authledger
