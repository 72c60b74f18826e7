#include "sandbox/subscription_sender.h"

#include "fhir/http_curl.h"
#include "sandbox/fhir_routes.h"

namespace authledger {
namespace {

constexpr int kTriesMax = 6;
constexpr std::chrono::milliseconds kFirstPause{100};

}  // namespace

SubscriptionSender::SubscriptionSender(ResourceStore& store, const Clock& clock)
    : store_(store), clock_(clock), thread_([this](std::stop_token stop) { run(stop); }) {}

SubscriptionSender::~SubscriptionSender() {
  thread_.request_stop();
  thread_.join();
}

void SubscriptionSender::changed(std::string_view type, std::string_view id) {
  {
    const std::lock_guard lock(mutex_);
    has_subscriptions_ |= type == "Subscription";
    if (!has_subscriptions_) return;
    changes_.push_back({std::string(type), std::string(id)});
  }
  wake_.notify_one();
}

void SubscriptionSender::run(std::stop_token stop) {
  HttpOptions options;
  options.request_timeout = std::chrono::seconds(10);
  auto client = open_http_client(options, stop);
  if (!client) return;
  client_ = std::move(*client);
  while (!stop.stop_requested()) {
    std::vector<Change> changes;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [this] { return !changes_.empty(); });
      changes.swap(changes_);
    }
    for (const Change& change : changes) {
      if (stop.stop_requested()) return;
      if (change.type == "Subscription") {
        refresh(change.id, stop);
        continue;
      }
      for (auto at = active_.begin(); at != active_.end();) {
        Subscription& subscription = (at++)->second;
        if (subscription.type != change.type || send(notification(subscription, change), stop)) continue;
        set_status(subscription.id, "error");
        active_.erase(std::string(subscription.id));
      }
    }
  }
}

void SubscriptionSender::refresh(const std::string& id, std::stop_token stop) {
  active_.erase(id);
  auto version = store_.current("Subscription", id);
  JsonDocument document;
  if (!version || version->deleted) return;
  auto root = document.parse(version->body);
  if (!root) return;
  const std::string_view status = (*root)["status"].text();
  if (status != "requested" && status != "active") return;
  JsonView channel = (*root)["channel"];
  Subscription subscription;
  subscription.id = id;
  subscription.endpoint = channel["endpoint"].string();
  subscription.has_payload = channel["payload"].is_string();
  for (JsonView extension : channel["_payload"]["extension"]) subscription.content = extension["valueCode"].string();
  for (JsonView header : channel["header"]) {
    const std::string_view text = header.text();
    const size_t colon = text.find(": ");
    if (colon != text.npos) subscription.headers.emplace_back(text.substr(0, colon), text.substr(colon + 2));
  }
  std::string criteria = (*root)["criteria"].string();
  if (subscription.content.empty()) criteria.resize(std::min(criteria.find('?'), criteria.size()));
  subscription.type = criteria.substr(criteria.rfind('/') + 1);
  if (status == "requested") {
    const bool is_taken =
        subscription.content.empty() ||
        send({"POST", subscription.endpoint, subscription.headers, bundle(subscription, "handshake", nullptr)}, stop);
    set_status(id, is_taken ? "active" : "error");  // Comes back here as a change.
    return;
  }
  active_[id] = std::move(subscription);
}

void SubscriptionSender::set_status(const std::string& id, std::string_view status) {
  auto version = store_.current("Subscription", id);
  JsonDocument document;
  if (!version || version->deleted) return;
  auto root = document.parse(version->body);
  if (!root) return;
  JsonWriter writer;
  writer.begin_object();
  for (JsonView member : *root) {
    writer.key(member.name());
    member.name() == "status" ? writer.string(status) : writer.value(member);
  }
  writer.end_object();
  JsonDocument changed;
  if (auto resource = changed.parse(writer.take())) {
    store_.update("Subscription", id, *resource, std::nullopt, false, clock_.now());
  }
}

HttpRequest SubscriptionSender::notification(Subscription& subscription, const Change& change) const {
  ++subscription.events;
  HttpRequest request{"POST", subscription.endpoint, subscription.headers, ""};
  if (!subscription.content.empty()) {
    request.body = bundle(subscription, "event-notification", &change);
  } else if (subscription.has_payload) {
    auto version = store_.current(change.type, change.id);
    request.url += "/" + change.type + "/" + change.id;
    request.method = version && !version->deleted ? "PUT" : "DELETE";
    if (version) request.body = version->body;
  }
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", kFhirJson);
  return request;
}

// Source: Subscriptions R5 Backport 1.1, backport-subscription-notification-r4.
std::string SubscriptionSender::bundle(const Subscription& subscription, std::string_view type,
                                       const Change* change) const {
  const bool names = change != nullptr && subscription.content != "empty";
  JsonWriter writer;
  writer.begin_object().member("resourceType", "Bundle").member("type", "history");
  writer.member("timestamp", format_instant(clock_.now())).key("entry").begin_array();
  writer.begin_object().key("resource").begin_object().member("resourceType", "Parameters").key("parameter");
  writer.begin_array().begin_object().member("name", "subscription").key("valueReference").begin_object();
  writer.member("reference", "Subscription/" + subscription.id).end_object().end_object();
  writer.begin_object().member("name", "status").member("valueCode", change ? "active" : "requested").end_object();
  writer.begin_object().member("name", "type").member("valueCode", type).end_object();
  writer.begin_object().member("name", "events-since-subscription-start");
  writer.member("valueString", std::to_string(subscription.events)).end_object();
  if (change != nullptr) {
    writer.begin_object().member("name", "notification-event").key("part").begin_array();
    writer.begin_object().member("name", "event-number");
    writer.member("valueString", std::to_string(subscription.events)).end_object();
    if (names) {
      writer.begin_object().member("name", "focus").key("valueReference").begin_object();
      writer.member("reference", change->type + "/" + change->id).end_object().end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().end_object().end_object();
  if (names && subscription.content == "full-resource") {
    auto version = store_.current(change->type, change->id);
    JsonDocument document;
    auto resource = version && !version->deleted ? document.parse(version->body) : Failure{"deleted"};
    writer.begin_object().member("fullUrl", change->type + "/" + change->id);
    if (resource) writer.key("resource").value(*resource);
    writer.end_object();
  }
  return writer.end_array().end_object().take();
}

bool SubscriptionSender::send(const HttpRequest& request, std::stop_token stop) {
  auto pause = kFirstPause;
  for (int attempt = 0; attempt < kTriesMax && !stop.stop_requested(); ++attempt, pause *= 2) {
    auto response = client_->send(request);
    if (response && response->status / 100 == 2) return true;
    if (response && response->status / 100 == 4 && response->status != 429) return false;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, pause, [] { return false; });
  }
  return false;
}

}  // namespace authledger
