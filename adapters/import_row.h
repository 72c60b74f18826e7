#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/day.h"
#include "config/import_mapping.h"
#include "ledger/facts.h"

// From one row of a spreadsheet to facts. Pure. A problem names the column and the kind of value that stands there,
// never the value.

namespace authledger {

inline constexpr const char* kImportResourceType = "Row";

struct ImportProblem {
  std::string column;  // As the mapping names it; empty: the row as a whole.
  std::string message;
  bool operator==(const ImportProblem&) const = default;
};

// What a row says in the columns that the mapping reads, parallel to ImportMapping::columns(); trimmed.
using ImportCells = std::vector<std::string>;

struct MappedRow {
  std::string id;       // 32 digits that tell nothing, made of the key's cells; empty when all of these are.
  std::string patient;  // "Patient/…" of this sheet; empty with a problem.
  std::vector<Fact> facts;
  std::vector<ImportProblem> problems;  // With any, `facts` is empty.
};

class ImportReader {
 public:
  ImportReader(ImportMapping mapping, TimeZone zone);

  const ImportMapping& mapping() const { return mapping_; }
  const std::vector<std::string>& columns() const { return columns_; }
  const std::string& source() const { return source_; }
  // Changes when the mapping, the zone or this code changes.
  const std::string& version() const { return version_; }

  MappedRow map(const ImportCells& cells) const;

 private:
  ImportMapping mapping_;
  TimeZone zone_;
  std::vector<std::string> columns_;
  std::string source_, version_;
};

// Where each column of the mapping stands in the header: names are compared without regard to case and blanks.
// Errors: a column that is not there, or is there twice.
Result<std::vector<size_t>, std::vector<ImportProblem>> find_columns(const std::vector<std::string>& columns,
                                                                     const std::vector<std::string>& header);

// "B" for 2, "AA" for 27: how spreadsheets name a column.
std::string column_letters(size_t number);

}  // namespace authledger
