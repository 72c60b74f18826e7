#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "fhir/http.h"
#include "sandbox/resource_store.h"

namespace authledger {

// The sandbox's side of Subscriptions with a rest-hook: activates those that are requested, and notifies their
// endpoints of every change, in order, from a thread of its own. Criteria are "Encounter?" (R4: an empty POST, or the
// resource by PUT when it asks for a payload) or a topic whose URL ends in the type (R5 Backport: a handshake, then
// Bundles). What an endpoint does not take is sent again a few times; then the Subscription is in error.
class SubscriptionSender {
 public:
  SubscriptionSender(ResourceStore& store, const Clock& clock);
  ~SubscriptionSender();

  void changed(std::string_view type, std::string_view id);  // Thread-safe; never waits.

 private:
  struct Change {
    std::string type, id;
  };
  struct Subscription {
    std::string id, type, endpoint, content;  // content: "", or empty, id-only, full-resource of the backport.
    bool has_payload = false;
    std::vector<std::pair<std::string, std::string>> headers;
    int64_t events = 0;
  };

  void run(std::stop_token stop);
  void refresh(const std::string& id, std::stop_token stop);
  void set_status(const std::string& id, std::string_view status);
  HttpRequest notification(Subscription& subscription, const Change& change) const;
  std::string bundle(const Subscription& subscription, std::string_view type, const Change* change) const;
  bool send(const HttpRequest& request, std::stop_token stop);

  ResourceStore& store_;
  const Clock& clock_;
  std::unique_ptr<HttpClient> client_;
  std::map<std::string, Subscription> active_;  // Of the thread alone.
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Change> changes_;
  bool has_subscriptions_ = false;
  std::jthread thread_;  // Last: it uses what stands above.
};

}  // namespace authledger
