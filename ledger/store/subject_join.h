#pragma once

#include "ledger/store/pg.h"

namespace authledger {

struct JoinCounts {
  int64_t joined = 0, parted = 0;  // Records whose facts moved to, or away from, those of another record.
  int64_t moved_facts = 0;
};

// A person whose records are more than these is a slip of a source (an identifier that says "unknown"): left apart.
inline constexpr size_t kRecordsPerPersonMax = 200;

// Brings records of one person into one subject, and parts what is no longer one: reads the links as they stand, moves
// facts (retracted in one subject, recorded in the other, both rows locked in id order), and makes both due. Records
// are one person when one links to the other (FHIR R4, Patient.link: replaced-by, replaces, refer, seealso), or when
// records of different sources have one identifier of a system that both are joined by. An identifier that two records
// of one source have, neither of them replaced, tells nothing: it joins nobody. Never by name.
// Works until nothing is due, in transactions of a hundred records. Safe to repeat, and beside writers of facts.
JoinCounts join_subjects(PgConnection& connection, int64_t tenant_id, Instant now);

}  // namespace authledger
