#pragma once

#include <map>
#include <optional>
#include <string>

#include "fhir/probe.h"
#include "sync/tenant_session.h"

// What rounds found out of an endpoint and go by, beside what a probe finds.

namespace authledger {

// Of one feed: what stands in the ledger of its server's honesty about _lastUpdated (FAULTS 26).
struct StoredFinding {
  bool honours_last_updated = false;
  std::optional<Instant> tested_at;
  bool is_replaced = false;  // By the probe, which found otherwise.
};
using StoredFindings = std::map<std::string, StoredFinding>;  // By resource type.

// Nothing when there is no database yet: a probe comes before the first round, and leaves none behind. Errors: as of
// TenantSession::open.
Result<std::unique_ptr<TenantSession>> open_stored_findings(const Config& config);

// What was found of the server as it declares itself now. A finding that the probe contradicts is replaced; where the
// probe tested nothing, what is stored is added to `findings`, so that the plan is the one that rounds go by. Throws
// DbError.
StoredFindings compare_with_stored(TenantSession& session, const EndpointConfig& endpoint, const Capability& capability,
                                   Instant now, ProbeFindings& findings);

// "a round found on 2026-11-30T08:00:00Z that …", or "" where it says nothing but what was to be expected.
std::string stored_text(const StoredFinding& stored);

}  // namespace authledger
