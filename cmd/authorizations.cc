#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

// The payer's name where some resource gave one; the reference otherwise.
std::string payer_shown(const AuthorizationRow& row, const std::map<std::string, std::string>& names) {
  if (auto found = names.find(row.payer); found != names.end()) return found->second;
  return row.payer_display.empty() ? row.payer : row.payer_display;
}

int run_authorizations(const GlobalOptions& global, const AnswerOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  std::map<std::string, std::string> names;
  transact(session->connection(), session->tenant_id(), [&](Transaction& transaction) {
    for (auto& [reference, name] : read_organization_names(transaction)) names.emplace(reference, name);
  });
  RowWriter rows(
      std::cout, global.format,
      {"patient", "payer", "authorization_number", "line", "service_codes", "measure", "decision", "window", "supply",
       "first_day", "last_day", "approved", "available", "reserved", "used", "lapsed", "sources", "letters"});
  exit_code = for_each_subject(*session, options, [&](const SubjectAnswer& answer) {
    for (AuthorizationRow& row :
         authorization_rows(answer.consolidated, answer.allocation, answer.policy, answer.today)) {
      rows.add({OutputCell::of_text(row.patient.empty() ? answer.patient : row.patient),
                OutputCell::of_text(payer_shown(row, names)), OutputCell::of_text(row.authorization_number),
                OutputCell::of_text(row.line), OutputCell::of_list(row.service_codes),
                OutputCell::of_text(word_of(row.measure)), OutputCell::of_text(word_of(row.decision)),
                OutputCell::of_text(word_of(row.window)), OutputCell::of_text(word_of(row.supply)),
                cell_of(row.first_day), cell_of(row.last_day), cell_of(row.approved), cell_of(row.available),
                cell_of(std::optional(row.reserved)), cell_of(std::optional(row.used)), cell_of(row.lapsed),
                OutputCell::of_list(row.sources), OutputCell::of_list(row.letters)});
    }
  });
  rows.finish();
  return exit_code;
}

}  // namespace

void add_authorizations_command(CommandLine line) {
  auto options = std::make_shared<AnswerOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("authorizations", "Every authorization line: what is left, and until when");
  add_answer_options(*command, *options);
  command->callback(
      [line, options] { line.run = [line, options] { return run_authorizations(line.options, *options); }; });
}

}  // namespace authledger
