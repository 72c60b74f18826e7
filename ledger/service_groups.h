#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules.h"
#include "ledger/facts.h"

// Which records report one service. Internal to `consolidate`.

namespace authledger {

// By precedence: what was billed before what was charged, done, visited, booked.
enum class ServiceSource : int {
  claim = 0,
  explanation = 1,
  charge = 2,
  procedure = 3,
  other = 4,
  encounter = 5,
  appointment = 6
};

struct ServicePart {
  const Fact* fact = nullptr;
  const ServiceFact* says = nullptr;
  ServiceSource type = ServiceSource::other;
  ServiceState state = ServiceState::planned;  // As said; void where another record took its place.
  bool is_alone = true;                        // The only service fact of its resource.
};

struct ServiceGroup {
  std::vector<const ServicePart*> parts;
  // The Encounter or Appointment among the parts stands in other groups too.
  bool shares_visit = false;
};

// One part for each service fact, ordered by fact key.
std::vector<ServicePart> collect_parts(std::span<const Fact> facts);

// Parts that name each other by reference are of one visit; a visit with several procedures, charges or claim items is
// several services. What has no reference joins the service of the same day, provider and code family that has no part
// of its resource type. Two records of one type are never one service.
std::vector<ServiceGroup> group_parts(const std::vector<ServicePart>& parts, const Rules& rules);

}  // namespace authledger
