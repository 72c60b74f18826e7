#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/store/quarantine_store.h"
#include "ledger/unknown_codes.h"
#include "sync/quarantine_retry.h"

namespace authledger {
namespace {

int run_list(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  std::vector<QuarantineRow> stored;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { stored = read_quarantine(transaction); });
  RowWriter rows(std::cout, global.format, {"source", "resource", "element_path", "reason", "recorded_at"});
  for (const QuarantineRow& row : stored) {
    rows.add({OutputCell::of_text(row.source), OutputCell::of_text(row.type.empty() ? row.id : row.type + "/" + row.id),
              OutputCell::of_text(row.element_path), OutputCell::of_text(row.reason),
              OutputCell::of_text(format_instant(row.recorded_at))});
  }
  rows.finish();
  return stored.empty() ? kExitDone : kExitWithQuarantine;
}

int run_codes(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  UnknownCodes codes;
  exit_code = for_each_subject(
      *session, {}, [&codes](const SubjectAnswer& answer) { codes.add(answer.consolidated, answer.policy.rules); });
  if (exit_code != kExitDone) return exit_code;
  const std::vector<UnknownCode> found = codes.by_frequency();
  RowWriter rows(std::cout, global.format, {"source", "resource_type", "code", "services", "last_day", "reason"});
  for (const UnknownCode& code : found) {
    rows.add(
        {OutputCell::of_text(code.source), OutputCell::of_text(code.resource_type), OutputCell::of_text(code.code),
         OutputCell::of_integer(code.services), cell_of(std::optional(code.last_day)),
         OutputCell::of_text(code.code.empty() ? "no code; name in the mapping where this source writes what was done"
                                               : "no rule and no authorization of these patients names it; add it to "
                                                 "visit_type_codes, or as none to visit_kinds, of the mapping")});
  }
  rows.finish();
  return found.empty() ? kExitDone : kExitWithQuarantine;
}

int run_retry(const GlobalOptions& global) {
  std::stop_token stop = stop_on_signals();
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  SystemClock clock;
  RoundOptions round;
  RoundContext context{*session, clock, round, stop, [](const std::string&) {}};
  RoundSummary summary;
  retry_quarantine(context, summary);
  if (global.format == Format::table) {
    fmt::print("{} facts recorded, {} resources stay in quarantine; `authledger sync` reconciles them\n",
               summary.facts.new_facts, summary.facts.quarantined);
  } else {
    fmt::print("{}\n", summary_json(summary));
  }
  for (const std::string& failure : summary.failures) fmt::print(stderr, "authledger: {}\n", failure);
  if (!summary.failures.empty()) return kExitBadUsage;
  return summary.facts.quarantined > 0 ? kExitWithQuarantine : kExitDone;
}

}  // namespace

void add_quarantine_command(CommandLine line) {
  CLI::App* command = line.app.add_subcommand("quarantine", "What could not be mapped, and why");
  command->require_subcommand(1);
  CLI::App* list = command->add_subcommand("list", "Each resource with the element and the reason");
  list->callback([line] { line.run = [line] { return run_list(line.options); }; });
  CLI::App* codes =
      command->add_subcommand("codes", "Visit types that nothing maps to a service code, most frequent first");
  codes->callback([line] { line.run = [line] { return run_codes(line.options); }; });
  CLI::App* retry = command->add_subcommand("retry", "Map all of it again, after a mapping was mended");
  retry->callback([line] { line.run = [line] { return run_retry(line.options); }; });
}

}  // namespace authledger
