#pragma once

#include <cstdint>
#include <string>

namespace authledger {

// Resources for mapping, one text each: 40 % ClaimResponse in PAS style of about 4 KB, 20 % each Coverage,
// ServiceRequest and Encounter. Deterministic in (index, seed), so that a stream of any length needs no memory.
std::string mapping_resource(int64_t index, unsigned seed);

}  // namespace authledger
