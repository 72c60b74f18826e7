#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "cmd/commands.h"
#include "sync/tenant_session.h"

namespace authledger {

// What most commands begin with. On failure the cause has been printed to standard error and `exit_code` says how to
// end.
struct OpenedSession {
  std::unique_ptr<TenantSession> session;  // Null on failure.
  int exit_code = kExitDone;
};
OpenedSession open_session(const GlobalOptions& options);

// Loads the config and checks --tenant; prints every problem. Nullopt when it cannot be used.
std::optional<Config> load_config_or_explain(const GlobalOptions& options);

// SIGINT and SIGTERM request a stop; a second signal ends the process at once. Call once, before any thread starts.
std::stop_token stop_on_signals();

// Progress on a terminal: one line that is written over. Plain lines, at most one every few seconds, otherwise.
class TerminalProgress {
 public:
  TerminalProgress();
  ~TerminalProgress();
  void operator()(const std::string& line);
  void clear();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace authledger
