#pragma once

#include <string>
#include <vector>

#include "ledger/store/fact_store.h"
#include "ledger/store/quarantine_store.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/tenant_store.h"

// Fictional resources for the tests of the store.

namespace authledger {

inline constexpr char kSource[] = "ehr";
inline constexpr char kMappingVersion[] = "m1";

// 2026-03-01T00:00:00Z and so many seconds.
Instant at_second(int64_t seconds);

Fact service_fact(const std::string& id, const std::string& patient, const std::string& code, Day day,
                  const std::string& line = "1");
// An Encounter with one service; `version` 0 is a source without versions.
MappedResource encounter(const std::string& id, const std::string& patient, int64_t version,
                         const std::string& code = "90837");
MappedResource with_facts(const std::string& type, const std::string& id, const std::string& patient, int64_t version,
                          std::vector<Fact> facts);

int64_t make_tenant(PgConnection& connection, const std::string& name = "clinic");
RecordCounts record(PgConnection& connection, int64_t tenant_id, const std::vector<MappedResource>& resources,
                    Instant recorded_at = at_second(0));
// All versions of the one subject that the patient names; empty when there is none.
std::vector<Fact> facts_of(PgConnection& connection, int64_t tenant_id, const std::string& patient);
std::vector<Fact> current_of(PgConnection& connection, int64_t tenant_id, const std::string& patient);
int64_t subject_of(PgConnection& connection, int64_t tenant_id, const std::string& patient);

}  // namespace authledger
