#include <fmt/format.h>

#include <algorithm>

#include "config/read_endpoint.h"

namespace authledger {
namespace {

void check_hook_url(YamlMapReader& map, const EndpointConfig& endpoint) {
  const std::string& url = endpoint.subscriptions.hook_url;
  if (std::string problem = http_url_problem(url); !problem.empty()) return map.problem("hook_url", problem);
  if (is_clear_text_abroad(url)) {
    map.problem("hook_url", "must be https: the secret goes with every notification");
  }
  const std::string path = "/hooks/" + endpoint.name;
  if (!url.ends_with(path)) {
    map.problem("hook_url", fmt::format("must end in {}, the path under which authledger listens", path));
  }
}

void check_topics(YamlMapReader& map, const EndpointConfig& endpoint) {
  for (const auto& [type, topic] : endpoint.subscriptions.topics) {
    const bool is_read =
        std::any_of(endpoint.feeds.begin(), endpoint.feeds.end(), [&, &name = type](const FeedConfig& feed) {
          return feed.resource_type == name && feed.strategy != FeedConfig::Strategy::off;
        });
    if (!is_read) map.problem("topics", fmt::format("`{}` has no feed on this endpoint", type));
    if (!http_url_problem(topic).empty()) {
      map.problem("topics", fmt::format("`{}` needs the URL of a SubscriptionTopic", type));
    }
  }
}

}  // namespace

void read_subscriptions(YamlMapReader& endpoint_map, EndpointConfig& endpoint, const std::string& folder) {
  const YamlNode* node = endpoint_map.find("subscriptions");
  if (node == nullptr) return;
  if (!endpoint.folder.empty()) return endpoint_map.problem("subscriptions", "a folder cannot notify");
  YamlMapReader map(*node, endpoint_map.path_of("subscriptions"), endpoint_map.problems());
  SubscriptionsConfig& subscriptions = endpoint.subscriptions;
  refuse_secrets(map);
  map.required("hook_url", "the URL under which the EHR reaches authledger, https://…/hooks/" + endpoint.name);
  map.text("hook_url", subscriptions.hook_url);
  map.text("secret_file", subscriptions.secret_file);
  map.text("secret_env", subscriptions.secret_env);
  map.text_map("topics", subscriptions.topics);
  map.finish();
  subscriptions.secret_file = path_below(folder, subscriptions.secret_file);
  if (subscriptions.secret_file.empty() == subscriptions.secret_env.empty()) {
    map.problem("hook_url", "needs one of secret_file and secret_env: what the EHR must send with each notification");
  }
  if (!subscriptions.hook_url.empty()) check_hook_url(map, endpoint);
  check_topics(map, endpoint);
}

}  // namespace authledger
