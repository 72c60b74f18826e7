#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>

#include "base/clock.h"
#include "cmd/session.h"
#include "fhir/client.h"
#include "fhir/search.h"
#include "fhir/subscription.h"

namespace authledger {
namespace {

struct SubscriptionsCommand {
  std::string endpoint;
};

// One Subscription that an endpoint should hold, and what it holds of it.
struct Wanted {
  SubscriptionRequest request;
  std::string criteria, id, etag, status;  // id, etag, status: as found at the EHR; empty = none there.
};

// Nothing where no secret can be read.
Result<std::vector<Wanted>> wanted_of(const EndpointConfig& endpoint, const Config& config) {
  auto secret = read_secret(endpoint.subscriptions.secret_file, endpoint.subscriptions.secret_env, config.folder);
  if (!secret) return Failure{fmt::format("{}: subscriptions: {}", endpoint.name, secret.error().message)};
  std::map<std::string, Wanted> by_criteria;  // Several types may share a topic.
  for (const FeedConfig& feed : endpoint.feeds) {
    if (feed.strategy == FeedConfig::Strategy::off) continue;
    const auto topic = endpoint.subscriptions.topics.find(feed.resource_type);
    Wanted wanted;
    wanted.request = {feed.resource_type, topic == endpoint.subscriptions.topics.end() ? "" : topic->second,
                      endpoint.subscriptions.hook_url, *secret, NotificationContent::id_only};
    // R4 without a payload says only that something changed; the resource is read from the EHR all the same.
    wanted.criteria = wanted.request.topic.empty() ? feed.resource_type + "?" : wanted.request.topic;
    by_criteria.emplace(wanted.criteria, wanted);
  }
  std::vector<Wanted> result;
  for (auto& [criteria, wanted] : by_criteria) result.push_back(std::move(wanted));
  return result;
}

// Our own are those that notify our hook; servers that do not know the search parameter send all, so it is compared.
std::optional<FhirError> find_existing(FhirClient& client, const EndpointConfig& endpoint,
                                       std::vector<Wanted>& wanted) {
  const std::string& hook_url = endpoint.subscriptions.hook_url;
  return walk_pages(client, "Subscription?url=" + query_value(hook_url), endpoint.pages_per_pull_max,
                    [&](const SearchPage& page) -> std::optional<FhirError> {
                      for (JsonView found : page.resources) {
                        if (found["channel"]["endpoint"].text() != hook_url) continue;
                        for (Wanted& one : wanted) {
                          if (one.criteria != found["criteria"].text()) continue;
                          one.id = found["id"].string();
                          one.status = found["status"].string();
                        }
                      }
                      return std::nullopt;
                    });
}

Result<std::string, FhirError> request_again(FhirClient& client, const Wanted& wanted) {
  auto current = client.read("Subscription", wanted.id);
  if (!current) return current.error();
  JsonDocument document;
  auto root = document.parse(render_subscription(wanted.request));
  JsonWriter writer;
  writer.begin_object().member("resourceType", "Subscription").member("id", wanted.id);
  for (JsonView member : *root) {
    if (member.name() != "resourceType") writer.key(member.name()).value(member);
  }
  auto updated = client.update("Subscription", wanted.id, writer.end_object().take(), current->etag);
  if (!updated) return updated.error();
  return std::string("requested again");
}

// What was done, in one word.
Result<std::string, FhirError> create_one(FhirClient& client, const Wanted& wanted) {
  if (wanted.status == "active" || wanted.status == "requested") return std::string("there already");
  if (!wanted.id.empty()) return request_again(client, wanted);
  auto created = client.create("Subscription", render_subscription(wanted.request), "");
  if (!created) return created.error();
  return std::string("created");
}

int run_on_endpoints(const GlobalOptions& global, const SubscriptionsCommand& command, bool creates) {
  std::stop_token stop = stop_on_signals();
  auto config = load_config_or_explain(global);
  if (!config) return kExitBadUsage;
  SystemClock clock;
  std::vector<std::string> columns = {"endpoint", "criteria", "id", "status"};
  if (creates) columns.emplace_back("done");
  RowWriter rows(std::cout, global.format, columns);
  size_t endpoints = 0;
  int exit_code = kExitDone;
  for (const EndpointConfig& endpoint : config->endpoints) {
    if (endpoint.subscriptions.hook_url.empty()) continue;
    if (!command.endpoint.empty() && endpoint.name != command.endpoint) continue;
    ++endpoints;
    auto wanted = wanted_of(endpoint, *config);
    auto client = open_fhir_client(endpoint, config->folder, clock, stop);
    if (!wanted || !client) {
      fmt::print(stderr, "authledger: {}\n", wanted ? client.error().message : wanted.error().message);
      return kExitBadUsage;
    }
    if (auto failure = find_existing(**client, endpoint, *wanted)) {
      fmt::print(stderr, "authledger: {}: Subscriptions cannot be searched: {}\n", endpoint.name, failure->message);
      exit_code = kExitUnreachable;
      continue;
    }
    for (const Wanted& one : *wanted) {
      std::vector<OutputCell> row = {OutputCell::of_text(endpoint.name), OutputCell::of_text(one.criteria),
                                     OutputCell::of_text(one.id),
                                     OutputCell::of_text(one.status.empty() ? "missing" : one.status)};
      if (creates) {
        auto done = create_one(**client, one);
        if (!done) {
          fmt::print(stderr, "authledger: {}: {}: {}\n", endpoint.name, one.criteria, done.error().message);
          exit_code = kExitUnreachable;
        }
        row.push_back(OutputCell::of_text(done ? *done : "refused"));
      } else if (one.status != "active" && exit_code == kExitDone) {
        exit_code = kExitNegative;
      }
      rows.add(std::move(row));
    }
  }
  rows.finish();
  if (endpoints > 0) return exit_code;
  fmt::print(stderr, "authledger: no endpoint{} has `subscriptions:` in the config (docs/connecting.md)\n",
             command.endpoint.empty() ? "" : " of that name");
  return kExitBadUsage;
}

// For an administrator who registers them by hand: the secret is left out.
int run_show(const GlobalOptions& global, const SubscriptionsCommand& command) {
  auto config = load_config_or_explain(global);
  if (!config) return kExitBadUsage;
  for (const EndpointConfig& endpoint : config->endpoints) {
    if (endpoint.subscriptions.hook_url.empty()) continue;
    if (!command.endpoint.empty() && endpoint.name != command.endpoint) continue;
    auto wanted = wanted_of(endpoint, *config);
    if (!wanted) {
      fmt::print(stderr, "authledger: {}\n", wanted.error().message);
      return kExitBadUsage;
    }
    for (Wanted& one : *wanted) {
      one.request.secret = "SECRET";
      fmt::print("{}\n", render_subscription(one.request));
    }
  }
  return kExitDone;
}

}  // namespace

void add_subscriptions_command(CommandLine line) {
  auto options = std::make_shared<SubscriptionsCommand>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "subscriptions", "How an EHR tells authledger at once that something changed (FHIR Subscription, rest-hook)");
  command->require_subcommand(1);
  command->add_option("--endpoint", options->endpoint, "Only this endpoint");
  CLI::App* list = command->add_subcommand("list", "What the EHR holds; exit 3 when one is not active");
  list->callback(
      [line, options] { line.run = [line, options] { return run_on_endpoints(line.options, *options, false); }; });
  CLI::App* create = command->add_subcommand("create", "Create those that are missing, ask again for those in error");
  create->callback(
      [line, options] { line.run = [line, options] { return run_on_endpoints(line.options, *options, true); }; });
  CLI::App* show = command->add_subcommand("show", "Print them, without the secret, to register by hand");
  show->callback([line, options] { line.run = [line, options] { return run_show(line.options, *options); }; });
}

}  // namespace authledger
