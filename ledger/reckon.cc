#include "ledger/reckon.h"

#include <algorithm>

#include "ledger/notices.h"

namespace authledger {

Reckoning reckon(std::span<const Fact> history, const Policy& policy, Day today) {
  Reckoning reckoning;
  reckoning.subject = consolidate(current_facts(history), history, policy);
  reckoning.allocation = allocate(reckoning.subject, policy, today);
  return reckoning;
}

std::optional<Day> due_again_on(const Reckoning& reckoning, const Policy& policy, Day today) {
  std::optional<Day> day = reckoning.allocation.changes_on;
  auto notices_day = notices_change_on(reckoning.subject, reckoning.allocation, policy, today);
  if (!day || !notices_day) return day ? day : notices_day;
  return std::min(*day, *notices_day);
}

}  // namespace authledger
