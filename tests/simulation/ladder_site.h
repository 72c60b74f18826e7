#pragma once

#include <string>

#include "tests/simulation/fault_site.h"

// What the tests of the ladder share: an EHR that takes less and less, and a patient with a warning.

namespace authledger {

// Words of SandboxFaults::withheld.
inline const std::string kNoFlagNoTask = "Flag:create Task:create";
inline const std::string kMessagesOnly = kNoFlagNoTask + " Communication:update";
// Oracle Health's shape: messages that cannot be searched for, changed or taken back, and that need a recipient.
inline const std::string kUnsearched = kMessagesOnly + " Communication:identifier";
inline const std::string kDocumentsOnly = kNoFlagNoTask + " Communication:create";
inline const std::string kNothing = kDocumentsOnly + " DocumentReference:create";

inline const std::string kWithWorklist = "delivery: {visibility_window: 1s, lease: 10s, worklist_file: worklist.csv}\n";
inline const std::string kOneSecond = "    timeouts: {connect: 1s, request: 1s}\n";

// From now on the EHR withholds this, and has these faults besides.
void withhold(Site& site, const std::string& words, SandboxFaults faults = {});

// A patient with 4 units, one of them used: the counts are a warning, and few units are left. In an EHR that withholds
// the words and has the faults.
void load_warning(Site& site, const std::string& words, const SandboxFaults& faults = {});

std::string worklist(Site& site);

// One column of the row of `notices` of a kind.
std::string state_of_kind(Site& site, const std::string& kind, const std::string& column = "state");

void add_visit(Site& site, const std::string& id, const std::string& day);
void free_all_units(Site& site);

}  // namespace authledger
