#include "ledger/policy.h"

namespace authledger {

Result<Policy> make_policy(int64_t version, Rules rules) {
  Result<TimeZone> zone = TimeZone::find(rules.time_zone);
  if (!zone) return zone.error();
  return Policy{version, std::move(rules), *std::move(zone)};
}

}  // namespace authledger
