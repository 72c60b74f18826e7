#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cmd/session.h"
#include "ledger/status.h"
#include "ledger/store/subject_store.h"

namespace authledger {

// How an answer is asked for: --patient, --on DAY, --as-known-at INSTANT.
struct AnswerOptions {
  std::string patient, on_day, as_known_at;
};

// One subject, reckoned.
struct SubjectAnswer {
  int64_t subject_id = 0;
  std::string patient;
  Policy policy;
  Day today;
  Consolidated consolidated;
  Allocation allocation;
};

// Adds the three options to a subcommand.
void add_answer_options(CLI::App& command, AnswerOptions& options);

// Reckons every subject asked for and hands it to `visit`, in order of subject. With --as-known-at each subject is
// replayed from the last entry posted by then, under the policy and day of that entry; an instant after the oldest open
// transaction is refused, since that transaction may still post below it.
// Returns an exit code: kExitDone, or kExitBadUsage after the problem was printed. Throws DbError.
int for_each_subject(TenantSession& session, const AnswerOptions& options,
                     const std::function<void(const SubjectAnswer&)>& visit);

}  // namespace authledger
