#include "ledger/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/session.h"
#include "ledger/passed_over.h"
#include "ledger/reckon.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct ExplainOptions {
  std::string authorization, patient;
};

OutputCell row_cell(Account account) {
  return OutputCell::of_text(word_of(account));
}

// What the sources disagree about, or leave open, for this authorization.
void print_conflicts(const Consolidated& subject, const Allocation& allocation, const std::string& authorization) {
  for (const AuthorizationLine& line : subject.lines) {
    const bool is_asked =
        line.request == authorization || std::ranges::find(line.numbers, authorization) != line.numbers.end();
    for (const Conflict& conflict : subject.conflicts) {
      if (is_asked && conflict.book == line.book)
        fmt::print(stderr, "authledger: line {}: {}\n", line.line, conflict.message);
    }
  }
  for (const Service& service : subject.services) {
    for (const Conflict& conflict : allocation.conflicts) {
      const bool is_asked = service.authorization_number == authorization && conflict.book == service.key;
      if (is_asked) fmt::print(stderr, "authledger: {}: {}\n", service.key, conflict.message);
    }
  }
}

// Which other authorizations could have covered the visit of a step that stands, and why they did not.
std::vector<std::string> others_of(const ExplainRow& step, const Consolidated& subject, const Allocation& allocation,
                                   const Policy& policy, Day today) {
  std::vector<std::string> texts;
  if (!step.is_standing || step.service_key.empty()) return texts;
  for (const PassedOver& other : passed_over(step.book, step.service_key, subject, allocation, policy, today)) {
    texts.push_back(fmt::format("{}, line {}: {}", other.authorization_number, other.line, other.why));
  }
  return texts;
}

// Returns how many steps the subject has for the authorization.
size_t explain_subject(TenantSession& session, const SubjectName& name, const std::string& authorization, Day today,
                       RowWriter& rows) {
  std::vector<Fact> facts;
  std::vector<JournalEntry> entries;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    facts = std::move(read_facts(transaction, std::array{name.subject_id})[0]);
    entries = read_entries(transaction, name.subject_id);
  });
  const Policy& policy = session.policy();
  const auto [subject, allocation] = reckon(facts, policy, today);
  std::vector<ExplainRow> steps = explain_authorization(authorization, subject, allocation, entries, facts);
  print_conflicts(subject, allocation, authorization);
  for (const ExplainRow& step : steps) {
    rows.add({OutputCell::of_text(format_instant(step.posted_at)), OutputCell::of_integer(step.entry_seq),
              OutputCell::of_text(name.patient), OutputCell::of_text(step.line), OutputCell::of_text(step.service_key),
              cell_of(step.day), row_cell(step.from), row_cell(step.to),
              OutputCell::of_number(format_quantity(step.quantity)), OutputCell::of_text(word_of(step.measure)),
              OutputCell::of_boolean(step.is_reversal), OutputCell::of_boolean(step.is_standing),
              OutputCell::of_text(step.reason), OutputCell::of_list(step.sources),
              OutputCell::of_list(others_of(step, subject, allocation, policy, today))});
  }
  return steps.size();
}

int run_explain(const GlobalOptions& global, const ExplainOptions& options) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  std::vector<SubjectName> names;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { names = read_subjects(transaction, options.patient); });
  Day today = session->policy().zone.day_of(SystemClock().now());
  RowWriter rows(std::cout, global.format,
                 {"posted_at", "entry_seq", "patient", "line", "service", "day", "from", "to", "quantity", "measure",
                  "is_reversal", "is_standing", "reason", "sources", "passed_over"});
  size_t steps = 0;
  for (const SubjectName& name : names) steps += explain_subject(*session, name, options.authorization, today, rows);
  rows.finish();
  if (steps > 0) return kExitDone;
  fmt::print(stderr, "authledger: nothing was ever posted for {}; `authledger authorizations` lists every number\n",
             options.authorization);
  return kExitNegative;
}

}  // namespace

void add_explain_command(CommandLine line) {
  auto options = std::make_shared<ExplainOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command =
      line.app.add_subcommand("explain", "Every unit of an authorization: which visit, which rule, when posted");
  command->add_option("authorization", options->authorization, "Any number it ever had, or its request")->required();
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference (Patient/p1)");
  command->callback([line, options] { line.run = [line, options] { return run_explain(line.options, *options); }; });
}

}  // namespace authledger
