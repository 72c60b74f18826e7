#include "ledger/forecast.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"

namespace authledger {
namespace {

int run_forecast(const GlobalOptions& global, const AnswerOptions& options, uint64_t seed) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  RowWriter rows(std::cout, global.format,
                 {"patient", "authorization_number", "line", "last_day", "available", "exhausted_p10", "exhausted_p50",
                  "exhausted_p90", "renew_by", "unused_p10", "unused_p50", "unused_p90", "visits_seen"});
  exit_code = for_each_subject(*session, options, [&](const SubjectAnswer& answer) {
    const std::vector<AuthorizationRow> lines =
        authorization_rows(answer.consolidated, answer.allocation, answer.policy, answer.today);
    for (const LineForecast& made :
         forecast(answer.consolidated, answer.allocation, answer.policy, answer.today, seed)) {
      for (const AuthorizationRow& line : lines) {
        if (line.book != made.book) continue;
        rows.add({OutputCell::of_text(line.patient.empty() ? answer.patient : line.patient),
                  OutputCell::of_text(line.authorization_number), OutputCell::of_text(line.line),
                  cell_of(line.last_day), cell_of(line.available), cell_of(made.exhausted_p10),
                  cell_of(made.exhausted_p50), cell_of(made.exhausted_p90), cell_of(made.renew_by),
                  cell_of(made.unused_p10), cell_of(made.unused_p50), cell_of(made.unused_p90),
                  cell_of(std::optional(Quantity::of_units(made.visits_seen)))});
      }
    }
  });
  rows.finish();
  return exit_code;
}

}  // namespace

void add_forecast_command(CommandLine line) {
  struct Options {
    AnswerOptions answer;
    uint64_t seed = kForecastSeed;
  };
  auto options = std::make_shared<Options>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "forecast", "When the units of each running authorization line run out, by when to renew, and what will lapse");
  add_answer_options(*command, options->answer);
  command->add_option("--seed", options->seed, "of the futures that are drawn; equal seeds give equal answers");
  command->callback([line, options] {
    line.run = [line, options] { return run_forecast(line.options, options->answer, options->seed); };
  });
}

}  // namespace authledger
