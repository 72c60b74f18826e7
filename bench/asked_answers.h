#pragma once

#include <string>

#include "sync/tenant_session.h"

namespace authledger {

// Times what a page or a hook would ask of one patient, one question after the other over one warm connection, in this
// process: from the patient's id to the finished rows. Prints p50, p99 and the slowest; then the whole program for the
// same questions, start to end. `patients` are "p0" to "p<patients - 1>"; seeded.
void ask_answers(TenantSession& session, const std::string& config_file, int patients, Day today, Instant first_posted,
                 Instant last_posted);

}  // namespace authledger
