#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/text.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"

namespace authledger {
namespace {

struct CheckOptions {
  std::string patient, code, on_day, units = "1";
};

int run_check(const GlobalOptions& global, const CheckOptions& options) {
  auto day = parse_day(options.on_day);
  auto units = parse_quantity(options.units);
  if (!day || !units || !units->is_positive()) {
    fmt::print(stderr, "authledger: {}\n",
               !day ? "--on must be a day, YYYY-MM-DD" : "--units must be a number above 0");
    return kExitBadUsage;
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  // What is known today decides; the day asked for is the day of the service.
  AnswerOptions answer_options;
  answer_options.patient = options.patient;
  std::optional<CoverageAnswer> found;
  std::vector<CoveredBy> covered_by;
  exit_code = for_each_subject(*session, answer_options, [&](const SubjectAnswer& answer) {
    CoverageAnswer covered =
        check_coverage(answer.consolidated, answer.policy, answer.today, upper_case(options.code), *day, *units);
    for (const Draw& draw : covered.draws) {
      for (const AuthorizationLine& candidate : answer.consolidated.lines) {
        if (candidate.book == draw.book)
          covered_by.push_back({candidate.authorization_number, candidate.line, draw.quantity, draw.rule});
      }
    }
    // A record that was joined to another holds nothing: the other one answers.
    if (!found || covered.is_covered || !answer.consolidated.lines.empty()) found = std::move(covered);
  });
  if (exit_code != kExitDone) return exit_code;
  if (!found) {
    found = CoverageAnswer{};
    found->reason = UncoveredReason::no_authorization;
    found->uncovered = *units;
    fmt::print(stderr, "authledger: nothing is known of this patient\n");
  }
  if (global.format == Format::table) {
    if (found->is_covered) {
      fmt::print("Covered: {}.\n", cell_of(covered_by).shown);
    } else {
      fmt::print("Not covered: {} of {} units ({}).\n", format_quantity(found->uncovered), format_quantity(*units),
                 word_of(found->reason));
    }
  } else {
    RowWriter rows(std::cout, global.format, {"is_covered", "covered_by", "uncovered", "reason"});
    rows.add({OutputCell::of_boolean(found->is_covered), cell_of(covered_by),
              OutputCell::of_number(format_quantity(found->uncovered)),
              found->is_covered ? OutputCell{} : OutputCell::of_text(word_of(found->reason))});
    rows.finish();
  }
  return found->is_covered ? kExitDone : kExitNegative;
}

}  // namespace

void add_check_command(CommandLine line) {
  auto options = std::make_shared<CheckOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("check", "Is this service covered? Exit 0 yes, 3 no");
  command->add_option("--patient", options->patient, "Patient id or reference")->required();
  command->add_option("--code", options->code, "Service code, e.g. 90837")->required();
  command->add_option("--on", options->on_day, "Day of the service (YYYY-MM-DD)")->required();
  command->add_option("--units", options->units, "Units of the service")->capture_default_str();
  command->callback([line, options] { line.run = [line, options] { return run_check(line.options, *options); }; });
}

}  // namespace authledger
