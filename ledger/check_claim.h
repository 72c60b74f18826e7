#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/allocate.h"

// Whether a claim agrees with what was authorized and delivered, before it is sent. Pure.

namespace authledger {

// One thing that a payer would deny the item for, and what to do about it. `code` is the word of an uncovered reason
// ("expired", "dx_mismatch", …), or one that only a claim can have: number_missing, number_unknown, number_superseded,
// day_mismatch, not_delivered, billed_twice, billed_gt_delivered.
struct ClaimMismatch {
  std::string code, fix;
};

struct ClaimItemAnswer {
  std::string item;  // "Claim/c1#2"
  std::string code;  // Its first service code.
  Day day;
  Measure measure = Measure::unknown;
  Quantity authorized, delivered, billed;  // In `measure`.
  std::string authorization_number;        // The one to cite: that which covers it, else the one that comes nearest.
  std::vector<std::string> delivered_by;   // "ehr:Encounter/e1": the records of the visit.
  std::vector<ClaimMismatch> mismatches;   // Empty: the item may go out.
};

// `claim` are the service facts that a mapping made of one Claim; `history` are all versions of the subject's facts. An
// earlier version of the same claim in `history` does not count. Ordered as `claim`.
std::vector<ClaimItemAnswer> check_claim(std::span<const Fact> history, std::span<const Fact> claim,
                                         const Policy& policy, Day today);

}  // namespace authledger
