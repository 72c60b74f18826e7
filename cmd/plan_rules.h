#pragma once

#include <optional>
#include <string>

#include "cmd/session.h"

namespace authledger {

// `plan --rules FILE` and `plan --waiting`: what other rules would change, on the facts as they stand. Writes nothing.
struct RulePlanOptions {
  std::string rules_file;
  bool is_waiting = false;
  std::optional<size_t> limit;  // Rows shown of each kind; tables show few unless told.

  bool is_asked() const { return is_waiting || !rules_file.empty(); }
};
void add_rule_plan_options(CLI::App& command, RulePlanOptions& options);

// Exit codes: kExitBadUsage when the rules cannot be read, or `config check` would refuse them for a conflict (what
// they would change is shown all the same).
int run_rule_plan(const GlobalOptions& global, TenantSession& session, const RulePlanOptions& options,
                  const std::string& patient, Day today);

}  // namespace authledger
