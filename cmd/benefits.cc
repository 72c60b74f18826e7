#include <CLI/CLI.hpp>
#include <iostream>

#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"

namespace authledger {
namespace {

const std::vector<std::string> kColumns = {"patient", "payer", "name",     "kind", "period", "first_day", "last_day",
                                           "limit",   "used",  "reserved", "left", "unit",   "source"};

struct BenefitLine {
  std::string payer, name, kind, period, unit, source;
  std::optional<Day> first_day, last_day;
  std::optional<Quantity> limit, used, reserved, left;
};

void add(RowWriter& rows, const std::string& patient, const BenefitLine& line) {
  rows.add({OutputCell::of_text(patient), OutputCell::of_text(line.payer), OutputCell::of_text(line.name),
            OutputCell::of_text(line.kind), OutputCell::of_text(line.period), cell_of(line.first_day),
            cell_of(line.last_day), cell_of(line.limit), cell_of(line.used), cell_of(line.reserved), cell_of(line.left),
            OutputCell::of_text(line.unit), OutputCell::of_text(line.source)});
}

// What the rules say that the plan pays for, as far as visits have taken of it.
void add_ruled(RowWriter& rows, const std::string& patient, const SubjectAnswer& answer) {
  for (const BenefitBalance& balance : answer.allocation.benefits) {
    BenefitLine line;
    line.name = balance.name;
    line.kind = "rule";
    line.first_day = balance.first_day;
    line.limit = balance.limit;
    line.used = balance.used;
    line.reserved = balance.reserved;
    line.left = balance.limit - balance.used - balance.reserved;
    for (const BenefitRule& rule : answer.policy.rules.benefits) {
      if (rule.name != balance.name) continue;
      line.payer = rule.payer;
      line.period = word_of(rule.per);
      line.unit = rule.measure;
    }
    add(rows, patient, line);
  }
}

// What the payer states: shown, never counted.
void add_stated(RowWriter& rows, const std::string& patient, const SubjectAnswer& answer) {
  for (const StatedBenefit& benefit : answer.consolidated.benefits) {
    const BenefitFact& says = benefit.says;
    BenefitLine line;
    line.payer = benefit.payer;
    line.name = says.category.empty() ? says.name : says.category + " " + says.name;
    line.kind = "stated";
    line.period = says.period;
    line.first_day = says.first_day;
    line.last_day = says.last_day;
    line.limit = says.allowed;
    line.used = says.used;
    if (says.allowed && says.used) line.left = *says.allowed - *says.used;
    line.unit = !says.currency.empty() ? says.currency : says.allowed_text;
    line.source = benefit.source.source + ":" + benefit.source.resource;
    add(rows, patient, line);
  }
}

// The money of authorization lines, where a payer limits it.
void add_amounts(RowWriter& rows, const std::string& patient, const SubjectAnswer& answer) {
  for (const AuthorizationLine& authorized : answer.consolidated.lines) {
    if (!authorized.amount) continue;
    BenefitLine line;
    line.payer = authorized.payer;
    line.name = authorized.authorization_number + "/" + authorized.line;
    line.kind = "amount";
    line.first_day = authorized.first_day;
    line.last_day = authorized.last_day;
    line.limit = authorized.amount;
    line.used = answer.allocation.balances.at(authorized.book).amount_used;
    if (line.used) line.left = *line.limit - *line.used;
    line.unit = authorized.currency;
    if (!authorized.sources.empty()) {
      line.source = authorized.sources.front().source + ":" + authorized.sources.front().resource;
    }
    add(rows, patient, line);
  }
}

int run_benefits(const GlobalOptions& global, const AnswerOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  RowWriter rows(std::cout, global.format, kColumns);
  exit_code = for_each_subject(*session, options, [&](const SubjectAnswer& answer) {
    const std::string& patient = answer.consolidated.patient.empty() ? answer.patient : answer.consolidated.patient;
    add_ruled(rows, patient, answer);
    add_stated(rows, patient, answer);
    add_amounts(rows, patient, answer);
  });
  rows.finish();
  return exit_code;
}

}  // namespace

void add_benefits_command(CommandLine line) {
  auto options = std::make_shared<AnswerOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "benefits", "Limits of the plan beside the authorizations: by rule, as the payer states them, and amounts");
  add_answer_options(*command, *options);
  command->callback([line, options] { line.run = [line, options] { return run_benefits(line.options, *options); }; });
}

}  // namespace authledger
