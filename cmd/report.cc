#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "base/clock.h"
#include "cmd/ledger_rows.h"
#include "cmd/reckoning.h"
#include "ledger/continuity.h"
#include "ledger/store/journal_store.h"

namespace authledger {
namespace {

struct ReportOptions {
  std::string from, through, as_known_at, target = "97";
  bool lists_gaps = false;
};

struct Continuity {
  int64_t episodes = 0, uninterrupted = 0;
};

int refuse(const std::string& message) {
  fmt::print(stderr, "authledger: {}\n", message);
  return kExitBadUsage;
}

// One pass over every patient: counts the episodes of the period, and lists the gaps where `gaps` is given.
int count_episodes(TenantSession& session, const AnswerOptions& asked, Day from, Day through, Continuity& found,
                   RowWriter* gaps) {
  return for_each_subject(session, asked, [&](const SubjectAnswer& answer) {
    for (const CareEpisode& episode :
         care_episodes(answer.consolidated, answer.allocation, answer.policy, from, through)) {
      ++found.episodes;
      found.uninterrupted += episode.gaps.empty() ? 1 : 0;
      if (gaps == nullptr) continue;
      for (const CoverageGap& gap : episode.gaps) {
        gaps->add({OutputCell::of_text(answer.patient), OutputCell::of_text(episode.payer), cell_of(episode.first_day),
                   cell_of(episode.last_day), cell_of(std::optional(gap.day)), OutputCell::of_text(gap.service_key),
                   OutputCell::of_text(word_of(gap.reason))});
      }
    }
  });
}

void write_kpi(RowWriter& rows, const std::string& basis, const std::string& instant, const Continuity& found,
               Quantity target) {
  rows.add({OutputCell::of_text("uninterrupted_coverage"), OutputCell::of_text(basis), OutputCell::of_text(instant),
            OutputCell::of_integer(found.episodes), OutputCell::of_integer(found.episodes - found.uninterrupted),
            OutputCell::of_number(percent_text(found.uninterrupted, found.episodes)),
            OutputCell::of_number(format_quantity(target)),
            OutputCell::of_text(reaches(found.uninterrupted, found.episodes, target) ? "green" : "red")});
}

int run_report(const GlobalOptions& global, const ReportOptions& options) {
  const std::optional<Day> from = parse_day(options.from), through = parse_day(options.through);
  if (!from || !through || *through < *from) return refuse("--from and --through must be days, YYYY-MM-DD, in order");
  const std::optional<Quantity> target = parse_quantity(options.target);
  if (!target || *target < Quantity() || *target > Quantity::of_units(100)) {
    return refuse("--target must be a percentage from 0 to 100");
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  AnswerOptions corrected, known;
  if (options.lists_gaps) {
    RowWriter gaps(std::cout, global.format,
                   {"patient", "payer", "first_day", "last_day", "gap_day", "service", "reason"});
    Continuity found;
    corrected.as_known_at = options.as_known_at;
    exit_code = count_episodes(*session, corrected, *from, *through, found, &gaps);
    gaps.finish();
    return exit_code;
  }
  // As the period's last day ended, unless said otherwise; never later than what is settled by now.
  known.as_known_at = options.as_known_at;
  if (known.as_known_at.empty()) {
    Instant settled = SystemClock().now();
    transact(session->connection(), session->tenant_id(),
             [&](Transaction& transaction) { settled = std::min(settled, oldest_open_transaction(transaction)); });
    known.as_known_at = format_instant(std::min(settled, session->policy().zone.start_of(*through + 1)));
  }
  Continuity then, now;
  exit_code = count_episodes(*session, known, *from, *through, then, nullptr);
  if (exit_code == kExitDone) exit_code = count_episodes(*session, corrected, *from, *through, now, nullptr);
  if (exit_code != kExitDone) return exit_code;
  RowWriter rows(std::cout, global.format,
                 {"kpi", "basis", "known_at", "episodes", "interrupted", "percent", "target", "status"});
  write_kpi(rows, "as_known_at", known.as_known_at, then, *target);
  write_kpi(rows, "as_corrected", "", now, *target);
  rows.finish();
  return kExitDone;
}

}  // namespace

void add_report_command(CommandLine line) {
  auto options = std::make_shared<ReportOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand(
      "report", "Uninterrupted coverage: authorized episodes of care without a visit day that nothing covers");
  command->add_option("--from", options->from, "First day of service that counts (YYYY-MM-DD)")->required();
  command->add_option("--through", options->through, "Last day of service that counts (YYYY-MM-DD)")->required();
  command->add_option("--target", options->target, "Percent from which it is green (S3 of the field's sources: 97)")
      ->capture_default_str();
  command->add_option(
      "--as-known-at", options->as_known_at,
      "Beside what is known now: what the journal held at this instant; default, as the last day ended");
  command->add_flag("--gaps", options->lists_gaps, "List each visit day without authority instead");
  command->callback([line, options] { line.run = [line, options] { return run_report(line.options, *options); }; });
}

}  // namespace authledger
