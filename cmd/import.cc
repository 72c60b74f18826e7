#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/session.h"
#include "sync/import_file.h"

namespace authledger {
namespace {

struct ImportCommandOptions {
  std::string file, mapping, on_day;
  bool is_dry_run = false, is_authoritative = false;
};

// What changes, or is wrong, cell by cell. A dry run shows everything that the import would do; the import itself what
// it could not.
class ReportWriter {
 public:
  ReportWriter(std::ostream& out, Format format, bool is_dry_run)
      : rows_(out, format, {"row", "state", "column", "cell", "was", "is", "problem"}), is_dry_run_(is_dry_run) {}

  void add(const ImportRowReport& report) {
    if (report.state == ImportRowState::unchanged || report.state == ImportRowState::reread) return;
    if (!is_dry_run_ && report.state != ImportRowState::broken) return;
    if (report.changes.empty() && report.problems.empty()) write(report, {}, {});
    for (const CellChange& change : report.changes) write(report, change, {});
    for (const CellProblem& problem : report.problems) write(report, {}, problem);
  }
  void finish() { rows_.finish(); }

 private:
  void write(const ImportRowReport& report, const CellChange& change, const CellProblem& problem) {
    rows_.add({report.row == 0 ? OutputCell() : OutputCell::of_integer(static_cast<long long>(report.row)),
               OutputCell::of_text(word_of(report.state)),
               OutputCell::of_text(change.column.empty() ? problem.column : change.column),
               OutputCell::of_text(change.cell.empty() ? problem.cell : change.cell), OutputCell::of_text(change.was),
               OutputCell::of_text(change.is), OutputCell::of_text(problem.message)});
  }

  RowWriter rows_;
  bool is_dry_run_;
};

std::string counts_text(const ImportSummary& summary, bool is_dry_run) {
  std::string text = fmt::format("{} rows: {} new, {} changed, {} unchanged", summary.rows, summary.fresh,
                                 summary.changed, summary.unchanged);
  if (summary.reread > 0) text += fmt::format(", {} as before under another mapping", summary.reread);
  text += fmt::format(", {} with errors", summary.broken);
  if (summary.gone > 0) text += fmt::format("; {} gone from the sheet", summary.gone);
  if (is_dry_run) return text + "\ndry run: nothing was recorded";
  return text + fmt::format("\n{} facts recorded, {} taken back; {} journal entries posted",
                            summary.round.facts.new_facts, summary.round.facts.retracted, summary.round.entries);
}

std::string summary_text(const ImportSummary& summary, bool is_dry_run, const std::string& rows) {
  JsonWriter writer;
  writer.begin_object().key("rows").number(summary.rows).key("new").number(summary.fresh);
  writer.key("changed").number(summary.changed).key("mapped_again").number(summary.reread);
  writer.key("unchanged").number(summary.unchanged).key("gone").number(summary.gone);
  writer.key("errors").number(summary.broken).key("dry_run").boolean(is_dry_run);
  writer.key("facts").begin_object().key("new").number(summary.round.facts.new_facts);
  writer.key("retracted").number(summary.round.facts.retracted).end_object();
  writer.key("entries").number(summary.round.entries);
  JsonDocument document;
  if (auto parsed = document.parse(rows)) writer.key("report").value(*parsed);
  writer.key("failures").begin_array();
  for (const std::string& failure : summary.failures) writer.string(failure);
  return writer.end_array().end_object().take();
}

int run_import(const GlobalOptions& global, const ImportCommandOptions& options) {
  std::stop_token stop = stop_on_signals();
  auto mapping = load_import_mapping(options.mapping);
  if (!mapping) {
    for (const Issue& issue : mapping.error()) fmt::print(stderr, "{}: {}\n", issue.element_path, issue.message);
    fmt::print(stderr, "authledger: the mapping cannot be used; docs/import.md lists every key\n");
    return kExitBadUsage;
  }
  ImportOptions import{options.file, options.is_dry_run, options.is_authoritative, parse_day(options.on_day)};
  if (!options.on_day.empty() && !import.on_day) {
    fmt::print(stderr, "authledger: --on must be a day, YYYY-MM-DD\n");
    return kExitBadUsage;
  }
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  SystemClock clock;
  RoundOptions round;
  TerminalProgress progress;
  RoundContext context{*session, clock, round, stop, [&progress](const std::string& line) { progress(line); }};
  const ImportReader reader(std::move(*mapping), session->policy().zone);
  std::ostringstream kept;  // One JSON object tells of all; the other formats are written as rows come.
  const bool is_json = global.format == Format::json;
  ReportWriter report(is_json ? static_cast<std::ostream&>(kept) : std::cout, global.format, options.is_dry_run);
  auto summary = import_file(context, reader, import, [&](const ImportRowReport& row) { report.add(row); });
  progress.clear();
  if (!summary) {
    fmt::print(stderr, "authledger: {}\n", summary.error().message);
    return kExitBadUsage;
  }
  report.finish();
  if (is_json) {
    fmt::print("{}\n", summary_text(*summary, options.is_dry_run, kept.str()));
  } else {
    std::cout.flush();
    fmt::print(global.format == Format::table ? stdout : stderr, "{}\n", counts_text(*summary, options.is_dry_run));
  }
  for (const std::string& failure : summary->failures) fmt::print(stderr, "authledger: {}\n", failure);
  if (summary->broken > 0 && !options.is_dry_run) {
    fmt::print(stderr,
               "authledger: rows with errors wait in quarantine; mend the sheet and import it again, or mend "
               "what they lack and run `authledger quarantine retry`\n");
  }
  return summary->broken > 0 || !summary->failures.empty() ? kExitWithQuarantine : kExitDone;
}

}  // namespace

void add_import_command(CommandLine line) {
  auto options = std::make_shared<ImportCommandOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* command = line.app.add_subcommand("import", "Read a spreadsheet (.csv) into the ledger, row by row");
  command->add_option("file", options->file, "The .csv file")->required();
  command
      ->add_option("--mapping", options->mapping,
                   "Which column is what: a file, or a shipped one (authorizations, visits)")
      ->required();
  command->add_flag("--dry-run", options->is_dry_run,
                    "Show row by row and cell by cell what would change; record nothing");
  command->add_flag("--authoritative", options->is_authoritative, "Rows that are gone from the sheet are taken back");
  command->add_option("--on", options->on_day, "As if today were this day (YYYY-MM-DD)");
  command->callback([line, options] { line.run = [line, options] { return run_import(line.options, *options); }; });
}

}  // namespace authledger
