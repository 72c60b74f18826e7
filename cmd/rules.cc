#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/clock.h"
#include "cmd/output.h"
#include "cmd/session.h"

namespace authledger {
namespace {

struct ReleaseOptions {
  int64_t version = 0;
  int canary_percent = 0;
  std::string role, reason;
};

int refuse(const std::string& message) {
  fmt::print(stderr, "authledger: {}\n", message);
  return kExitBadUsage;
}

// Rules in the config that no round has seen yet have no version.
bool is_recorded(const std::vector<RuleVersionRow>& versions, const RulesInForce& rules) {
  const int64_t newest = rules.waiting ? rules.waiting->rule_version : rules.rule_version;
  return !versions.empty() && newest <= versions.back().step.rule_version;
}

int list_rules(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const std::vector<RuleVersionRow> versions = read_rule_versions(session->connection(), session->tenant_id());
  RowWriter rows(std::cout, global.format,
                 {"rule_version", "state", "canary_percent", "since", "decides", "notices", "would_appear",
                  "would_change", "would_disappear", "role", "reason"});
  for (const RuleVersionRow& version : versions) {
    const int64_t number = version.step.rule_version;
    const bool is_waiting = session->rules().waiting && session->rules().waiting->rule_version == number;
    const auto previewed = [is_waiting](int64_t count) {
      return is_waiting ? OutputCell::of_integer(count) : OutputCell{};
    };
    const bool is_canary = version.step.state == RuleState::canary;
    rows.add({OutputCell::of_integer(number), OutputCell::of_text(word_of(version.step.state)),
              is_canary ? OutputCell::of_integer(version.step.canary_percent) : OutputCell{},
              OutputCell::of_text(format_instant(version.since)),
              OutputCell::of_boolean(session->rules().rule_version == number), OutputCell::of_integer(version.standing),
              previewed(version.appears), previewed(version.changes), previewed(version.disappears),
              OutputCell::of_text(version.role), OutputCell::of_text(version.reason)});
  }
  rows.finish();
  if (!is_recorded(versions, session->rules())) {
    fmt::print(stderr,
               "authledger: the config holds rules that no round has seen yet; `authledger sync` records them\n");
  }
  return kExitDone;
}

int release_rules(const GlobalOptions& global, const ReleaseOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const std::vector<RuleVersionRow> versions = read_rule_versions(session->connection(), session->tenant_id());
  if (versions.empty() || options.version < 1 || options.version > versions.back().step.rule_version) {
    return refuse(
        fmt::format("there is no rule version {}; `authledger rules list` shows them, and `authledger sync` "
                    "records what the config holds",
                    options.version));
  }
  const RuleStep& newest = versions.back().step;
  if (options.version != newest.rule_version || !is_recorded(versions, session->rules())) {
    return refuse(
        fmt::format("the config no longer holds rule version {}: only what it holds can be released", options.version));
  }
  if (newest.state == RuleState::active && session->rules().rule_version == newest.rule_version) {
    fmt::print("rule version {} is released already\n", options.version);
    return kExitDone;
  }
  const bool is_canary = options.canary_percent > 0;
  if (is_canary && newest.state == RuleState::retracted) {
    return refuse("rules that were taken back are released for everybody, or changed: a changed set can be a canary");
  }
  if (is_canary && newest.state == RuleState::canary && options.canary_percent < newest.canary_percent) {
    return refuse(
        fmt::format("the canary holds {} % of patients already and can only grow; `authledger retract --rule {}` "
                    "takes it back",
                    newest.canary_percent, options.version));
  }
  const RuleStep step{options.version, is_canary ? RuleState::canary : RuleState::active, options.canary_percent};
  step_rules(session->connection(), session->tenant_id(), step, options.role, options.reason, SystemClock().now());
  fmt::print(
      "rule version {} is released for {}; the next sync goes by it. `authledger retract --rule {}` takes it "
      "back\n",
      options.version, is_canary ? fmt::format("{} % of patients", options.canary_percent) : "everybody",
      options.version);
  return kExitDone;
}

}  // namespace

void add_rules_command(CommandLine line) {
  CLI::App* rules =
      line.app.add_subcommand("rules", "Versions of the rules: which decides, which waits, who released it");
  rules->require_subcommand(1);
  CLI::App* list =
      rules->add_subcommand("list", "Every version, what the EHR shows of it, and what the waiting one would change");
  list->callback([line] { line.run = [&options = line.options] { return list_rules(options); }; });
  auto options = std::make_shared<ReleaseOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* release = rules->add_subcommand("release", "Let changed rules decide and write to the EHR");
  release->add_option("version", options->version, "The rule version, as `rules list` shows it")->required();
  release->add_option("--canary", options->canary_percent, "Only for this percentage of patients (1 to 99)")
      ->check(CLI::Range(1, 99));
  release->add_option("--role", options->role, "Who answers for it: billing lead, compliance, …");
  release->add_option("--reason", options->reason, "Why; is kept with the version. No patient data");
  release->callback([line, options] { line.run = [line, options] { return release_rules(line.options, *options); }; });
}

}  // namespace authledger
