#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"
#include "tests/ledger/dice.h"

namespace authledger {

// One thing that goes wrong for a while, by its number in the list of faults.
struct RotatingFault {
  int number = 0;
  const char* words;
  // What the sandbox does; `elsewhere` is the base URL of a foreign server.
  std::function<SandboxFaults(Dice& dice, const std::string& elsewhere)> faults;
};

// Every fault of the network, of paging and of EHRs that the sandbox can play while it runs. The others are options of
// a server that does nothing else (26), or are played by the clinic's people (25, 33, 34 but for a 404 that passes) and
// by who stops and starts the process (1, 14, 61).
const std::vector<RotatingFault>& rotating_faults();

// Of the export with which the first load begins. FAULTS 31.
SandboxFaults export_faults();

}  // namespace authledger
