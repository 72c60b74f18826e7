#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/text.h"
#include "cmd/check_claim.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"

namespace authledger {
namespace {

std::vector<CoveredBy> covered_by_of(const Consolidated& subject, const CoverageAnswer& answer) {
  std::vector<CoveredBy> covered_by;
  for (const Draw& draw : answer.draws) {
    for (const AuthorizationLine& candidate : subject.lines) {
      if (candidate.book == draw.book)
        covered_by.push_back({candidate.authorization_number, candidate.line, draw.quantity, draw.rule});
    }
  }
  return covered_by;
}

struct CheckOptions {
  std::string patient, code, on_day, units = "1", provider, place, claim, endpoint;
  std::vector<std::string> modifiers, diagnosis_codes;
  bool is_list = false;
};

// Every code that the patient's authorizations name: which of them may be used that day.
int run_allowed_codes(const GlobalOptions& global, const CheckOptions& options, const CoverageQuestion& question) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  AnswerOptions answer_options;
  answer_options.patient = options.patient;
  RowWriter rows(std::cout, global.format, {"code", "is_allowed", "covered_by", "reason"});
  exit_code = for_each_subject(*session, answer_options, [&](const SubjectAnswer& answer) {
    for (const AllowedCode& allowed : allowed_codes(answer.consolidated, answer.policy, answer.today, question)) {
      rows.add({OutputCell::of_text(allowed.code), OutputCell::of_boolean(allowed.answer.is_covered),
                cell_of(covered_by_of(answer.consolidated, allowed.answer)),
                allowed.answer.is_covered ? OutputCell{} : OutputCell::of_text(word_of(allowed.answer.reason))});
    }
  });
  rows.finish();
  return exit_code;
}

int run_check(const GlobalOptions& global, const CheckOptions& options) {
  if (!options.claim.empty()) return run_check_claim(global, options.claim, options.endpoint);
  if (options.patient.empty() || options.on_day.empty() || (options.code.empty() && !options.is_list)) {
    fmt::print(stderr, "authledger: say --patient and --on, with --code CODE or --codes; or --claim FILE\n");
    return kExitBadUsage;
  }
  auto day = parse_day(options.on_day);
  auto units = parse_quantity(options.units);
  if (!day || !units || !units->is_positive()) {
    fmt::print(stderr, "authledger: {}\n",
               !day ? "--on must be a day, YYYY-MM-DD" : "--units must be a number above 0");
    return kExitBadUsage;
  }
  CoverageQuestion question{upper_case(options.code), *day, *units, options.provider, options.place};
  for (const std::string& code : options.modifiers) question.modifiers.push_back(upper_case(code));
  for (const std::string& code : options.diagnosis_codes) question.diagnosis_codes.push_back(upper_case(code));
  if (options.is_list) return run_allowed_codes(global, options, question);
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  // What is known today decides; the day asked for is the day of the service.
  AnswerOptions answer_options;
  answer_options.patient = options.patient;
  std::optional<CoverageAnswer> found;
  std::vector<CoveredBy> covered_by;
  exit_code = for_each_subject(*session, answer_options, [&](const SubjectAnswer& answer) {
    CoverageAnswer covered = check_coverage(answer.consolidated, answer.policy, answer.today, question);
    for (CoveredBy& by : covered_by_of(answer.consolidated, covered)) covered_by.push_back(std::move(by));
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
  command->add_option("--patient", options->patient, "Patient id or reference");
  command->add_option("--code", options->code, "Service code, e.g. 90837");
  command->add_flag("--codes", options->is_list, "Instead of one code: every code of the patient's authorizations");
  command->add_option("--on", options->on_day, "Day of the service (YYYY-MM-DD)");
  command->add_option("--units", options->units, "Units of the service")->capture_default_str();
  command->add_option("--provider", options->provider, "Who serves, e.g. Practitioner/p1");
  command->add_option("--place", options->place, "Place of service, e.g. 11, 02");
  command->add_option("--modifier", options->modifiers, "Modifiers of the code, e.g. 95");
  command->add_option("--diagnosis", options->diagnosis_codes, "Diagnoses, e.g. F41.1");
  command->add_option("--claim", options->claim,
                      "Instead of one service: a FHIR Claim (JSON file) before it is sent, item by item");
  command->add_option("--endpoint", options->endpoint, "Whose mappings read the claim, where there are several");
  command->callback([line, options] { line.run = [line, options] { return run_check(line.options, *options); }; });
}

}  // namespace authledger
