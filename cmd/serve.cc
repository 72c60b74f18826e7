#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/session.h"
#include "server/health.h"
#include "server/hooks.h"
#include "sync/endpoint_identity.h"
#include "sync/loop.h"

namespace authledger {
namespace {

void publish(const LoopReport& report, const Clock& clock, ServerHealth& state) {
  const Instant now = clock.now();
  const int64_t unix_seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  state.set_database_ok(report.summary.has_value());
  if (!report.summary) {
    state.set_last_round(unix_seconds, false, 0);
    return;
  }
  const RoundSummary& summary = *report.summary;
  state.set_last_round(unix_seconds, summary.failures.empty(), summary.seconds);
  for (const auto& [type, count] : summary.pulled) state.add_pulled(type, count);
  state.add_facts("new", summary.facts.new_facts);
  state.add_facts("unchanged", summary.facts.unchanged);
  state.add_facts("retracted", summary.facts.retracted);
  state.add_facts("quarantined", summary.facts.quarantined);
  state.add_notices("created", summary.notices.created);
  state.add_notices("updated", summary.notices.updated);
  state.add_notices("retired", summary.notices.retired);
  state.add_notices("parked", summary.notices.parked);
  state.set_notices_held(summary.notices.held);
  state.set_notices_undeliverable(summary.notices.undeliverable);
  state.add_entries(summary.entries);
  state.add_requests("all", summary.requests);
  state.set_subjects(report.subjects.subjects, report.subjects.due, report.subjects.parked);
  for (const FeedState& feed : report.feeds) {
    if (feed.last_success_at) {
      state.set_feed_age(feed.source + "/" + feed.resource_type,
                         std::chrono::duration<double>(now - *feed.last_success_at).count());
    }
  }
}

// The endpoints that may notify; an unreadable secret is a mistake of the config.
Result<std::vector<Hook>> read_hooks(const Config& config) {
  std::vector<Hook> hooks;
  for (const EndpointConfig& endpoint : config.endpoints) {
    const SubscriptionsConfig& subscriptions = endpoint.subscriptions;
    if (subscriptions.hook_url.empty()) continue;
    auto secret = read_secret(subscriptions.secret_file, subscriptions.secret_env, config.folder);
    if (!secret) return Failure{fmt::format("{}: subscriptions: {}", endpoint.name, secret.error().message)};
    Hook hook{endpoint.name, std::move(*secret), {}};
    for (const FeedConfig& feed : endpoint.feeds) {
      if (feed.strategy != FeedConfig::Strategy::off) hook.resource_types.push_back(feed.resource_type);
    }
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

int run_serve(const GlobalOptions& global) {
  std::stop_token stop = stop_on_signals();
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  SystemClock clock;
  if (const std::string refusal = check_endpoints(*session, clock.now()); !refusal.empty()) {
    fmt::print(stderr, "authledger: {}\n", refusal);
    return kExitBadUsage;
  }
  auto hooks = read_hooks(session->config());
  if (!hooks) {
    fmt::print(stderr, "authledger: {}\n", hooks.error().message);
    return kExitBadUsage;
  }
  // Before the server, so that they outlive every handler.
  std::optional<WakeupRecorder> recorder;
  if (!hooks->empty()) recorder.emplace(*session);
  ServerHealth state;
  state.set_database_ok(true);
  auto server = HttpServer::start(session->config().server.listen);
  if (!server) {
    fmt::print(stderr, "authledger: {}\n", server.error().message);
    return kExitBadUsage;
  }
  add_health_routes(**server, state);
  if (recorder) add_hook_routes(**server, std::move(*hooks), *recorder);
  fmt::print("authledger serves {} on http://{} (/health/live, /health/ready, /metrics); Ctrl-C stops it\n",
             session->config().tenant.name, (*server)->address());
  std::fflush(stdout);
  run_loop(*session, clock, stop, [&](const LoopReport& report) { publish(report, clock, state); });
  fmt::print("authledger has stopped\n");
  return kExitDone;
}

}  // namespace

void add_serve_command(CommandLine line) {
  CLI::App* command = line.app.add_subcommand(
      "serve", "The sync loop and the HTTP server (health, metrics, hooks of Subscriptions), until a signal");
  command->callback([line] { line.run = [line] { return run_serve(line.options); }; });
}

}  // namespace authledger
