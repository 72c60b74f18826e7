#pragma once

#include <cstdint>
#include <string>

namespace authledger {

// A synthetic clinic as one NDJSON file: for each patient a Patient, a Coverage, a PAS request Claim, its
// ClaimResponse, ten Encounters and two Appointments. Deterministic in (patients, seed); no fixture is copied.
// Returns how many resources were written.
int64_t write_workload(const std::string& file, int patients, unsigned seed);

}  // namespace authledger
