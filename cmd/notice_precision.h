#pragma once

#include "cmd/output.h"
#include "sync/tenant_session.h"

namespace authledger {

// One row a kind of notice and one for all: how many are open, how many of the closed ones led to an action, came true,
// or were not needed, and the share of the first two. Returns an exit code. Throws DbError.
int print_notice_precision(TenantSession& session, Format format);

}  // namespace authledger
