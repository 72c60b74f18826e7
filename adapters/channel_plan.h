#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "fhir/capability.h"
#include "ledger/notices.h"

// By which channel a notice goes to people, and why by no better one: decided here for deliveries and for `probe`.
// Pure: from the CapabilityStatement, the preset and the config. Source: FHIR_FACTS c and e; ARCHITECTURE, "Notices".

namespace authledger {

// A Communication or a DocumentReference is made for a warning, not for information: those are read one by one.
inline constexpr int kMessageSeverityMin = 2;

struct ChannelRequest {
  NoticeKind kind = NoticeKind::utilization;
  Role role = Role::none;
  int severity = kMessageSeverityMin;
  std::string recipient = {};    // What recipient_of gives; empty: nobody.
  bool is_patient_known = true;  // On the delivering endpoint.
};

// What an endpoint lets do with one resource type.
struct ChannelOffer {
  bool create = false, update = false;
  bool search = false;  // By identifier: an unanswered create is looked for before it is sent again; else it is not.
  bool conditional_create = false;  // Each create is sent as one.
};
// The token's scopes are ours to name, and do not hold the type.
bool is_out_of_scope(const std::string& type, const EndpointConfig& endpoint);
ChannelOffer offer_of(const std::string& type, const Capability& capability);

struct ChannelPlan {
  NoticePlace place;  // Channel empty: there is none.
  ChannelOffer offer;
  std::string reason;                    // How it is kept true; without a channel, why there is none.
  std::vector<std::string> passed_over;  // A sentence for each better channel of the order.
  std::vector<std::string> remedies;     // What would open a better channel, best first: a right, or a setting.
  bool is_information = false;           // No channel, because there are only messages and it is no warning.
};
ChannelPlan plan_channel(const ChannelRequest& request, const EndpointConfig& endpoint, const DeliveryConfig& delivery,
                         const Capability& capability);
// False where it goes to the worklist, whatever the endpoint offers.
bool needs_endpoint(const ChannelRequest& request, const DeliveryConfig& delivery);

// Of all that plan_channel looks at beside the request.
Hash road_hash_of(const EndpointConfig& endpoint, const DeliveryConfig& delivery, const Capability& capability);

}  // namespace authledger
