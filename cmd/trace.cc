#include "ledger/trace.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/ledger_rows.h"
#include "cmd/session.h"
#include "ledger/reckon.h"
#include "ledger/store/fact_store.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct TraceOptions {
  std::string key, patient;
};

OutputCell cell_of(const std::vector<TracedPosting>& postings) {
  JsonWriter writer;
  std::vector<std::string> shown;
  writer.begin_array();
  for (const TracedPosting& posting : postings) {
    const Transfer& transfer = posting.transfer;
    const std::string name = fmt::format("entry/{}#{}", posting.entry_seq, posting.transfer_no);
    writer.begin_object().member("posting", name).member("posted_at", format_instant(posting.posted_at));
    writer.member("from", word_of(transfer.from)).member("to", word_of(transfer.to));
    writer.key("quantity").number_text(format_quantity(transfer.quantity));
    writer.member("measure", word_of(transfer.measure)).key("is_standing").boolean(posting.is_standing);
    writer.member("reason", transfer.reason).end_object();
    if (posting.is_standing) {
      shown.push_back(fmt::format("{} {} from {} to {}", name, format_quantity(transfer.quantity),
                                  word_of(transfer.from), word_of(transfer.to)));
    }
  }
  writer.end_array();
  return OutputCell::of_json(writer.take(), join(shown, ", "));
}

int run_trace(const GlobalOptions& global, const TraceOptions& options) {
  if (options.key.starts_with("entry/") && options.patient.empty()) {
    fmt::print(stderr, "authledger: a posting is numbered for each patient; say with --patient whose it is\n");
    return kExitBadUsage;
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const Day today = session->policy().zone.day_of(SystemClock().now());
  RowWriter rows(std::cout, global.format, {"patient", "service", "visits", "postings", "claim_items"});
  size_t found = 0;
  std::vector<SubjectName> names;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { names = read_subjects(transaction, options.patient); });
  for (const SubjectName& name : names) {
    std::vector<Fact> facts;
    std::vector<JournalEntry> entries;
    transact(session->connection(), session->tenant_id(), [&](Transaction& transaction) {
      facts = std::move(read_facts(transaction, std::array{name.subject_id})[0]);
      entries = read_entries(transaction, name.subject_id);
    });
    const Reckoning reckoning = reckon(facts, session->policy(), today);
    for (const ServiceTrace& traced : trace(options.key, reckoning.subject, entries, facts)) {
      ++found;
      rows.add({OutputCell::of_text(name.patient), OutputCell::of_text(traced.service_key),
                OutputCell::of_list(traced.visits), cell_of(traced.postings), OutputCell::of_list(traced.claim_items)});
    }
  }
  rows.finish();
  if (found > 0) return kExitDone;
  fmt::print(stderr, "authledger: no service stands on {}; `authledger services` lists their keys\n", options.key);
  return kExitNegative;
}

}  // namespace

void add_trace_command(CommandLine line) {
  auto options = std::make_shared<TraceOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("trace", "From a visit, a posting or a claim item to the other two");
  command
      ->add_option("key", options->key,
                   "Encounter/e1, Claim/c1, one item of it (Claim/c1#2), or a posting (entry/12#1, with --patient)")
      ->required();
  command->add_option("--patient", options->patient, "Only this patient: an id or a reference (Patient/p1)");
  command->callback([line, options] { line.run = [line, options] { return run_trace(line.options, *options); }; });
}

}  // namespace authledger
