#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace authledger {

enum class Format { table, json, ndjson, csv };
std::optional<Format> format_from(std::string_view word);

// One value of an output row. Tables and csv show `text`; json shows the typed form.
struct OutputCell {
  enum class Kind { null, text, number, boolean, list, json };
  Kind kind = Kind::null;
  std::string text;  // number: JSON number text; json: JSON text of a nested value.
  std::vector<std::string> list;

  static OutputCell of_text(std::string_view text);  // "" becomes null.
  static OutputCell of_number(std::string_view number_text);
  static OutputCell of_integer(long long value);
  static OutputCell of_boolean(bool value);
  static OutputCell of_list(std::vector<std::string> list);
  static OutputCell of_json(std::string json, std::string shown);  // `shown` in tables and csv.
  std::string shown;
};

// Writes rows with fixed columns in one of the four formats. json is one array, ndjson one object a line (streamed),
// csv has a header and neutralizes formulas (a leading =, +, -, @ gets a quote). A table aligns its columns by its
// first kTableRowsMeasured rows, which it holds until then; later rows are written as they come, and wider cells push
// the rest of their line aside.
class RowWriter {
 public:
  RowWriter(std::ostream& out, Format format, std::vector<std::string> columns);
  void add(std::vector<OutputCell> cells);  // Parallel to columns.
  void finish();

 private:
  static constexpr size_t kTableRowsMeasured = 1000;
  void open_table();
  void write_table_line(const std::vector<std::string>& cells);

  std::ostream& out_;
  Format format_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> table_rows_;  // Until the table is open.
  std::vector<size_t> widths_;
  bool table_is_open_ = false;
  size_t rows_ = 0;
};

}  // namespace authledger
