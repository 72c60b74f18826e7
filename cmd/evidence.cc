#include "sync/evidence.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/private_file.h"
#include "cmd/reckoning.h"
#include "ledger/store/journal_store.h"

namespace authledger {
namespace {

struct EvidenceOptions {
  AnswerOptions answer;
  std::string asked, out;
};

std::optional<Failure> write_file(const std::string& path, const std::string& text) {
  auto file = PrivateFile::create(path);
  if (!file) return file.error();
  file->write(text);
  const Outcome finished = file->finish();
  return finished ? std::nullopt : std::optional(finished.error());
}

int run_evidence(const GlobalOptions& global, const EvidenceOptions& options) {
  const auto asked = question_of(options.answer);
  if (!asked) return kExitBadUsage;
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  // Without an instant: the end of the day of service, where the site is, or what is settled of a day that still runs.
  EvidenceQuestion question{options.asked, *asked->on_day, {}};
  const Instant day_end = session->policy().zone.start_of(question.on + 1) - std::chrono::microseconds(1);
  std::optional<Failure> unsettled_since;
  transact(session->connection(), session->tenant_id(), [&](Transaction& transaction) {
    question.as_known_at = asked->as_known_at.value_or(std::min(day_end, oldest_open_transaction(transaction)));
    unsettled_since = settle(transaction, question.as_known_at);
  });
  if (unsettled_since) {
    fmt::print(stderr, "authledger: {}\n", unsettled_since->message);
    return kExitBadUsage;
  }
  KnownPolicies policies(*session);
  std::optional<EvidenceText> text;
  bool is_sealed = false;
  for (const SubjectName& name : subjects_naming(*session, options.asked, options.answer.patient)) {
    const auto evidence = gather_evidence(*session, policies, name.subject_id, question);
    if (!evidence) continue;
    auto written = write_evidence(*evidence);
    if (!written) continue;
    if (text) {
      fmt::print(stderr, "authledger: {} names something of several patients; say whose with --patient\n",
                 options.asked);
      return kExitBadUsage;
    }
    text = std::move(*written);
    is_sealed = evidence->seal.has_value();
  }
  if (!text) {
    fmt::print(stderr,
               "authledger: nothing was known of {} at {}; --as-known-at asks for a later instant, `authledger explain "
               "{}` shows when it was first posted\n",
               options.asked, format_instant(question.as_known_at), options.asked);
    return kExitNegative;
  }
  for (const auto& [path, part] : {std::pair(options.out, &text->json), std::pair(options.out + ".txt", &text->page)}) {
    if (auto failure = write_file(path, *part)) {
      fmt::print(stderr, "authledger: {}\n", failure->message);
      return kExitBadUsage;
    }
  }
  if (global.format == Format::table) fmt::print("{}", text->page);
  if (!is_sealed) {
    fmt::print(stderr,
               "authledger: no seal covers this yet, the next round makes one; the same call then gives the bundle "
               "with its seal\n");
  }
  return kExitDone;
}

}  // namespace

void add_evidence_command(CommandLine line) {
  auto options = std::make_shared<EvidenceOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "evidence",
      "What was known of an authorization or a service on a day of service, as a bundle that proves itself");
  command->add_option("asked", options->asked, "Any number the authorization ever had, its request, or Encounter/e1")
      ->required();
  command->add_option("--patient", options->answer.patient, "Only this patient: an id or a reference (Patient/p1)");
  command->add_option("--on", options->answer.on_day, "The day of service (YYYY-MM-DD)")->required();
  command->add_option("--as-known-at", options->answer.as_known_at, "Instead of at the end of that day");
  command->add_option("--out", options->out, "The bundle; the page for people goes to FILE.txt")->required();
  command->callback([line, options] { line.run = [line, options] { return run_evidence(line.options, *options); }; });
}

}  // namespace authledger
