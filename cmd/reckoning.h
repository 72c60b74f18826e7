#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cmd/session.h"
#include "ledger/status.h"
#include "sync/answers.h"

namespace authledger {

// How an answer is asked for: --patient, --on DAY, --as-known-at INSTANT.
struct AnswerOptions {
  std::string patient, on_day, as_known_at;
};

// Adds the three options to a subcommand.
void add_answer_options(CLI::App& command, AnswerOptions& options);

// Nullopt after the problem was printed: no day, no instant.
std::optional<Question> question_of(const AnswerOptions& options);

// for_each_answer, for a command: returns an exit code, kExitDone, or kExitBadUsage after the problem was printed.
// Throws DbError.
int for_each_subject(TenantSession& session, const AnswerOptions& options,
                     const std::function<void(const SubjectAnswer&)>& visit);

}  // namespace authledger
