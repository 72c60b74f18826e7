#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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

struct HeldSubscription {
  std::string id, status;
};

// One Subscription that an endpoint should hold, and those that it holds for the same, the most useful first.
struct Wanted {
  SubscriptionRequest request;
  std::string criteria;
  std::vector<HeldSubscription> held;
};

bool is_live(const HeldSubscription& held) {
  return held.status == "active" || held.status == "requested";
}

// One that works before one that will, and both before one that must be asked for again (error, off).
int rank_of(const HeldSubscription& held) {
  return held.status == "active" ? 0 : held.status == "requested" ? 1 : 2;
}

// A server may write "Encounter?" as "Encounter".
std::string_view without_empty_query(std::string_view criteria) {
  return criteria.ends_with('?') ? criteria.substr(0, criteria.size() - 1) : criteria;
}

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
std::optional<FhirError> find_held(FhirClient& client, const EndpointConfig& endpoint, std::vector<Wanted>& wanted) {
  const std::string& hook_url = endpoint.subscriptions.hook_url;
  auto end = walk_pages(client, "Subscription?url=" + query_value(hook_url), endpoint.pages_per_pull_max,
                        [&](const SearchPage& page) -> std::optional<FhirError> {
                          for (JsonView found : page.resources) {
                            if (found["channel"]["endpoint"].text() != hook_url) continue;
                            const std::string_view criteria = without_empty_query(found["criteria"].text());
                            for (Wanted& one : wanted) {
                              if (without_empty_query(one.criteria) != criteria) continue;
                              one.held.push_back({found["id"].string(), found["status"].string()});
                            }
                          }
                          return std::nullopt;
                        });
  for (Wanted& one : wanted) {
    std::stable_sort(one.held.begin(), one.held.end(),
                     [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
  }
  return end;
}

Result<std::string, FhirError> request_again(FhirClient& client, const SubscriptionRequest& request,
                                             const HeldSubscription& held) {
  auto current = client.read("Subscription", held.id);
  if (!current) return current.error();
  JsonDocument document;
  auto root = document.parse(render_subscription(request));
  JsonWriter writer;
  writer.begin_object().member("resourceType", "Subscription").member("id", held.id);
  for (JsonView member : *root) {
    if (member.name() != "resourceType") writer.key(member.name()).value(member);
  }
  auto updated = client.update("Subscription", held.id, writer.end_object().take(), current->etag);
  if (!updated) return updated.error();
  return fmt::format("requested again, status was {}", held.status.empty() ? "missing" : held.status);
}

// What was done, in a few words. While one stands, whatever its status, no other is made: the EHR would notify twice
// once both are active.
Result<std::string, FhirError> create_one(FhirClient& client, const Wanted& wanted) {
  if (wanted.held.empty()) {
    auto created = client.create("Subscription", render_subscription(wanted.request), "");
    if (!created) return created.error();
    return std::string("created");
  }
  const HeldSubscription& best = wanted.held.front();
  if (is_live(best)) return std::string("there already");
  auto again = request_again(client, wanted.request, best);
  if (again.ok()) return again;
  FhirError error = again.error();
  error.message = fmt::format(
      "Subscription/{} is {} and cannot be requested again: {}. Delete it at the EHR, then run this once more", best.id,
      best.status, error.message);
  return error;
}

// Each of them notifies.
void warn_of_others(const EndpointConfig& endpoint, const Wanted& wanted) {
  std::string others;
  for (size_t i = 1; i < wanted.held.size(); ++i) {
    if (is_live(wanted.held[i])) others += (others.empty() ? "" : ", ") + wanted.held[i].id;
  }
  if (others.empty()) return;
  fmt::print(stderr, "authledger: {}: {}: more than one Subscription; delete these at the EHR: {}\n", endpoint.name,
             wanted.criteria, others);
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
    if (auto failure = find_held(**client, endpoint, *wanted)) {
      fmt::print(stderr, "authledger: {}: Subscriptions cannot be searched: {}\n", endpoint.name, failure->message);
      exit_code = kExitUnreachable;
      continue;
    }
    for (const Wanted& one : *wanted) {
      const HeldSubscription best = one.held.empty() ? HeldSubscription() : one.held.front();
      std::vector<OutputCell> row = {OutputCell::of_text(endpoint.name), OutputCell::of_text(one.criteria),
                                     OutputCell::of_text(best.id),
                                     OutputCell::of_text(best.status.empty() ? "missing" : best.status)};
      warn_of_others(endpoint, one);
      if (creates) {
        auto done = create_one(**client, one);
        if (!done) {
          fmt::print(stderr, "authledger: {}: {}: {}\n", endpoint.name, one.criteria, done.error().message);
          exit_code = kExitUnreachable;
        }
        row.push_back(OutputCell::of_text(done ? *done : "refused"));
      } else if (best.status != "active" && exit_code == kExitDone) {
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
  CLI::App* create =
      command->add_subcommand("create", "Create those that are missing, ask again for those in error or off");
  create->callback(
      [line, options] { line.run = [line, options] { return run_on_endpoints(line.options, *options, true); }; });
  CLI::App* show = command->add_subcommand("show", "Print them, without the secret, to register by hand");
  show->callback([line, options] { line.run = [line, options] { return run_show(line.options, *options); }; });
}

}  // namespace authledger
