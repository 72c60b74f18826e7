#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ledger/store/fact_store.h"
#include "ledger/store/subject_alias.h"

// Which records are one person. Pure. Inside of ledger/store only.

namespace authledger {

struct PatientRecord {
  std::vector<SubjectLink> links;
  std::optional<int64_t> home;    // The subject of its alias; none while nothing is known of it but its name.
  std::optional<int64_t> joined;  // Where its facts stand, when that is not its home.
};

using PatientRecords = std::map<Alias, PatientRecord>;

// Whether an identifier that these records have tells persons apart: two records in use of one source say no.
bool tells_persons_apart(const std::set<std::pair<Alias, bool>>& sharers);  // Record, is it replaced.

// Of every home whose place changes: where the facts of its records should stand (null: at home). `records` holds
// whole persons as they stand now and as they should.
std::map<int64_t, std::optional<int64_t>> plan_joins(const PatientRecords& records);

}  // namespace authledger
