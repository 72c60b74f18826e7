#include "adapters/channel_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace authledger {
namespace {

// What may be sent as a message, or as a note, where it cannot be changed afterwards.
bool may_be_message(const std::string& type) {
  return type == "Communication" || type == "DocumentReference";
}

std::vector<std::string> missing_rights(const std::string& type, const ChannelOffer& offer) {
  std::vector<std::string> rights;
  if (!offer.create) rights.emplace_back("create");
  if (!offer.update && !may_be_message(type)) rights.emplace_back("update");
  if (!offer.search && !may_be_message(type)) rights.emplace_back("search by identifier");
  return rights;
}

// Why a notice cannot stand there, and what would help; both empty when it can.
struct Obstacle {
  std::string problem;
  std::string remedy;  // Empty where neither a right nor a setting helps.
};

// The right to notes reaches every note of every chart: whoever wants them there says so by name.
bool is_too_wide_to_ask_for(const std::string& type, const EndpointConfig& endpoint) {
  const std::vector<std::string>& types = endpoint.writes.types;
  return type == "DocumentReference" && std::find(types.begin(), types.end(), type) == types.end();
}

std::string right_remedy(const std::string& type, const ChannelOffer& offer, const EndpointConfig& endpoint) {
  if (is_too_wide_to_ask_for(type, endpoint)) return "";
  return fmt::format("ask the EHR's administrator whether this client can be given {} on {}{}",
                     join(missing_rights(type, offer), ", "), type,
                     is_out_of_scope(type, endpoint) ? fmt::format(", and name {} in delivery.channels", type) : "");
}

// What the endpoint does not let be done with this type. No right helps with one that its server does not have.
Obstacle offer_obstacle(const std::string& type, const ChannelOffer& offer, const Capability& capability,
                        const EndpointConfig& endpoint) {
  if (!capability.types.contains(type)) {
    return {fmt::format("the endpoint's CapabilityStatement does not list {}", type), ""};
  }
  const std::string remedy = right_remedy(type, offer, endpoint);
  if (!offer.create) return {fmt::format("the endpoint does not offer create on {}", type), remedy};
  if (may_be_message(type)) return {};
  if (!offer.update) {
    return {fmt::format("the endpoint does not offer update on {}: what we write there could not be kept true", type),
            remedy};
  }
  if (!offer.search) {
    return {fmt::format("the endpoint does not search {} by identifier: an unanswered create could not be found again",
                        type),
            remedy};
  }
  return {};
}

Obstacle recipient_obstacle(const std::vector<std::string>& types) {
  const std::string words = join(types, " or ");
  return {
      fmt::format("the endpoint sends a Communication to a {} only: set delivery.recipient, or an owner that is one",
                  words),
      fmt::format("set delivery.recipient to a {} at this endpoint: it is then sent there as a Communication", words)};
}

// As NoticeDelivery does it by the same offer.
std::string how_created(const ChannelOffer& offer) {
  if (offer.conditional_create) return "created once by conditional create";
  return offer.search ? "created once, and searched for by identifier before it is sent again" : "created once";
}

std::string how_kept_true(const std::string& type, const ChannelOffer& offer) {
  const std::string unanswered =
      offer.search ? "" : "; one that is not answered is not tried again, since it could not be found by identifier";
  if (!offer.update) {
    return fmt::format(
        "sent as a message, since the endpoint does not offer update on {}: one when it is a warning (severity {}), "
        "one more when it becomes urgent, none for a changed count, and none is taken back{}",
        type, kMessageSeverityMin, unanswered);
  }
  return how_created(offer) + ", then kept true by update" + unanswered;
}

class ChannelChoice {
 public:
  ChannelChoice(const ChannelRequest& request, const EndpointConfig& endpoint, const DeliveryConfig& delivery,
                const Capability& capability)
      : request_(request), endpoint_(endpoint), delivery_(delivery), capability_(capability) {}

  ChannelPlan run() {
    const std::vector<std::string> channels =
        channels_for(delivery_.channels, word_of(request_.kind), word_of(request_.role));
    for (const std::string& channel : channels) {
      const Obstacle obstacle = obstacle_of(channel);
      if (obstacle.problem.empty()) return std::move(plan_);
      if (plan_.passed_over.empty() || plan_.passed_over.back() != obstacle.problem)
        plan_.passed_over.push_back(obstacle.problem);
      if (!obstacle.remedy.empty()) plan_.remedies.push_back(obstacle.remedy);
    }
    plan_.reason = join(plan_.passed_over, "; ");
    const bool may_be_listed =
        !is_for_patient() && std::find(channels.begin(), channels.end(), kWorklist) == channels.end();
    if (may_be_listed)
      plan_.remedies.emplace_back("name worklist in delivery.channels, and set delivery.worklist_file");
    return std::move(plan_);
  }

