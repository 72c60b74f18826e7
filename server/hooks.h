#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/http_server.h"
#include "sync/wakeups.h"

namespace authledger {

// Where the notifications of one endpoint's Subscriptions arrive: /hooks/<endpoint>, and below it.
struct Hook {
  std::string endpoint;
  std::string secret;                       // Expected as "Authorization: Bearer <secret>".
  std::vector<std::string> resource_types;  // That a feed reads; notifications of others are answered and dropped.
};

inline constexpr size_t kHookBodyBytesMax = size_t{8} << 20;

// Answers 200 once the wake-up is committed, from the recorder's thread; 400 for what is no notification, 503 when it
// could not be recorded (the EHR sends it again). Before the body is read: 404 for an endpoint without hook, 405 for
// anything but POST and PUT, 401 for a wrong secret.
// What a notification holds is not kept: the round reads the resource itself. `recorder` must outlive the server.
void add_hook_routes(HttpServer& server, std::vector<Hook> hooks, WakeupRecorder& recorder);

}  // namespace authledger
