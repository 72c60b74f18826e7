#pragma once

#include <string>

namespace authledger {

// "AMD EPYC, 2 cores": figures mean something beside the machine they come from only.
std::string bench_machine();

}  // namespace authledger
