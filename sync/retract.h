#pragma once

#include <string>

#include "sync/round.h"

namespace authledger {

struct RetractSummary {
  RoundSummary round;
  int64_t kept = 0;  // Written by the version, and wanted as it stands by the rules that decide now.
  int64_t left = 0;  // Still to be taken back: the EHR could not be reached, or the run was stopped.
};

// Takes back what a rule version wrote: marks it as retracted, reconciles every subject by the rules that were active
// before it, and delivers what follows for the notices that it wrote (retired, or restored), past the blast-radius
// limits, since a person asked for it. Everything is state: killed anywhere, the same call or the next rounds go on.
// What a person did in the EHR stays. Throws DbError.
RetractSummary retract_rules(RoundContext& context, int64_t rule_version, const std::string& role,
                             const std::string& reason);

}  // namespace authledger
