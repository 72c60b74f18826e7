#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapters/import_row.h"
#include "sync/round.h"

namespace authledger {

enum class ImportRowState : uint8_t {
  fresh,
  changed,
  reread,  // The same cells under another mapping.
  unchanged,
  gone,  // In an authoritative sheet no longer.
  broken
};
std::string_view word_of(ImportRowState state);

struct CellChange {
  std::string column, cell;  // "Units", "F17"; no cell for a row that is gone.
  std::string was, is;
};

struct CellProblem {
  std::string column, cell;  // Empty: the row as a whole.
  std::string message;
};

// What an import does with one row. Holds cells: for a person's screen, never for a log.
struct ImportRowReport {
  size_t row = 0;  // As the spreadsheet counts; 0 for a row that is gone.
  ImportRowState state = ImportRowState::fresh;
  std::vector<CellChange> changes;    // changed: the cells that differ; gone: the key.
  std::vector<CellProblem> problems;  // broken.
};

struct ImportOptions {
  std::string file;
  bool is_dry_run = false;
  bool is_authoritative = false;  // Beside what the mapping says.
  std::optional<Day> on_day;
};

struct ImportSummary {
  int64_t rows = 0, fresh = 0, changed = 0, reread = 0, unchanged = 0, gone = 0, broken = 0;
  std::vector<std::string> failures;  // Sentences for an operator.
  RoundSummary round;                 // What was recorded and reconciled.
};

using ImportVisit = std::function<void(const ImportRowReport&)>;

// Reads the file page by page; each page is one transaction, and what is recorded already is found unchanged, so an
// import that was cut off is simply run again. Then one round without pull and delivery. A dry run records nothing.
// Errors: the file or its header cannot be used.
// Throws DbError.
Result<ImportSummary> import_file(RoundContext& context, const ImportReader& reader, const ImportOptions& options,
                                  const ImportVisit& visit);

}  // namespace authledger
