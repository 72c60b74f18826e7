#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/facts.h"
#include "ledger/store/pg.h"

namespace authledger {

struct SubjectHead {
  int64_t subject_id = 0;
  int64_t facts_seq = 0, reconciled_seq = 0, entry_seq = 0;
  Hash entry_hash{};
  Hash outcome_hash{};  // Of the last entry; zero when there is none.
  int attempts = 0;
  std::string parked_reason;
};

// Locks up to `limit` due subjects (`for update skip locked`, due_at <= now, not parked) for the transaction.
std::vector<SubjectHead> claim_due_subjects(Transaction& transaction, Instant now, int limit);
// The same for chosen subjects, due or not; waits for locks in id order.
std::vector<SubjectHead> lock_subjects(Transaction& transaction, std::span<const int64_t> subject_ids);

// All fact versions of the subjects with fact_seq <= the given limit (empty limits: all), ordered by fact_seq. Result
// parallel to `subject_ids`.
std::vector<std::vector<Fact>> read_facts(Transaction& transaction, std::span<const int64_t> subject_ids,
                                          std::span<const int64_t> facts_seq_limits = {});

// Sets reconciled_seq and due_at (null = nothing to do until a new fact), attempts 0.
struct SubjectProgress {
  int64_t subject_id = 0;
  int64_t reconciled_seq = 0;
  std::optional<Instant> due_at;
};
void save_progress(Transaction& transaction, std::span<const SubjectProgress> progress);

// After a failure: attempts + 1 and due later, or parked with a reason once attempts reach `attempts_max`.
void back_off_subject(PgConnection& connection, int64_t tenant_id, int64_t subject_id, const std::string& reason,
                      Instant next_due_at, int attempts_max);

// All subjects with a patient alias, ordered by id; `patient` narrows to one ("Patient/p1" or "p1").
struct SubjectName {
  int64_t subject_id = 0;
  std::string source, patient;  // The alias that names it best: first recorded Patient reference.
};
std::vector<SubjectName> read_subjects(Transaction& transaction, const std::string& patient);
// References of each subject on one source, the one that names it best first; none when it is not known there.
std::vector<std::vector<std::string>> read_aliases(Transaction& transaction, std::span<const int64_t> subject_ids,
                                                   const std::string& source);

// Display names of organizations: "Organization/o1" → name, for tables.
std::vector<std::pair<std::string, std::string>> read_organization_names(Transaction& transaction);

struct SubjectTotals {
  int64_t subjects = 0, due = 0, parked = 0;
};
SubjectTotals count_subjects(Transaction& transaction, Instant now);

}  // namespace authledger