 private:
  Obstacle obstacle_of(const std::string& channel) {
    if (channel == kWorklist) {
      if (delivery_.worklist_file.empty()) {
        return {"no worklist file is configured (delivery.worklist_file)",
                "set delivery.worklist_file: it is then written to that file after each round"};
      }
      plan_.place = {channel};
      plan_.reason = "written to the worklist file after each round, as long as it holds";
      return {};
    }
    if (!request_.is_patient_known) return {"the patient is not known on the delivering endpoint", ""};
    const ChannelOffer offer = offer_of(channel, capability_);
    Obstacle obstacle = offer_obstacle(channel, offer, capability_, endpoint_);
    if (obstacle.problem.empty() && is_out_of_scope(channel, endpoint_)) obstacle = scope_obstacle(channel);
    if (obstacle.problem.empty()) obstacle = request_obstacle(channel);
    if (!obstacle.problem.empty()) return obstacle;
    plan_.place = {channel, !offer.update};
    plan_.offer = offer;
    plan_.reason = how_kept_true(channel, offer);
    return {};
  }

  Obstacle scope_obstacle(const std::string& channel) const {
    return {fmt::format("the token is not asked for rights on {}: name it in delivery.channels", channel),
            is_too_wide_to_ask_for(channel, endpoint_) ? "" : fmt::format("name {} in delivery.channels", channel)};
  }

  // What this notice lacks for a channel that is offered.
  Obstacle request_obstacle(const std::string& channel) {
    if (!may_be_message(channel)) return {};
    const std::vector<std::string>& types = endpoint_.writes.recipient_types;
    if (channel == "Communication" && !types.empty() && request_.recipient.empty()) return recipient_obstacle(types);
    if (request_.severity >= kMessageSeverityMin || is_for_patient()) return {};
    plan_.is_information = true;
    return {fmt::format("it is information, and a {} is made for warnings", channel), ""};
  }

  bool is_for_patient() const { return request_.kind == NoticeKind::benefit_for_patient; }

  const ChannelRequest& request_;
  const EndpointConfig& endpoint_;
  const DeliveryConfig& delivery_;
  const Capability& capability_;
  ChannelPlan plan_;
};

}  // namespace

bool is_out_of_scope(const std::string& type, const EndpointConfig& endpoint) {
  const std::vector<std::string>& types = endpoint.writes.types;
  return endpoint.auth.kind == AuthKind::smart_backend && endpoint.auth.scope.empty() &&
         std::find(types.begin(), types.end(), type) == types.end();
}

ChannelOffer offer_of(const std::string& type, const Capability& capability) {
  const auto found = capability.types.find(type);
  if (found == capability.types.end()) return {};
  return {capability.can(type, "create"), capability.can(type, "update"),
          capability.can(type, "search-type") && capability.searches_by(type, "identifier"),
          found->second.conditional_create};
}

ChannelPlan plan_channel(const ChannelRequest& request, const EndpointConfig& endpoint, const DeliveryConfig& delivery,
                         const Capability& capability) {
  return ChannelChoice(request, endpoint, delivery, capability).run();
}

bool needs_endpoint(const ChannelRequest& request, const DeliveryConfig& delivery) {
  const std::vector<std::string> channels =
      channels_for(delivery.channels, word_of(request.kind), word_of(request.role));
  return delivery.worklist_file.empty() || channels.empty() || channels.front() != kWorklist;
}

Hash road_hash_of(const EndpointConfig& endpoint, const DeliveryConfig& delivery, const Capability& capability) {
  HashInput input;
  input.add(bytes_of(hash_of(capability))).add(endpoint.name).add(int64_t{is_out_of_scope("", endpoint)});
  for (const std::string& type : endpoint.writes.types) input.add(type);
  for (const std::string& type : endpoint.writes.recipient_types) input.add(type);
  input.add(delivery.owner).add(delivery.recipient).add(int64_t{delivery.worklist_file.empty()});
  for (const auto& [scope, channels] : delivery.channels.by_scope) {
    input.add(scope).add(static_cast<int64_t>(channels.size()));
    for (const std::string& channel : channels) input.add(channel);
  }
  return input.sha256();
}

}  // namespace authledger
