#include <fmt/format.h>

#include "adapters/render.h"

namespace authledger {

ChannelPlan plan_channel(NoticeKind kind, const Capability& capability) {
  const std::string type = resource_type_of(kind);
  ChannelPlan plan;
  const auto found = capability.types.find(type);
  if (found == capability.types.end()) {
    plan.reason = fmt::format("the endpoint's CapabilityStatement does not list {}", type);
    return plan;
  }
  plan.conditional_create = found->second.conditional_create;
  if (!capability.can(type, "create")) {
    plan.reason = fmt::format("the endpoint does not offer create on {}", type);
  } else if (!capability.can(type, "update")) {
    plan.reason =
        fmt::format("the endpoint does not offer update on {}: what we write there could not be kept true", type);
  } else if (!capability.can(type, "search-type") || !capability.searches_by(type, "identifier")) {
    plan.reason = fmt::format(
        "the endpoint does not search {} by identifier: an unanswered create could not be found "
        "again",
        type);
  } else {
    plan.can_deliver = true;
  }
  return plan;
}

}  // namespace authledger
