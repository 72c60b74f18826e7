#pragma once

#include <string>
#include <vector>

#include "ledger/reckon.h"
#include "ledger/rollout.h"

// What other rules would change for one subject, on the facts as they stand. Pure.

namespace authledger {

// Notices, and how well the subject's care is authorized.
struct RuleStanding {
  std::vector<DesiredNotice> notices;
  int64_t gap_days = 0;  // See gap_days.
  int64_t uncovered_services = 0;
  Quantity uncovered_units;  // Of rendered services, whatever their measure.
};

// An authorization line or a service that is another under the other rules; "" where it is none.
struct RuleEffect {
  std::string key;  // "AUTH-1/1", or the service's.
  std::string before, after;
};

struct RuleEffects {
  RuleStanding before, after;
  std::vector<NoticeDifference> notices;
  std::vector<RuleEffect> lines, services;
};

RuleEffects compare_rules(std::span<const Fact> history, const Policy& before, const Policy& after, Day today);

}  // namespace authledger
