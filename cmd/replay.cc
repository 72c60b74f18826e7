#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

#include "base/json.h"
#include "cmd/session.h"
#include "ledger/reckon.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/subject_store.h"
#include "sync/answers.h"

namespace authledger {
namespace {

struct ReplayCounts {
  int64_t rebuilt = 0, verified_by_hash = 0;
};

struct ReplayFault {
  int64_t subject_id = 0, entry_seq = 0;
  std::string message;
};

class Replay {
 public:
  explicit Replay(TenantSession& session) : session_(session), policies_(session) {}

  void subject(int64_t subject_id) {
    std::vector<JournalEntry> entries;
    std::vector<std::vector<Fact>> facts;
    transact(session_.connection(), session_.tenant_id(), [&](Transaction& transaction) {
      entries = read_entries(transaction, subject_id);
      facts = read_facts(transaction, std::array{subject_id});
    });
    // Entries of other allocator versions cannot be rebuilt by this program; their hashes still must hold.
    if (auto fault = verify_chain(subject_key(session_.tenant_id(), subject_id), entries)) {
      faults.push_back({subject_id, fault->entry_seq, fault->message});
      return;
    }
    std::vector<Transfer> posted;
    for (const JournalEntry& entry : entries) {
      if (entry.allocator_version != kAllocatorVersion) {
        ++counts.verified_by_hash;
      } else if (EntryPlan plan = rebuild(entry, facts[0], posted);
                 plan.transfers == entry.transfers && plan.outcome_hash == entry.outcome_hash) {
        ++counts.rebuilt;
      } else {
        faults.push_back({subject_id, entry.entry_seq, "its inputs give other transfers than those posted"});
      }
      posted.insert(posted.end(), entry.transfers.begin(), entry.transfers.end());
    }
  }

  ReplayCounts counts;
  std::vector<ReplayFault> faults;

 private:
  EntryPlan rebuild(const JournalEntry& entry, const std::vector<Fact>& facts, const std::vector<Transfer>& posted) {
    std::vector<Fact> known;
    for (const Fact& fact : facts) {
      if (fact.fact_seq <= entry.facts_seq) known.push_back(fact);
    }
    const Policy& policy = policies_.version(entry.policy_version);
    const auto [subject, allocation] = reckon(known, policy, entry.as_of_day);
    return plan_entry(subject, allocation, fold_positions(posted));
  }

  TenantSession& session_;
  KnownPolicies policies_;
};

int run_replay(const GlobalOptions& global, const std::string& patient) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  std::vector<SubjectName> names;
  transact(session->connection(), session->tenant_id(),
           [&](Transaction& transaction) { names = read_subjects(transaction, patient); });
  Replay replay(*session);
  TerminalProgress progress;
  for (size_t i = 0; i < names.size(); ++i) {
    replay.subject(names[i].subject_id);
    progress(fmt::format("replay: {} of {} subjects", i + 1, names.size()));
  }
  progress.clear();
  if (global.format == Format::table) {
    for (const ReplayFault& fault : replay.faults)
      fmt::print("subject {}, entry {}: {}\n", fault.subject_id, fault.entry_seq, fault.message);
    fmt::print("{} entries rebuilt from their inputs, {} of other allocator versions verified by hash, {} faults\n",
               replay.counts.rebuilt, replay.counts.verified_by_hash, replay.faults.size());
  } else {
    JsonWriter writer;
    writer.begin_object()
        .key("rebuilt")
        .number(replay.counts.rebuilt)
        .key("verified_by_hash")
        .number(replay.counts.verified_by_hash);
    writer.key("faults").begin_array();
    for (const ReplayFault& fault : replay.faults) {
      writer.begin_object().key("subject").number(fault.subject_id).key("entry_seq").number(fault.entry_seq);
      writer.member("message", fault.message).end_object();
    }
    fmt::print("{}\n", writer.end_array().end_object().take());
  }
  return replay.faults.empty() ? kExitDone : kExitNegative;
}

}  // namespace

void add_replay_command(CommandLine line) {
  auto patient = std::make_shared<std::string>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("replay", "Rebuild every journal entry from its inputs and compare");
  command->add_option("--patient", *patient, "Only this patient: an id or a reference (Patient/p1)");
  command->callback([line, patient] { line.run = [line, patient] { return run_replay(line.options, *patient); }; });
}

}  // namespace authledger
