#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

// Notifications of FHIR Subscriptions with a rest-hook channel, and the Subscription that asks for them. Pure.
// Sources: FHIR R4, subscription.html; Subscriptions R5 Backport 1.1 (notifications.html, payloads.html), whose
// SubscriptionStatus is a Parameters resource in R4 and a resource of that name in R4B and R5.

namespace authledger {

// What a notification names. `id` is empty when only the type is known.
struct NotifiedResource {
  std::string type, id;
  bool operator==(const NotifiedResource&) const = default;
};

struct Notification {
  // handshake and heartbeat name nothing; event and query_event name resources, or none when the content is empty.
  enum class Kind { handshake, heartbeat, event };
  Kind kind = Kind::event;
  std::vector<NotifiedResource> resources;  // Without repetition, in the order of the notification.
};

inline constexpr size_t kNotifiedResourcesMax = 10'000;

// A notification's body: a Bundle of type history or subscription-notification whose first entry is its status, or
// (R4) the resource that changed. Full resources are read for their type and id only.
// Errors: not a notification; the message holds no content.
Result<Notification> read_notification(JsonView body);

// The R4 rest-hook that sends the resource to "<endpoint>/Encounter/1", or nothing at all: what the path names.
// `path` is what follows the hook's own path. No resources when it is empty.
Notification notification_of_path(std::string_view path);

// How much an EHR sends. We ask for ids: the resource itself is read from the EHR, with our own rights.
enum class NotificationContent { empty, id_only, full_resource };

struct SubscriptionRequest {
  std::string resource_type;
  std::string topic;  // Canonical URL of a SubscriptionTopic; empty = R4's own criteria.
  std::string hook_url;
  std::string secret;  // Sent back to us as "Authorization: Bearer <secret>".
  NotificationContent content = NotificationContent::id_only;
};

// The Subscription to create at the EHR, as JSON.
std::string render_subscription(const SubscriptionRequest& request);

}  // namespace authledger
