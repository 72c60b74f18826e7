#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

// The one door to libcsv. A csv file row by row, in constant memory. Source: RFC 4180, read strictly: what libcsv does
// not take becomes a row with a problem, and nothing after it is lost.

namespace authledger {

inline constexpr size_t kCsvRowBytesMax = size_t{256} << 10;
// So many rows whose quotes do not close are a file that is no csv, or one with another separator.
inline constexpr int kCsvBrokenRowsMax = 1000;

struct CsvOptions {
  char separator = 0;    // 0: the one that the header uses most of , ; | and the tab.
  std::string encoding;  // Empty: UTF-8, or UTF-16 where a byte order mark says so.
  int header_line = 1;   // Where the header stands, to find the separator.
};

struct CsvRow {
  size_t number = 0;                // As a spreadsheet counts: a row with line breaks inside quotes is one.
  std::vector<std::string> fields;  // Blanks around unquoted fields are left out.
  std::string problem;              // Why the row cannot be read, and what to do; then `fields` are empty.
  std::string text;                 // Of a row with a problem: as it stands in the file.
  size_t bad_column = 0;            // From 1: the field that the problem is in, where it is in one.
};

class CsvReader {
 public:
  // Errors: no regular file, or a link to one; it cannot be read; a workbook (.xlsx); an unknown encoding.
  static Result<CsvReader> open(const std::string& file, const CsvOptions& options);
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  // The next row that is not blank; false at the end.
  bool next(CsvRow& row);
  char separator() const;
  // Why reading ended before the end of the file; empty otherwise.
  const std::string& failure() const;

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
