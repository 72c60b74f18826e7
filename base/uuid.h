#pragma once

#include <string>

#include "base/crypto.h"

namespace authledger {

// Laid out as a name-based UUID (RFC 9562, 5.5) of a better hash than SHA-1; the same for the same hash.
std::string name_based_uuid(const Hash& hash);

}  // namespace authledger
