#pragma once

#include <functional>
#include <string>

#include "cmd/output.h"

namespace CLI {
class App;
}

// One function per command, each in its own file cmd/<command>.cc: it adds a subcommand with its help text, and sets
// `run` when that subcommand was chosen. Exit codes are fixed (ARCHITECTURE, "Command line").

namespace authledger {

enum ExitCode : int {
  kExitDone = 0,
  kExitWithQuarantine = 1,  // Done, with quarantined or parked records.
  kExitBadUsage = 2,        // Bad usage or configuration.
  kExitNegative = 3,        // A negative answer (`check`), a broken chain (`verify`).
  kExitUnreachable = 4      // An endpoint or the database could not be reached.
};

struct GlobalOptions {
  std::string config_file = "authledger.yaml";
  std::string tenant;  // Must equal the config's tenant name when given.
  Format format = Format::table;
  bool has_format = false;  // False when --format was not given: a command may prefer another default.
};

struct CommandLine {
  CLI::App& app;
  GlobalOptions& options;  // Filled by the time `run` is called.
  std::function<int()>& run;
};

void add_sync_command(CommandLine line);
void add_serve_command(CommandLine line);
void add_config_command(CommandLine line);  // config check
void add_map_command(CommandLine line);
void add_fhirpath_command(CommandLine line);
void add_authorizations_command(CommandLine line);
void add_services_command(CommandLine line);
void add_benefits_command(CommandLine line);
void add_payers_command(CommandLine line);
void add_trace_command(CommandLine line);
void add_forecast_command(CommandLine line);
void add_notices_command(CommandLine line);
void add_explain_command(CommandLine line);
void add_evidence_command(CommandLine line);
void add_check_command(CommandLine line);
void add_plan_command(CommandLine line);
void add_rules_command(CommandLine line);  // rules list | release
void add_retract_command(CommandLine line);
void add_verify_command(CommandLine line);
void add_rebuild_command(CommandLine line);
void add_replay_command(CommandLine line);
void add_quarantine_command(CommandLine line);  // quarantine list | retry
void add_import_command(CommandLine line);
void add_report_command(CommandLine line);
void add_pin_command(CommandLine line);
void add_close_period_command(CommandLine line);
void add_proxy_config_command(CommandLine line);  // proxy-config nginx
void add_keys_command(CommandLine line);          // keys new | show
void add_probe_command(CommandLine line);
void add_subscriptions_command(CommandLine line);  // subscriptions list | create | show
void add_feeds_command(CommandLine line);
void add_inquire_command(CommandLine line);
void add_sandbox_command(CommandLine line);

}  // namespace authledger
