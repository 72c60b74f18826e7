#include <CLI/CLI.hpp>
#include <iostream>

#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"

namespace authledger {
namespace {

int run_services(const GlobalOptions& global, const AnswerOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  RowWriter rows(std::cout, global.format,
                 {"key", "sources", "patient", "day", "state", "service_codes", "quantity", "measure", "covered_by",
                  "uncovered", "reason"});
  exit_code = for_each_subject(*session, options, [&](const SubjectAnswer& answer) {
    for (ServiceRow& row : service_rows(answer.consolidated, answer.allocation)) {
      rows.add({OutputCell::of_text(row.key), OutputCell::of_list(row.sources),
                OutputCell::of_text(row.patient.empty() ? answer.patient : row.patient),
                OutputCell::of_text(format_day(row.day)), OutputCell::of_text(word_of(row.state)),
                OutputCell::of_list(row.service_codes), OutputCell::of_number(format_quantity(row.quantity)),
                OutputCell::of_text(word_of(row.measure)), cell_of(row.covered_by),
                OutputCell::of_number(format_quantity(row.uncovered)),
                row.reason == UncoveredReason::none ? OutputCell{} : OutputCell::of_text(word_of(row.reason))});
    }
  });
  rows.finish();
  return exit_code;
}

}  // namespace

void add_services_command(CommandLine line) {
  auto options = std::make_shared<AnswerOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("services", "Every visit: which authorization covers it, or why none does");
  add_answer_options(*command, *options);
  command->callback([line, options] { line.run = [line, options] { return run_services(line.options, *options); }; });
}

}  // namespace authledger
