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

// "" when the endpoint lets notices stand as this type.
std::string offer_problem(const std::string& type, const ChannelOffer& offer, const Capability& capability) {
  if (!capability.types.contains(type)) {
    return fmt::format("the endpoint's CapabilityStatement does not list {}", type);
  }
  if (!offer.create) return fmt::format("the endpoint does not offer create on {}", type);
  if (may_be_message(type)) return "";
  if (!offer.update) {
    return fmt::format("the endpoint does not offer update on {}: what we write there could not be kept true", type);
  }
  if (!offer.search) {
    return fmt::format("the endpoint does not search {} by identifier: an unanswered create could not be found again",
                       type);
  }
  return "";
}

std::string recipient_problem(const std::vector<std::string>& types) {
  return fmt::format("the endpoint sends a Communication to a {} only: set delivery.recipient, or an owner that is one",
                     join(types, " or "));
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
        "sent as a message, since the endpoint does not offer update on {}: one when it is a warning, one more when it "
        "becomes urgent, none for a changed count, and none is taken back{}",
        type, unanswered);
  }
  const std::string text = how_created(offer) + ", then kept true by update" + unanswered;
  return may_be_message(type) ? text + "; made for warnings, not for information" : text;
}

class ChannelChoice {
 public:
  ChannelChoice(const ChannelRequest& request, const EndpointConfig& endpoint, const DeliveryConfig& delivery,
                const Capability& capability)
      : request_(request), endpoint_(endpoint), delivery_(delivery), capability_(capability) {}

  ChannelPlan run() {
    for (const std::string& channel :
         channels_for(delivery_.channels, word_of(request_.kind), word_of(request_.role))) {
      const std::string problem = problem_of(channel);
      if (problem.empty()) return std::move(plan_);
      if (plan_.passed_over.empty() || plan_.passed_over.back() != problem) plan_.passed_over.push_back(problem);
    }
    plan_.reason = join(plan_.passed_over, "; ");
    return std::move(plan_);
  }

 private:
  std::string problem_of(const std::string& channel) {
    if (channel == kWorklist) {
      if (delivery_.worklist_file.empty()) return "no worklist file is configured (delivery.worklist_file)";
      plan_.place = {channel};
      plan_.reason = "written to the worklist file after each round, as long as it holds";
      return "";
    }
    if (!request_.is_patient_known) return "the patient is not known on the delivering endpoint";
    const ChannelOffer offer = offer_of(channel, capability_);
    std::string problem = offer_problem(channel, offer, capability_);
    if (plan_.wanted.empty()) {
      plan_.wanted = channel;
      plan_.missing = missing_rights(channel, offer);
    }
    if (problem.empty() && is_out_of_scope(channel, endpoint_)) {
      problem = fmt::format("the token is not asked for rights on {}: name it in delivery.channels", channel);
    }
    if (problem.empty()) problem = request_problem(channel);
    if (!problem.empty()) return problem;
    plan_.place = {channel, !offer.update};
    plan_.offer = offer;
    plan_.reason = how_kept_true(channel, offer);
    if (plan_.wanted == channel) plan_.wanted.clear();
    return "";
  }

  // What this notice lacks for a channel that is offered.
  std::string request_problem(const std::string& channel) {
    if (!may_be_message(channel)) return "";
    const std::vector<std::string>& types = endpoint_.writes.recipient_types;
    if (channel == "Communication" && !types.empty() && request_.recipient.empty()) return recipient_problem(types);
    const bool is_for_patient = request_.kind == NoticeKind::benefit_for_patient;
    if (request_.severity >= kMessageSeverityMin || is_for_patient) return "";
    plan_.is_information = true;
    return fmt::format("it is information, and a {} is made for warnings", channel);
  }

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
