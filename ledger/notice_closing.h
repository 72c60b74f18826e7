#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/allocate.h"

// Why a notice ends, in a word that is stored and a sentence for people, and whether it was worth its while. Pure.

namespace authledger {

enum class NoticeKind : int16_t;
struct NoticeRecord;

// Stored as the word.
enum class Resolution : int16_t {
  none = 0,
  // Somebody acted.
  renewed = 1,    // Another authorization continues it.
  extended = 2,   // Its own days or units are more now.
  covered = 3,    // The visit is covered.
  rebooked = 4,   // No visit is booked beyond it any more.
  agreed = 5,     // The sources, or the payer's count and ours, agree.
  submitted = 6,  // The payer was asked.
  // It came to pass.
  ended = 10,  // The authorization ended and nothing continues it.
  used_up = 11,
  took_place = 12,  // A visit booked beyond it was held.
  decided = 13,     // The payer decided, late.
  worse = 14,       // A more urgent notice, or one of a nearer threshold, takes its place.
  // It told what was not so in the end.
  lapsed = 20,       // The authorization ended with units left.
  units_freed = 21,  // Visits were taken back or cancelled.
  withdrawn = 22,    // The authorization, the request or the visit does not stand any more.
  not_required = 23,
  period_over = 24,    // A benefit's year ended before its limit was reached.
  told_nobody = 25,    // The rules tell nobody of it now.
  told_elsewhere = 26  // Another notice tells of it.
};
std::string_view word_of(Resolution resolution);
std::optional<Resolution> resolution_from(std::string_view word);

struct Closing {
  Resolution resolution = Resolution::none;
  std::string reason;  // "a new authorization starts 2027-01-01"
};
// For a notice whose cause is gone.
Closing closing_of(const NoticeRecord& record, const Consolidated& subject, const Allocation& allocation,
                   const Policy& policy, Day today);
// Without the state at hand: what holds whatever it is.
std::string general_close_reason(NoticeKind kind);

// What a closed notice was in the end. The precision of notices is the share of `acted` and `came_true`.
enum class NoticeOutcome : int16_t { acted = 1, came_true = 2, unneeded = 3 };
std::string_view word_of(NoticeOutcome outcome);
// `person_status` is the status in which a person closed it in the EHR, "" where none did. A Task that was completed
// was acted on, one that was refused or called an error was not needed; else the resolution says.
std::optional<NoticeOutcome> outcome_of(Resolution resolution, std::string_view person_status);

}  // namespace authledger
