#include "sandbox/sandbox.h"

#include <fmt/format.h>

#include <charconv>

#include "sandbox/authorization_server.h"
#include "sandbox/fault_front.h"
#include "sandbox/rest_listener.h"
#include "sandbox/subscription_sender.h"

namespace authledger {

struct Sandbox::State {
  State(const SandboxOptions& options, std::string url, TimeZone zone)
      : base_url(std::move(url)),
        store(base_url, zone),
        authorization(options.authorization, base_url, clock),
        routes(options, base_url, zone, clock, store, faults, authorization),
        sender(store, clock) {
    store.observe([this](std::string_view type, std::string_view id) { sender.changed(type, id); });
  }

  // Later members use earlier ones, so they also end first.
  SystemClock clock;
  FaultSwitch faults;
  std::string base_url;
  ResourceStore store;
  AuthorizationServer authorization;
  FhirRoutes routes;
  SubscriptionSender sender;
  std::unique_ptr<RestListener> listener;
  std::unique_ptr<FaultFront> front;
};

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options) {
  const size_t colon = options.listen.rfind(':');
  const std::string host = options.listen.substr(0, colon);
  const std::string port_text = colon == std::string::npos ? "" : options.listen.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (port_text.empty() || error != std::errc() || end != port_text.data() + port_text.size()) {
    return Failure{fmt::format("\"{}\" is no address to listen on; write it like 127.0.0.1:8090", options.listen)};
  }
  auto zone = TimeZone::find(options.time_zone);
  if (!zone) return zone.error();
  auto listening = listen_on_loopback(host, port);
  if (!listening) return listening.error();
  const std::string base_url = fmt::format("http://{}:{}/fhir", host, local_port(*listening));
  auto state = std::make_unique<State>(options, base_url, std::move(*zone));
  auto listener =
      RestListener::start([routes = &state->routes](const SandboxRequest& request) { return routes->handle(request); });
  if (!listener) return listener.error();
  state->listener = std::move(*listener);
  state->front = std::make_unique<FaultFront>(std::move(*listening), state->listener->port(), state->faults);
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(state)));
}

std::string Sandbox::base_url() const {
  return state_->base_url;
}
Outcome Sandbox::load(const std::string& json_or_ndjson) {
  return state_->routes.load(json_or_ndjson);
}
Outcome Sandbox::put(const std::string& json) {
  return state_->routes.put(json);
}
Outcome Sandbox::edit(const std::string& json) {
  return state_->routes.edit(json);
}
void Sandbox::set_faults(const SandboxFaults& faults) {
  state_->faults.set(faults);
}
void Sandbox::set_authorization(const SandboxAuthorization& authorization) {
  state_->authorization.set(authorization);
}
void Sandbox::revoke_tokens() {
  state_->authorization.revoke_all();
}
int64_t Sandbox::tokens_issued() const {
  return state_->authorization.issued();
}
int64_t Sandbox::requests() const {
  return state_->front->requests();
}
int64_t Sandbox::writes() const {
  return state_->routes.writes();
}
std::vector<std::string> Sandbox::request_log() const {
  return state_->front->request_log();
}

std::optional<std::string> Sandbox::resource(const std::string& type, const std::string& id) const {
  auto version = state_->store.current(type, id);
  if (!version || version->deleted) return std::nullopt;
  return std::move(version->body);
}

std::vector<std::string> Sandbox::resources(const std::string& type) const {
  return state_->store.bodies(type);
}

void Sandbox::forget(const std::string& type, const std::string& id) {
  state_->store.forget(type, id);
}

Outcome Sandbox::remove(const std::string& type, const std::string& id) {
  const WriteResult result = state_->store.remove(type, id, state_->routes.now());
  if (result.status == WriteStatus::missing) return Failure{"no such resource"};
  return Done{};
}

}  // namespace authledger
