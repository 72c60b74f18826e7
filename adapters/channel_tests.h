#pragma once

#include <string>
#include <vector>

#include "adapters/capability_plan.h"

namespace authledger {

// What a probe tests of the channels that the plan takes, one test for each resource type. With a `write_patient` (an
// id) each holds a notice that says it is a test, as a delivery would create it there; whoever treats is not written
// to. `word` is of this probe alone: it makes the identifiers. Pure.
std::vector<ChannelTest> channel_tests(const PlanInput& input, const std::string& write_patient,
                                       const std::string& word, Instant now);

}  // namespace authledger
