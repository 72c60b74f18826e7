#pragma once

#include <string>

#include "adapters/mapping.h"

namespace authledger {

// One JSON line of everything that a fact says: golden files and tables hold it. Empty fields are left out.
std::string fact_text(const Fact& fact);

}  // namespace authledger
