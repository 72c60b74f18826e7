#pragma once

#include <cstdint>
#include <string>

#include "base/day.h"
#include "base/result.h"
#include "config/rules.h"

namespace authledger {

// What decides, beside facts and the day. One version is one body for ever: a changed body is a new version.
struct Policy {
  int64_t version = 0;  // policy.policy_version in the database.
  Rules rules;
  TimeZone zone;  // rules.time_zone, resolved.
  // The endpoint that notices are written to: Tasks point at its resources alone. No part of the body, the same for
  // every version, and of no account for what is posted. Empty: none is known.
  std::string delivering_endpoint = {};
};

// Errors: the rules name an unknown time zone.
Result<Policy> make_policy(int64_t version, Rules rules);

// Raised when allocate or consolidate would give another result for the same input: entries of other versions are
// verified by hash instead of being replayed.
inline constexpr int kAllocatorVersion = 5;

}  // namespace authledger
