#pragma once

#include <string>

#include "adapters/channel_plan.h"
#include "adapters/render.h"
#include "fhir/client.h"
#include "ledger/store/notice_store.h"

namespace authledger {

// So many bad answers about one notice, in a row, park it: of those that say that its content is not taken, the second.
inline constexpr int kRefusalsMax = 8, kRefusalsOfContentMax = 2;

struct DeliveryContext {
  FhirClient& client;
  const EndpointConfig& endpoint;
  const Capability& capability;
  const DeliveryConfig& config;
  RenderContext render;  // With the patient's reference on the endpoint; empty = not known there.
  const Clock& clock;
  // Stores that a create is about to begin, where, and whether no search could find it, and commits; false when the
  // lease was lost.
  std::function<bool(const NoticePlace&, bool is_blind)> mark_create_begun;
  // False once the lease has ended, or may while a request is under way: a worker that stood still writes nothing over
  // what the next one wrote. FAULTS 7.
  MaySend holds_lease;
};

// Nothing of it stands in the EHR that could be kept true: what is due of it begins with a choice of the channel.
bool is_placed_anew(const StoredNotice& notice);

// What plan_channel decides about a notice by.
ChannelRequest request_of(const StoredNotice& notice, const RenderContext& render);

// Brings one notice to what is desired, by the state machine of ARCHITECTURE ("Notices"): where it stands already, or
// by the channel that plan_channel chooses. The result says what was done; the caller stores it, and writes the
// worklist. Never throws for what an endpoint does.
DeliveryResult deliver_notice(const StoredNotice& notice, DeliveryContext& context);

}  // namespace authledger
