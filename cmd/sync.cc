#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/session.h"
#include "sync/pull.h"

namespace authledger {
namespace {

struct SyncOptions {
  bool no_deliver = false;
  std::string endpoint, on_day;
};

void print_summary(const RoundSummary& summary) {
  std::string pulled;
  int64_t total = 0;
  for (const auto& [type, count] : summary.pulled) {
    pulled += fmt::format("{}{} {}", pulled.empty() ? "" : ", ", count, type);
    total += count;
  }
  fmt::print("pulled    {} resources{}\n", total, total == 0 ? "" : " (" + pulled + ")");
  fmt::print("facts     {} new, {} unchanged, {} retracted, {} quarantined\n", summary.facts.new_facts,
             summary.facts.unchanged, summary.facts.retracted, summary.facts.quarantined);
  fmt::print("ledger    {} subjects reconciled, {} journal entries posted\n", summary.subjects, summary.entries);
  fmt::print("notices   {} created, {} updated, {} retired, {} unchanged, {} parked, {} held{}\n",
             summary.notices.created, summary.notices.updated, summary.notices.retired, summary.notices.unchanged,
             summary.notices.parked, summary.notices.held,
             summary.notices.undeliverable > 0 ? fmt::format(", {} undeliverable", summary.notices.undeliverable) : "");
  for (const FeedCertificate& feed : summary.feeds) {
    if (feed.gaps.empty() || feed.strategy == kAbsentStrategy) continue;
    fmt::print("gap       {}/{}: {}\n", feed.source, feed.resource_type, join(feed.gaps, "; "));
  }
  fmt::print("requests  {} in {:.1f} s\n", summary.requests, summary.seconds);
  if (summary.waiting_rules) {
    const WaitingSummary& waiting = *summary.waiting_rules;
    const std::string where = waiting.canary_percent > 0
                                  ? fmt::format("decides for {} % of patients", waiting.canary_percent)
                                  : std::string("is a dry run, which writes nothing");
    fmt::print("rules     version {} decides; version {} {}: authledger rules list\n", waiting.deciding,
               waiting.rule_version, where);
  }
  if (summary.notices.undeliverable > 0)
    fmt::print("Look at what has no road to people, and why: authledger notices --undeliverable\n");
  if (summary.notices.held > 0) fmt::print("Look at what is held, and why: authledger notices\n");
  if (summary.facts.quarantined > 0) fmt::print("Look at what could not be mapped: authledger quarantine list\n");
}

int exit_code_of(const RoundSummary& summary) {
  if (summary.is_misconfigured) return kExitBadUsage;
  if (!summary.failures.empty() && !summary.is_stopped) return kExitUnreachable;
  if (summary.facts.quarantined > 0 || summary.feeds_without_road > 0 || summary.notices.parked > 0 ||
      summary.notices.newly_undeliverable > 0 || summary.parked_subjects > 0)
    return kExitWithQuarantine;
  return kExitDone;
}

int run_sync(const GlobalOptions& global, const SyncOptions& options) {
  std::stop_token stop = stop_on_signals();
  RoundOptions round;
  round.deliver = !options.no_deliver;
  round.endpoint = options.endpoint;
  if (!options.on_day.empty()) {
    round.on_day = parse_day(options.on_day);
    if (!round.on_day) {
      fmt::print(stderr, "authledger: --on {} is no day; write YYYY-MM-DD\n", options.on_day);
      return kExitBadUsage;
    }
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  if (!round.endpoint.empty() && session->config().endpoint(round.endpoint) == nullptr) {
    fmt::print(stderr, "authledger: no endpoint \"{}\" in {}\n", round.endpoint, global.config_file);
    return kExitBadUsage;
  }
  SystemClock clock;
  auto progress = std::make_shared<TerminalProgress>();  // Shared because std::function copies what it holds.
  RoundContext context{*session, clock, round, stop, [progress](const std::string& line) { (*progress)(line); }};
  RoundSummary summary = run_round(context);
  progress->clear();
  if (global.format == Format::table) {
    print_summary(summary);
  } else {
    fmt::print("{}\n", summary_json(summary));
  }
  if (!summary.divergence.empty()) fmt::print(stderr, "authledger: {}\n", summary.divergence);
  for (const std::string& failure : summary.failures) fmt::print(stderr, "authledger: {}\n", failure);
  return exit_code_of(summary);
}

}  // namespace

void add_sync_command(CommandLine line) {
  auto options = std::make_shared<SyncOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("sync", "One full round: pull, reconcile, deliver");
  command->add_flag("--no-deliver", options->no_deliver, "Write nothing to the EHR");
  command->add_option("--endpoint", options->endpoint, "Only this endpoint of the config");
  command->add_option("--on", options->on_day, "As if today were this day (YYYY-MM-DD)");
  command->callback([line, options] { line.run = [line, options] { return run_sync(line.options, *options); }; });
}

}  // namespace authledger
