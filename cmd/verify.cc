#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cmd/session.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct Fault {
  int64_t subject_id = 0, entry_seq = 0;
  std::string message;
};

// The chain, the projection and conservation of one subject.
void verify_subject(Transaction& transaction, int64_t subject_id, std::vector<Fault>& faults,
                    int64_t& entries_checked) {
  std::vector<JournalEntry> entries = read_entries(transaction, subject_id);
  entries_checked += static_cast<int64_t>(entries.size());
  if (auto fault = verify_chain(subject_key(transaction.tenant_id(), subject_id), entries)) {
    faults.push_back({subject_id, fault->entry_seq, fault->message});
    return;
  }
  std::vector<Transfer> transfers;
  for (const JournalEntry& entry : entries)
    transfers.insert(transfers.end(), entry.transfers.begin(), entry.transfers.end());
  std::vector<Balance> folded = fold_balances(transfers);
  if (folded != read_balances(transaction, subject_id)) {
    faults.push_back({subject_id, 0, "the balance projection differs from the journal; run `authledger rebuild`"});
  }
  int64_t sum = 0;
  for (const Balance& balance : folded) sum += balance.quantity.milli();
  if (sum != 0) faults.push_back({subject_id, 0, "debits and credits differ"});
}

std::vector<int64_t> all_subject_ids(TenantSession& session) {
  std::vector<int64_t> ids;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    for (const SubjectName& name : read_subjects(transaction, "")) ids.push_back(name.subject_id);
  });
  return ids;
}

int run_verify(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  std::vector<Fault> faults;
  int64_t entries = 0;
  std::vector<int64_t> ids = all_subject_ids(*session);
  TerminalProgress progress;
  for (size_t i = 0; i < ids.size(); ++i) {
    transact(session->connection(), session->tenant_id(),
             [&](Transaction& transaction) { verify_subject(transaction, ids[i], faults, entries); });
    progress(fmt::format("verify: {} of {} subjects", i + 1, ids.size()));
  }
  progress.clear();
  if (global.format == Format::table) {
    for (const Fault& fault : faults) {
      fmt::print("subject {}{}: {}\n", fault.subject_id,
                 fault.entry_seq == 0 ? "" : fmt::format(", entry {}", fault.entry_seq), fault.message);
    }
    fmt::print("{} subjects, {} entries, {} faults\n", ids.size(), entries, faults.size());
  } else {
    RowWriter rows(std::cout, global.format, {"subject", "entry_seq", "message"});
    for (const Fault& fault : faults) {
      rows.add({OutputCell::of_integer(fault.subject_id),
                fault.entry_seq == 0 ? OutputCell{} : OutputCell::of_integer(fault.entry_seq),
                OutputCell::of_text(fault.message)});
    }
    rows.finish();
  }
  return faults.empty() ? kExitDone : kExitNegative;
}

int run_rebuild(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  std::vector<int64_t> ids = all_subject_ids(*session);
  TerminalProgress progress;
  for (size_t i = 0; i < ids.size(); ++i) {
    transact(session->connection(), session->tenant_id(),
             [&](Transaction& transaction) { rebuild_balances(transaction, ids[i]); });
    progress(fmt::format("rebuild: {} of {} subjects", i + 1, ids.size()));
  }
  progress.clear();
  fmt::print("{} subjects rebuilt from the journal\n", ids.size());
  return kExitDone;
}

}  // namespace

void add_verify_command(CommandLine line) {
  CLI::App* command =
      line.app.add_subcommand("verify", "Hash chains, conservation and projections; names the first broken entry");
  command->callback([line] { line.run = [line] { return run_verify(line.options); }; });
}

void add_rebuild_command(CommandLine line) {
  CLI::App* command = line.app.add_subcommand("rebuild", "Fold the balance projection again from the journal");
  command->callback([line] { line.run = [line] { return run_rebuild(line.options); }; });
}

}  // namespace authledger
