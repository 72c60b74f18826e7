#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/notice_closing.h"
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
  count_differs = 8,
  conflict = 9,
  benefit_low = 10,
  benefit_for_patient = 11,  // Communication, to the patient. The others: Tasks.
  update_due = 12,
  submit = 13,
  letter_changed = 14
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
  std::string focus;              // "ClaimResponse/cr1": of a Task the first source that the delivering endpoint holds.
  std::string focus_source;       // The endpoint whose resource the focus is; empty: not known, so no reference.
  Role role = Role::none;         // Whose it is; none for a Flag: everybody sees it who opens the chart.
  bool is_copy = false;           // Of the same event, for a further role.
  std::string owner;              // A reference; empty: nobody is known.
  std::string owner_source;       // The endpoint whose reference the owner is; empty: the delivering one.
  int band = 0;                   // How many thresholds are reached, where it has any.
  bool only_if_open = false;      // Within the margin of a threshold: one that stands stays, none begins.
  std::optional<Quantity> limit;  // Of the line: what was approved.
  bool operator==(const DesiredNotice&) const = default;
};

// A Flag stands until this many days after its authorization ended, so that late visits and what lapsed stay visible.
inline constexpr int kFlagDaysAfterEnd = 30;
// An uncovered service should be looked into within this many days, a letter that changed as well.
inline constexpr int kUncoveredServiceDueDays = 7;
inline constexpr int kLetterChangedDueDays = 7;

// Which causes raise a notice. Lines whose authorization is not required raise none, nor do services they match.
//   utilization        one per authorization with a pended line, or with a usable one that ended at most
//                      kFlagDaysAfterEnd days ago. Severity follows its counts: 2 units low, 3 exhausted.
//   expiring           the last day is today or in a band of warnings.days_left, and no usable line of the same payer
//                      and code goes on without a gap. Due on the last day.
//   units_low          what is neither used nor booked is in a band of units_left or percent_left. Due on the last day.
//   exhausted          none are (in place of units_low). Due on the last day. Neither where another line covers the
//                      same services today, with units left and at least as long.
//   booked_beyond      booked visits after the line's end or beyond its units. Due on the day of the first.
//   uncovered_service  a rendered service without cover. Due kUncoveredServiceDueDays after it.
//   decision_overdue   from the day after the decision was due (7 calendar days, or 72 hours if expedited, after the
//                      request; WarningRule). Due on that day.
//   count_differs      the payer counts more units used than this ledger: somebody else may use them too. That it
//                      counts fewer is the usual lag of claims.
//   submit             an active order for which nobody has asked the payer in time, where a payer rule states
//                      submission_lead_business_days. Due kSubmitAfterHours after it was written, or that lead before
//                      it begins; says which parts of a request are not on file.
//   conflict           two sources state different decisions, days or quantities of an authorization that has not
//                      ended.
//   benefit_low        benefit_percent_left or less is left of a benefit of this calendar year or a lifetime. A second
//                      one, benefit_for_patient, is for the patient, where the site says that there is consent.
//   letter_changed     a letter of a usable authorization, until kFlagDaysAfterEnd after its end, is not what the
//                      ledger knew before (Letter::change): what was sent to the payer as evidence may cite the former
//                      one. One for each new content, so that a further change is another notice. Due
//                      kLetterChangedDueDays after it. Only a person, or the end, closes it.
//   update_due         the line is about to end or to run out and nothing continues it: whoever treats brings the
//                      record up to date. One for all such lines of a clinician. Due when the renewal must go out.
// Cancelled lines keep their Flag but raise no expiring, units_low or exhausted.
//
// Each goes to the first role of rules.notices for its kind, and as a copy to the others; a kind without recipients is
// not raised. Ordered by (kind, topic, copy, role).
std::vector<DesiredNotice> desired_notices(const Consolidated& subject, const Allocation& allocation,
                                           const Policy& policy, Day today);

// First day after `today` on which the passing of time alone changes the desired notices, while `allocation` stays as
// it is. The earlier of this and Allocation::changes_on is when a subject is due again.
std::optional<Day> notices_change_on(const Consolidated& subject, const Allocation& allocation, const Policy& policy,
                                     Day today);

// Of everything that an EHR is shown, so that equal notices are not written twice. focus_source says nothing more: a
// Task has a focus only where that is the delivering endpoint.
Hash desired_hash(const DesiredNotice& notice);

// Hex of the first 16 bytes of sha256(tenant, subject, topic, kind, episode), and the role of a copy: 32 digits that
// tell nothing.
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
  retired = 10,
  sent = 11,           // A message, which cannot be changed: nothing is written until it gets more severe.
  undeliverable = 12,  // Wanted, and no channel takes it.
  unconfirmed = 13     // A message that was not answered, where no search can find it: it is not sent again.
};
std::string_view word_of(NoticeState state);

// Where a notice is written.
struct NoticePlace {
  std::string channel;      // A word of config/channels.h.
  bool is_message = false;  // Sent once and never changed; one for each severity.
};

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
  Role role = Role::none;
  bool is_copy = false;
  bool has_owner = false;
  int band = 0;                        // The nearest that this episode has reached.
  std::optional<Quantity> limit = {};  // When it began.
  Instant opened_at{};
};

struct NoticeChange {
  std::string notice_key;  // See notice_key.
  int64_t episode = 1;
  std::optional<DesiredNotice> desired;  // Null: retire.
  std::string close_reason;              // For people, when desired is null.
  Resolution resolved_by = Resolution::none;
  std::optional<Instant> deliver_at = {};  // When it may be delivered; null: at once. See deliver_at.
};

// Level-based: equal desired and stored give no change. An episode ends when its cause is gone; a cause that comes
// back, or that got worse (more severe, or in a nearer band) after a person closed the notice, is a new episode.
std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id,
                                       std::span<const DesiredNotice> desired, std::span<const NoticeRecord> stored);

// desired_notices and plan_notices in one step, with close reasons that follow from the state. With `now`, what has had
// no owner for too long goes to another role; null: a queue (delivery.owner) owns what nobody else does.
std::vector<NoticeChange> plan_notices(const std::string& tenant, int64_t subject_id, const Consolidated& subject,
                                       const Allocation& allocation, const Policy& policy, Day today,
                                       std::span<const NoticeRecord> stored, std::optional<Instant> now = std::nullopt);

// When, after `now`, the first notice goes to another role because nobody owns it, once the changes are stored.
std::optional<Instant> notices_escalate_at(std::span<const NoticeChange> changes, std::span<const NoticeRecord> stored,
                                           const Rules& rules, Instant now);

}  // namespace authledger
