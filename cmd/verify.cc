#include "sync/verify.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

#include "base/private_file.h"
#include "cmd/session.h"
#include "cmd/verify_file.h"
#include "ledger/journal_json.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/subject_store.h"

namespace authledger {
namespace {

struct VerifyOptions {
  std::string file, seals, export_seals, export_journal;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
};

std::vector<int64_t> all_subject_ids(TenantSession& session) {
  std::vector<int64_t> ids;
  transact(session.connection(), session.tenant_id(), [&](Transaction& transaction) {
    for (const SubjectName& name : read_subjects(transaction, "")) ids.push_back(name.subject_id);
  });
  return ids;
}

// Writes a file of lines that `each` gives, one by one. False after the problem was printed.
bool export_lines(const std::string& path,
                  const std::function<void(const std::function<void(std::string)>& line)>& each) {
  auto file = PrivateFile::create(path);
  Outcome finished = Done{};
  if (file) {
    each([&](std::string line) { file->write(line.append("\n")); });
    finished = file->finish();
    if (finished) return true;
  }
  fmt::print(stderr, "authledger: {}\n", file ? finished.error().message : file.error().message);
  return false;
}

bool export_seals(TenantSession& session, const std::string& path) {
  return export_lines(
      path, [&](const auto& line) { for_each_seal(session, [&](const Seal& seal) { line(seal_line(seal)); }); });
}

bool export_journal(TenantSession& session, const std::string& path) {
  return export_lines(path, [&](const auto& line) {
    for (int64_t subject_id : all_subject_ids(session)) {
      std::vector<JournalEntry> entries;
      transact(session.connection(), session.tenant_id(),
               [&](Transaction& transaction) { entries = read_entries(transaction, subject_id); });
      for (JournalEntry& entry : entries) line(journal_line({session.tenant_id(), subject_id, std::move(entry)}));
    }
  });
}

int run_verify(const GlobalOptions& global, const VerifyOptions& options) {
  if (!options.file.empty()) return verify_file(global, options.file, options.seals);
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  TerminalProgress progress;
  VerifyReport report = verify_journal(*session, options.threads, std::ref(progress));
  progress.clear();
  verify_seals(*session, report);
  int64_t kept = 0;
  if (!options.seals.empty()) {
    SealComparison comparison(*session, report);
    const bool is_read = read_kept_seals(options.seals, [&](JsonView line) {
      ++kept;
      auto seal = seal_from(line);
      seal ? comparison.add(*seal) : report.faults.push_back({0, 0, 0, seal.error().message});
    });
    if (!is_read) return kExitBadUsage;
  }
  std::vector<FileFault> faults;
  for (VerifyFault& fault : report.faults) {
    faults.push_back(
        {session->tenant_id(), fault.subject_id, fault.entry_seq, fault.seal_seq, std::move(fault.message)});
  }
  const int result =
      print_faults(global, session->config().tenant.name, faults,
                   fmt::format("{} subjects, {} entries, {} seals{}", report.counts.subjects, report.counts.entries,
                               report.seals, options.seals.empty() ? "" : fmt::format(", {} kept seals", kept)));
  if (result != kExitDone && !(options.export_seals.empty() && options.export_journal.empty())) {
    fmt::print(stderr, "authledger: nothing is exported of a journal that does not verify\n");
    return result;
  }
  const bool is_exported = (options.export_seals.empty() || export_seals(*session, options.export_seals)) &&
                           (options.export_journal.empty() || export_journal(*session, options.export_journal));
  return is_exported ? result : kExitBadUsage;
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
  auto options = std::make_shared<VerifyOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "verify", "Hash chains, seals, conservation and projections; names the first broken entry");
  command->add_option("--seals", options->seals, "Compare with seals that were exported earlier");
  CLI::Option* file = command->add_option(
      "--file", options->file, "Check an exported journal, exported seals or an evidence bundle; needs no database");
  command->add_option("--export-seals", options->export_seals, "Write the seals, to be kept outside of the database")
      ->excludes(file);
  command->add_option("--export-journal", options->export_journal, "Write every entry, for a check without a database")
      ->excludes(file);
  command->add_option("--threads", options->threads, "Connections that read the journal")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->callback([line, options] { line.run = [line, options] { return run_verify(line.options, *options); }; });
}

void add_rebuild_command(CommandLine line) {
  CLI::App* command = line.app.add_subcommand("rebuild", "Fold the balance projection again from the journal");
  command->callback([line] { line.run = [line] { return run_rebuild(line.options); }; });
}

}  // namespace authledger
