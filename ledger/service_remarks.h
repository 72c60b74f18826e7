#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/allocate.h"

// What people should know of a service beside whether it is covered. A remark changes no balance. Pure.

namespace authledger {

enum class RemarkKind : int16_t {
  // Covered, though the authorization lists other diagnoses: the payer's rule is to warn (match_diagnosis: warn).
  dx_mismatch = 1,
  // A telehealth visit of a patient who lives in a state that the payer's rule does not name (telehealth_states).
  telehealth_out_of_state = 2,
  // Rendered without cover, and asked for after the day, or not at all though a rule says how late one may: the payer
  // may refuse it. `last_day` is the last one on which that rule (retro_window_days) accepts a request.
  retro_risk = 3,
  // Booked without any authorization or request: `last_day` is the last one on which a request leaves in time
  // (submission_lead_business_days).
  request_due = 4,
  // The visit was shorter or longer than its code says, and another code of the same ladder fits (90832 of 16 to 37
  // minutes, 90834 of 38 to 52, 90837 of 53 and more). The recorded code decides: it is not exchanged.
  minutes_mismatch = 5
};
std::string_view word_of(RemarkKind kind);

struct ServiceRemark {
  std::string service_key;
  RemarkKind kind = RemarkKind::dx_mismatch;
  std::string rule;  // The payer rule that decides, by name; "payers.P1" for one without. Empty where none states it.
  std::optional<Day> last_day;
  std::optional<int> days_left;  // To last_day; negative once it is over.
  std::string text;              // For people; no patient data but a state.
};

// Ordered by (service key, kind).
std::vector<ServiceRemark> service_remarks(const Consolidated& subject, const Allocation& allocation,
                                           const Policy& policy, Day today);

}  // namespace authledger
