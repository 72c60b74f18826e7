#include <CLI/CLI.hpp>
#include <iostream>

#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/cut_rates.h"

namespace authledger {
namespace {

int run_payers(const GlobalOptions& global, const AnswerOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  CutRates rates;
  exit_code = for_each_subject(*session, options,
                               [&rates](const SubjectAnswer& answer) { rates.add(answer.consolidated.lines); });
  if (exit_code != kExitDone) return exit_code;
  RowWriter rows(std::cout, global.format,
                 {"payer", "payer_display", "lines", "lines_cut", "requested", "approved", "cut_percent"});
  for (const PayerCutRate& rate : rates.by_payer()) {
    rows.add({OutputCell::of_text(rate.payer), OutputCell::of_text(rate.payer_display),
              OutputCell::of_integer(rate.lines), OutputCell::of_integer(rate.lines_cut),
              cell_of(std::optional(rate.requested)), cell_of(std::optional(rate.approved)),
              OutputCell::of_integer(rate.cut_percent)});
  }
  rows.finish();
  return kExitDone;
}

}  // namespace

void add_payers_command(CommandLine line) {
  auto options = std::make_shared<AnswerOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("payers", "How much of what is asked for each payer approves, over decided lines");
  add_answer_options(*command, *options);
  command->callback([line, options] { line.run = [line, options] { return run_payers(line.options, *options); }; });
}

}  // namespace authledger
