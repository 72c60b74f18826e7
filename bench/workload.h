#pragma once

#include <cstdint>
#include <string>

namespace authledger {

struct WorkloadShape {
  int encounters = 10;    // Of each patient.
  int units_min = 8;      // Approved; up to seven more.
  int ends_early_in = 0;  // One in so many authorizations ends on `early_end` and not with the year; 0: none.
  std::string early_end;
  std::string year_end = "2026-12-31";
};

// A synthetic clinic as one NDJSON file: for each of the patients from `first_patient` on a Patient, a Coverage, a PAS
// request Claim, its ClaimResponse, its Encounters and two Appointments. Deterministic in its arguments; no fixture is
// copied. Returns how many resources were written.
int64_t write_workload(const std::string& file, int patients, unsigned seed, const WorkloadShape& shape = {},
                       int first_patient = 0);

}  // namespace authledger
