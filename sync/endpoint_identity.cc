#include "sync/endpoint_identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/url.h"

namespace authledger {
namespace {

bool is_on_this_machine(const std::string& base_url) {
  const std::optional<Url> url = parse_url(base_url);
  return url && is_loopback(*url);
}

const KnownEndpoint* known_as(const std::string& name, std::span<const KnownEndpoint> known) {
  const auto found = std::ranges::find(known, name, &KnownEndpoint::source);
  return found == known.end() ? nullptr : &*found;
}

bool may_move(const KnownEndpoint& known, const EndpointConfig& endpoint) {
  return normal_base_url(endpoint.moved_from) == known.base_url ||
         (is_on_this_machine(known.base_url) && is_on_this_machine(endpoint.base_url));
}

// What stands where, whoever may move having moved. A name of which nothing was read says nothing: its URL may have
// been a slip.
std::vector<KnownEndpoint> after_moves(std::span<const EndpointConfig> endpoints,
                                       std::span<const KnownEndpoint> known) {
  std::vector<KnownEndpoint> moved(known.begin(), known.end());
  std::erase_if(moved, [](const KnownEndpoint& each) { return !each.is_read; });
  for (KnownEndpoint& each : moved) {
    const auto now = std::ranges::find(endpoints, each.source, &EndpointConfig::name);
    const bool is_server = now != endpoints.end() && !now->base_url.empty();
    if (is_server && may_move(each, *now)) each.base_url = normal_base_url(now->base_url);
  }
  return moved;
}

bool stands(const KnownEndpoint& known, std::span<const EndpointConfig> endpoints) {
  return std::ranges::any_of(endpoints, [&](const EndpointConfig& endpoint) {
    return endpoint.name == known.source && normal_base_url(endpoint.base_url) == known.base_url;
  });
}

std::string refusal_of(const EndpointConfig& endpoint, std::span<const EndpointConfig> endpoints,
                       std::span<const KnownEndpoint> known) {
  const std::string base_url = normal_base_url(endpoint.base_url);
  if (const KnownEndpoint* before = known_as(endpoint.name, known)) {
    if (before->base_url == base_url) return "";
    return fmt::format(
        "endpoint \"{0}\" stood at {1} before: if the same server has moved, write moved_from: {1} into its entry; "
        "another server needs another name, and a tenant of its own where its patients are others",
        endpoint.name, before->base_url);
  }
  for (const KnownEndpoint& other : known) {
    if (other.base_url != base_url || stands(other, endpoints)) continue;
    return fmt::format(
        "endpoint \"{0}\" was \"{1}\" before (the same base_url): name it \"{1}\" again, or all that was read would "
        "count twice",
        endpoint.name, other.source);
  }
  return "";
}

}  // namespace

std::string normal_base_url(const std::string& base_url) {
  const std::optional<Url> url = parse_url(base_url);
  std::string normal = url ? url->text() : base_url;
  while (normal.ends_with('/')) normal.pop_back();
  return normal;
}

std::string endpoint_refusal(std::span<const EndpointConfig> endpoints, std::span<const KnownEndpoint> known) {
  const std::vector<KnownEndpoint> moved = after_moves(endpoints, known);
  for (const EndpointConfig& endpoint : endpoints) {
    if (endpoint.base_url.empty()) continue;
    std::string refusal = refusal_of(endpoint, endpoints, moved);
    if (!refusal.empty()) return refusal;
  }
  return "";
}

std::string check_endpoints(TenantSession& session, Instant now) {
  const std::vector<EndpointConfig>& endpoints = session.config().endpoints;
  std::string refusal;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    const std::vector<KnownEndpoint> known = read_known_endpoints(transaction);
    refusal = endpoint_refusal(endpoints, known);
    if (!refusal.empty()) return;
    std::vector<KnownEndpoint> changed;
    for (const EndpointConfig& endpoint : endpoints) {
      if (endpoint.base_url.empty()) continue;
      const std::string base_url = normal_base_url(endpoint.base_url);
      const KnownEndpoint* before = known_as(endpoint.name, known);
      if (!before || before->base_url != base_url) changed.push_back({endpoint.name, base_url});
    }
    save_known_endpoints(transaction, changed, now);
  });
  return refusal;
}

}  // namespace authledger
