#pragma once

#include <string>

#include "cmd/session.h"

namespace authledger {

// Holds one FHIR Claim, a JSON file that was not sent yet, against what was authorized and delivered. Reads, and
// records nothing. `endpoint` names whose mappings read it; "" where the config has only one. Exit 0: every item may go
// out; 3: some would be denied.
int run_check_claim(const GlobalOptions& global, const std::string& file, const std::string& endpoint);

}  // namespace authledger
