#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "base/log.h"
#include "cmd/commands.h"
#include "ledger/store/pg.h"

namespace {

int run_command_line(int argc, char** argv) {
  using namespace authledger;
  CLI::App app{"authledger keeps payer authorizations from lapsing while patients are in treatment."};
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "authledger 0.1.0");
  app.footer(
      "Exit codes: 0 done, 1 done with quarantined or parked records, 2 bad usage or config, 3 a negative answer,\n"
      "4 an endpoint or the database could not be reached. README.md shows where to start.");

  GlobalOptions options;
  std::string format = "table", log_level = "warning";
  app.add_option("--config", options.config_file, "The configuration file")->capture_default_str();
  app.add_option("--tenant", options.tenant, "Refuse to run unless the config's tenant has this name");
  app.add_option("--format", format, "table, json, ndjson or csv")
      ->capture_default_str()
      ->check(CLI::IsMember({"table", "json", "ndjson", "csv"}));
  app.add_option("--log-level", log_level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));

  std::function<int()> run;
  CommandLine line{app, options, run};
  add_sync_command(line);
  add_serve_command(line);
  add_config_command(line);
  add_map_command(line);
  add_fhirpath_command(line);
  add_authorizations_command(line);
  add_services_command(line);
  add_benefits_command(line);
  add_payers_command(line);
  add_trace_command(line);
  add_forecast_command(line);
  add_notices_command(line);
  add_explain_command(line);
  add_evidence_command(line);
  add_check_command(line);
  add_plan_command(line);
  add_rules_command(line);
  add_retract_command(line);
  add_verify_command(line);
  add_rebuild_command(line);
  add_replay_command(line);
  add_quarantine_command(line);
  add_import_command(line);
  add_report_command(line);
  add_pin_command(line);
  add_close_period_command(line);
  add_proxy_config_command(line);
  add_keys_command(line);
  add_probe_command(line);
  add_subscriptions_command(line);
  add_feeds_command(line);
  add_inquire_command(line);
  add_sandbox_command(line);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_name() == "RequiredError" && !app.remaining().empty()) {
      fmt::print(stderr, "authledger: there is no command \"{}\"; authledger --help lists them\n",
                 app.remaining().front());
      return kExitBadUsage;
    }
    int code = app.exit(error);
    return code == 0 ? kExitDone : kExitBadUsage;
  }
  options.format = *format_from(format);
  options.has_format = app.count("--format") > 0;
  set_log_level(log_level == "debug"   ? LogLevel::debug
                : log_level == "info"  ? LogLevel::info
                : log_level == "error" ? LogLevel::error
                                       : LogLevel::warning);
  try {
    return run();
  } catch (const DbError& error) {
    fmt::print(stderr, "authledger: the database failed: {}\n", error.what());
    return kExitUnreachable;
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe (`authledger … | head`) ends the output, not the work.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run_command_line(argc, argv);
  } catch (const std::exception& error) {
    // Out of memory and the like: what was not committed is done again by the next run.
    std::fprintf(stderr, "authledger: cannot go on: %s\n", error.what());
    return authledger::kExitUnreachable;
  }
}
