#pragma once

#include <string>

#include "ledger/evidence.h"
#include "ledger/store/subject_store.h"
#include "sync/answers.h"

namespace authledger {

// The subjects that an authorization or a service can be of, those of `patient` only when it is not empty.
std::vector<SubjectName> subjects_naming(TenantSession& session, const std::string& name, const std::string& patient);

struct EvidenceQuestion {
  std::string asked;
  Day on;
  Instant as_known_at{};
};
// Everything that answers the question for one subject, as it was known. Nullopt where nothing was posted by then.
// Throws DbError.
std::optional<Evidence> gather_evidence(TenantSession& session, KnownPolicies& policies, int64_t subject_id,
                                        const EvidenceQuestion& question);

}  // namespace authledger
