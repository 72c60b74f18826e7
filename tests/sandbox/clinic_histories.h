#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/facts.h"

namespace authledger {

// What the sample clinic of `today` says of each patient, mapped as an endpoint's resources are.
std::map<std::string, std::vector<Fact>> clinic_histories(Day today);

}  // namespace authledger
