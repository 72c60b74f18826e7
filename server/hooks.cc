#include "server/hooks.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace authledger {
namespace {

constexpr std::string_view kPrefix = "/hooks/";

ServerResponse try_again() {
  ServerResponse answer = error_response(503, "not recorded; send it again");
  answer.headers["Retry-After"] = "5";
  return answer;
}

// The credentials of "Bearer <credentials>"; the scheme may be written in any case (RFC 9110, 11.1).
std::string_view bearer_of(std::string_view authorization) {
  const size_t end = std::min(authorization.find(' '), authorization.size());
  if (lower_case(authorization.substr(0, end)) != "bearer") return {};
  return trim(authorization.substr(end));
}

// Compares digests, so that the time it takes says nothing of the secret.
bool has_secret(const ServerRequest& request, const std::string& secret) {
  const auto header = request.headers.find("authorization");
  if (header == request.headers.end() || secret.empty()) return false;
  return sha256(bearer_of(header->second)) == sha256(trim(secret));
}

// The hook that a path of ours names, or null, and what stands below it.
struct Address {
  const Hook* hook = nullptr;
  std::string_view below;
};

Address address_in(const std::vector<Hook>& hooks, std::string_view path) {
  const std::string_view rest = path.substr(kPrefix.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  for (const Hook& hook : hooks) {
    if (hook.endpoint == rest.substr(0, slash)) return {&hook, rest.substr(std::min(slash + 1, rest.size()))};
  }
  return {};
}

std::optional<ServerResponse> refuse(const Hook* hook, const ServerRequest& request) {
  if (hook == nullptr) return error_response(404, "no such page");
  // FHIR R4, subscription.html, rest-hook: POST, or PUT of the resource.
  if (request.method != "POST" && request.method != "PUT") return method_refusal("POST, PUT");
  if (has_secret(request, hook->secret)) return std::nullopt;
  log_warning("hook_refused", {{"endpoint", hook->endpoint}});
  ServerResponse answer = error_response(401, "not authorized");
  answer.headers["WWW-Authenticate"] = "Bearer";
  return answer;
}

Result<Notification> notification_in(const ServerRequest& request, std::string_view below) {
  Notification by_path = notification_of_path(below);
  if (!by_path.resources.empty() || request.body.empty()) return by_path;
  JsonDocument document;
  auto body = document.parse(request.body, {kHookBodyBytesMax, JsonLimits{}.depth_max});
  if (!body) return body.error();
  return read_notification(*body);
}

// Types without a feed are of no use here; a notification that names nothing may mean any of them.
std::vector<NotifiedResource> wanted(const Hook& hook, const Notification& notification) {
  std::vector<NotifiedResource> result;
  if (notification.kind != Notification::Kind::event) return result;
  for (const NotifiedResource& resource : notification.resources) {
    const auto& types = hook.resource_types;
    if (std::find(types.begin(), types.end(), resource.type) != types.end()) result.push_back(resource);
  }
  if (notification.resources.empty()) {
    for (const std::string& type : hook.resource_types) result.push_back({type, ""});
  }
  return result;
}

void take(const Hook& hook, const ServerRequest& request, std::string_view below, WakeupRecorder& recorder,
          const HttpServer::Reply& reply) {
  auto notification = notification_in(request, below);
  if (!notification) {
    log_warning("notification_refused", {{"endpoint", hook.endpoint}, {"cause", notification.error().message}});
    return reply(error_response(400, notification.error().message));
  }
  std::vector<NotifiedResource> resources = wanted(hook, *notification);
  if (resources.empty()) return reply({200, "application/json", "{}", {}});
  const bool is_taken = recorder.record(hook.endpoint, resources, [reply](bool is_committed) {
    reply(is_committed ? ServerResponse{200, "application/json", "{}", {}} : try_again());
  });
  if (!is_taken) reply(try_again());
}

}  // namespace

void add_hook_routes(HttpServer& server, std::vector<Hook> hooks, WakeupRecorder& recorder) {
  // Shared by the two that the server keeps.
  const auto known = std::make_shared<const std::vector<Hook>>(std::move(hooks));
  server.route_below(
      std::string(kPrefix), kHookBodyBytesMax,
      [known](const ServerRequest& request) { return refuse(address_in(*known, request.path).hook, request); },
      [known, &recorder](const ServerRequest& request, const HttpServer::Reply& reply) {
        const Address address = address_in(*known, request.path);
        take(*address.hook, request, address.below, recorder, reply);
      });
}

}  // namespace authledger
