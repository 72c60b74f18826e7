#pragma once

#include <string>

#include "adapters/render.h"
#include "fhir/client.h"
#include "ledger/store/notice_store.h"

namespace authledger {

inline constexpr int kDeliveryAttemptsMax = 8;

struct DeliveryContext {
  FhirClient& client;
  const Capability& capability;
  const DeliveryConfig& config;
  RenderContext render;  // With the patient's reference on the endpoint; empty = not known there.
  Instant now{};
  // Stores that a create is about to begin, and commits; false when the lease was lost.
  std::function<bool()> mark_create_begun;
  // False once the lease has ended: a worker that stood still writes nothing over what the next one wrote. FAULTS 7.
  std::function<bool()> holds_lease;
};

// Brings one notice in the EHR to what is desired, by the state machine of ARCHITECTURE ("Notices"). The result says
// what was done; the caller stores it. Never throws for what an endpoint does.
DeliveryResult deliver_notice(const StoredNotice& notice, DeliveryContext& context);

}  // namespace authledger
