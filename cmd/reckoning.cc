#include "cmd/reckoning.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace authledger {

void add_answer_options(CLI::App& command, AnswerOptions& options) {
  command.add_option("--patient", options.patient, "Only this patient: an id or a reference (Patient/p1)");
  command.add_option("--on", options.on_day, "Recompute as if today were this day (YYYY-MM-DD)");
  command.add_option("--as-known-at", options.as_known_at, "What the journal held at this instant");
}

std::optional<Question> question_of(const AnswerOptions& options) {
  Question question;
  question.patient = options.patient;
  if (!options.on_day.empty()) {
    question.on_day = parse_day(options.on_day);
    if (!question.on_day) {
      fmt::print(stderr, "authledger: --on {} is no day; write YYYY-MM-DD\n", options.on_day);
      return std::nullopt;
    }
  }
  if (!options.as_known_at.empty()) {
    question.as_known_at = parse_instant(options.as_known_at);
    if (!question.as_known_at) {
      fmt::print(stderr, "authledger: --as-known-at {} is no instant; write 2026-03-01T12:00:00Z or with an offset\n",
                 options.as_known_at);
      return std::nullopt;
    }
  }
  return question;
}

int for_each_subject(TenantSession& session, const AnswerOptions& options,
                     const std::function<void(const SubjectAnswer&)>& visit) {
  auto question = question_of(options);
  if (!question) return kExitBadUsage;
  const RulesInForce& rules = session.rules();
  if (rules.waiting && rules.waiting->canary_percent == 0 && !question->as_known_at) {
    fmt::print(stderr,
               "authledger: rule version {} waits as a dry run: answers follow version {} (authledger rules list)\n",
               rules.waiting->rule_version, rules.rule_version);
  }
  const Outcome outcome = for_each_answer(session, *question, SystemClock(), visit);
  if (outcome) return kExitDone;
  fmt::print(stderr, "authledger: {}\n", outcome.error().message);
  return kExitBadUsage;
}

}  // namespace authledger
