#include "fhir/subscription.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"

namespace authledger {
namespace {

constexpr std::string_view kBackport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";

bool is_type_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() >= 'A' && text.front() <= 'Z' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

// FHIR R4, datatype id.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.';
  });
}

// "Encounter/1", absolute or with a version behind it.
NotifiedResource resource_of_reference(std::string_view reference) {
  std::vector<std::string> parts = split(reference, '/');
  for (size_t i = 0; i + 2 < parts.size(); ++i) {
    if (parts[i + 2] == "_history") parts.resize(i + 2);
  }
  if (parts.size() < 2) return {};
  const std::string& type = parts[parts.size() - 2];
  const std::string& id = parts.back();
  return is_type_name(type) && is_id(id) ? NotifiedResource{type, id} : NotifiedResource{};
}

class NotificationReader {
 public:
  Notification read_bundle(JsonView bundle, JsonView status) {
    read_status(status);
    if (notification_.kind != Notification::Kind::event) {
      notification_.resources.clear();
      return std::move(notification_);
    }
    bool is_status = true;
    for (JsonView entry : bundle["entry"]) {
      if (!is_status) read_entry(entry);
      is_status = false;
    }
    return std::move(notification_);
  }

 private:
  void add(NotifiedResource resource) {
    if (resource.type.empty() || notification_.resources.size() >= kNotifiedResourcesMax) return;
    if (!seen_.insert(resource.type + "/" + resource.id).second) return;
    notification_.resources.push_back(std::move(resource));
  }

  void set_type(std::string_view code) {
    if (code == "handshake") notification_.kind = Notification::Kind::handshake;
    if (code == "heartbeat" || code == "query-status") notification_.kind = Notification::Kind::heartbeat;
  }

  void read_status(JsonView status) {
    set_type(status["type"].text());
    for (JsonView event : status["notificationEvent"]) add(resource_of_reference(event["focus"]["reference"].text()));
    for (JsonView parameter : status["parameter"]) {
      if (parameter["name"].text() == "type") set_type(parameter["valueCode"].text());
      if (parameter["name"].text() != "notification-event") continue;
      for (JsonView part : parameter["part"]) {
        if (part["name"].text() == "focus") add(resource_of_reference(part["valueReference"]["reference"].text()));
      }
    }
  }

  void read_entry(JsonView entry) {
    JsonView resource = entry["resource"];
    if (is_type_name(resource["resourceType"].text())) {
      add({resource["resourceType"].string(), is_id(resource["id"].text()) ? resource["id"].string() : ""});
    } else {
      add(resource_of_reference(entry["fullUrl"].text()));
      add(resource_of_reference(entry["request"]["url"].text()));
    }
  }

  Notification notification_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

Result<Notification> read_notification(JsonView body) {
  const std::string_view type = body["resourceType"].text();
  if (!is_type_name(type)) return Failure{"a notification is a Bundle or a resource; this is neither"};
  if (type != "Bundle") {
    Notification notification;
    notification.resources.push_back({std::string(type), is_id(body["id"].text()) ? body["id"].string() : ""});
    return notification;
  }
  JsonView status = body["entry"].at(0)["resource"];
  const std::string_view status_type = status["resourceType"].text();
  if (status_type != "SubscriptionStatus" && status_type != "Parameters") {
    return Failure{"the first entry of a notification Bundle must be its status (SubscriptionStatus or Parameters)"};
  }
  return NotificationReader().read_bundle(body, status);
}

Notification notification_of_path(std::string_view path) {
  Notification notification;
  NotifiedResource resource = resource_of_reference(path);
  if (resource.type.empty() && is_type_name(path)) resource.type = std::string(path);
  if (!resource.type.empty()) notification.resources.push_back(std::move(resource));
  return notification;
}

std::string render_subscription(const SubscriptionRequest& request) {
  const bool is_backport = !request.topic.empty();
  JsonWriter writer;
  writer.begin_object().member("resourceType", "Subscription");
  if (is_backport) {
    writer.key("meta").begin_object().key("profile").begin_array();
    writer.string(std::string(kBackport) + "backport-subscription").end_array().end_object();
  }
  writer.member("status", "requested").member("reason", "authledger: tells that something changed");
  writer.member("criteria", is_backport ? request.topic : request.resource_type + "?");
  writer.key("channel").begin_object().member("type", "rest-hook").member("endpoint", request.hook_url);
  if (is_backport && request.content != NotificationContent::empty) {
    writer.member("payload", "application/fhir+json");
  }
  if (is_backport) {
    writer.key("_payload").begin_object().key("extension").begin_array().begin_object();
    writer.member("url", std::string(kBackport) + "backport-payload-content");
    writer.member("valueCode", request.content == NotificationContent::empty     ? "empty"
                               : request.content == NotificationContent::id_only ? "id-only"
                                                                                 : "full-resource");
    writer.end_object().end_array().end_object();
  } else if (request.content == NotificationContent::full_resource) {
    // R4 knows all or nothing: with a payload it sends the whole resource, to <endpoint>/<type>/<id>.
    writer.member("payload", "application/fhir+json");
  }
  if (!request.secret.empty()) {
    writer.key("header").begin_array().string("Authorization: Bearer " + request.secret).end_array();
  }
  return writer.end_object().end_object().take();
}

}  // namespace authledger
