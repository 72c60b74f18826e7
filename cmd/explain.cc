#include "ledger/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "base/text.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/passed_over.h"
#include "ledger/store/evidence_store.h"
#include "sync/evidence.h"

namespace authledger {
namespace {

struct ExplainOptions {
  AnswerOptions answer;
  std::string asked;
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

// "encounter@5f0c…" in a table; in the machine formats with the FHIRPath of each column where it is named first.
OutputCell mappings_cell(const std::vector<std::string>& mappings, std::map<std::string, std::string>& paths) {
  JsonWriter writer;
  JsonDocument document;
  writer.begin_array();
  for (const std::string& mapping : mappings) {
    writer.begin_object().member("mapping", mapping).key("paths");
    const auto known = paths.find(mapping);
    const auto root = document.parse(known == paths.end() ? "null" : known->second);
    root ? writer.value((*root)["views"]) : writer.null();
    writer.end_object();
    if (known != paths.end()) paths.erase(known);
  }
  return OutputCell::of_json(writer.end_array().take(), join(mappings, " "));
}

class Explainer {
 public:
  Explainer(TenantSession& session, const Question& question, const std::string& asked, RowWriter& rows)
      : session_(session), question_(question), asked_(asked), policies_(session), rows_(rows) {}

  // Returns how many steps the subject has.
  size_t subject(const SubjectName& name) {
    const auto history = read_history(session_, policies_, name.subject_id, question_, SystemClock());
    if (!history) return 0;
    const auto [subject, allocation] = reckon(history->facts, *history->policy, history->today);
    std::vector<ExplainRow> steps =
        explain_authorization(asked_, subject, allocation, history->entries, history->facts);
    if (steps.empty()) steps = explain_service(asked_, subject, allocation, history->entries, history->facts);
    print_conflicts(subject, allocation, asked_);
    read_paths(steps);
    for (const ExplainRow& step : steps) {
      rows_.add({OutputCell::of_text(format_instant(step.posted_at)), OutputCell::of_integer(step.entry_seq),
                 OutputCell::of_text(name.patient), OutputCell::of_text(step.line),
                 OutputCell::of_text(step.service_key), cell_of(step.day), row_cell(step.from), row_cell(step.to),
                 OutputCell::of_number(format_quantity(step.quantity)), OutputCell::of_text(word_of(step.measure)),
                 OutputCell::of_boolean(step.is_reversal), OutputCell::of_boolean(step.is_standing),
                 OutputCell::of_text(step.reason), OutputCell::of_list(step.sources),
                 mappings_cell(step.mappings, paths_),
                 OutputCell::of_list(others_of(step, subject, allocation, *history->policy, history->today))});
    }
    return steps.size();
  }

 private:
  void read_paths(const std::vector<ExplainRow>& steps) {
    std::set<std::string> mappings;
    for (const ExplainRow& step : steps) mappings.insert(step.mappings.begin(), step.mappings.end());
    transact(session_.connection(), session_.tenant_id(),
             [&](Transaction& transaction) { paths_ = read_mapping_paths(transaction, mappings); });
  }

  TenantSession& session_;
  const Question& question_;
  const std::string& asked_;
  KnownPolicies policies_;
  RowWriter& rows_;
  std::map<std::string, std::string> paths_;
};

int run_explain(const GlobalOptions& global, const ExplainOptions& options) {
  const auto question = question_of(options.answer);
  if (!question) return kExitBadUsage;
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  if (question->as_known_at) {
    std::optional<Failure> failure;
    transact(session->connection(), session->tenant_id(),
             [&](Transaction& transaction) { failure = settle(transaction, *question->as_known_at); });
    if (failure) {
      fmt::print(stderr, "authledger: {}\n", failure->message);
      return kExitBadUsage;
    }
  }
  RowWriter rows(std::cout, global.format,
                 {"posted_at", "entry_seq", "patient", "line", "service", "day", "from", "to", "quantity", "measure",
                  "is_reversal", "is_standing", "reason", "sources", "mappings", "passed_over"});
  Explainer explainer(*session, *question, options.asked, rows);
  size_t steps = 0;
  for (const SubjectName& name : subjects_naming(*session, options.asked, question->patient)) {
    steps += explainer.subject(name);
  }
  rows.finish();
  if (steps > 0) return kExitDone;
  fmt::print(stderr, "authledger: nothing was{} posted for {}; `authledger authorizations` lists every number\n",
             question->as_known_at ? " then" : " ever", options.asked);
  return kExitNegative;
}

}  // namespace

void add_explain_command(CommandLine line) {
  auto options = std::make_shared<ExplainOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "explain", "Every unit of an authorization or a service: which visit, which rule, when posted");
  command->add_option("asked", options->asked, "Any number the authorization ever had, its request, or Encounter/e1")
      ->required();
  add_answer_options(*command, options->answer);
  command->callback([line, options] { line.run = [line, options] { return run_explain(line.options, *options); }; });
}

}  // namespace authledger
