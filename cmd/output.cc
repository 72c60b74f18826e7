#include "cmd/output.h"

#include <algorithm>
#include <ostream>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace authledger {
namespace {

std::string shown_text(const OutputCell& cell) {
  switch (cell.kind) {
    case OutputCell::Kind::null:
      return "";
    case OutputCell::Kind::text:
    case OutputCell::Kind::number:
    case OutputCell::Kind::boolean:
      return cell.text;
    case OutputCell::Kind::list:
      return join(cell.list, "; ");
    case OutputCell::Kind::json:
      return cell.shown;
  }
  return "";
}

void write_json(JsonWriter& writer, const OutputCell& cell) {
  switch (cell.kind) {
    case OutputCell::Kind::null:
      writer.null();
      return;
    case OutputCell::Kind::text:
      writer.string(cell.text);
      return;
    case OutputCell::Kind::number:
      writer.number_text(cell.text);
      return;
    case OutputCell::Kind::boolean:
      writer.boolean(cell.text == "true");
      return;
    case OutputCell::Kind::list:
      writer.begin_array();
      for (const std::string& item : cell.list) writer.string(item);
      writer.end_array();
      return;
    case OutputCell::Kind::json: {
      JsonDocument document;
      auto parsed = document.parse(cell.text);
      AUTHLEDGER_CHECK(parsed.ok());
      writer.value(*parsed);
      return;
    }
  }
}

// Code points, near enough to columns for the names and codes that stand in tables.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::optional<Format> format_from(std::string_view word) {
  if (word == "table") return Format::table;
  if (word == "json") return Format::json;
  if (word == "ndjson") return Format::ndjson;
  if (word == "csv") return Format::csv;
  return std::nullopt;
}

OutputCell OutputCell::of_text(std::string_view text) {
  OutputCell cell;
  if (text.empty()) return cell;
  cell.kind = Kind::text;
  cell.text = text;
  return cell;
}

OutputCell OutputCell::of_number(std::string_view number_text) {
  OutputCell cell;
  cell.kind = Kind::number;
  cell.text = number_text;
  return cell;
}

OutputCell OutputCell::of_integer(long long value) {
  return of_number(std::to_string(value));
}

OutputCell OutputCell::of_boolean(bool value) {
  OutputCell cell;
  cell.kind = Kind::boolean;
  cell.text = value ? "true" : "false";
  return cell;
}

OutputCell OutputCell::of_list(std::vector<std::string> list) {
  OutputCell cell;
  cell.kind = Kind::list;
  cell.list = std::move(list);
  return cell;
}

OutputCell OutputCell::of_json(std::string json, std::string shown) {
  OutputCell cell;
  cell.kind = Kind::json;
  cell.text = std::move(json);
  cell.shown = std::move(shown);
  return cell;
}

RowWriter::RowWriter(std::ostream& out, Format format, std::vector<std::string> columns)
    : out_(out), format_(format), columns_(std::move(columns)) {
  if (format_ == Format::csv) out_ << join(columns_, ",") << "\r\n";
}

void RowWriter::add(std::vector<OutputCell> cells) {
  AUTHLEDGER_CHECK(cells.size() == columns_.size());
  ++rows_;
  switch (format_) {
    case Format::table: {
      std::vector<std::string> row;
      row.reserve(cells.size());
      for (const OutputCell& cell : cells) row.push_back(replace_all(shown_text(cell), "\n", " "));
      if (table_is_open_) return write_table_line(row);
      table_rows_.push_back(std::move(row));
      if (table_rows_.size() >= kTableRowsMeasured) open_table();
      return;
    }
    case Format::csv: {
      std::vector<std::string> fields;
      fields.reserve(cells.size());
      for (const OutputCell& cell : cells)
        fields.push_back(csv_field(shown_text(cell), cell.kind == OutputCell::Kind::number));
      out_ << join(fields, ",") << "\r\n";
      return;
    }
    case Format::json:
    case Format::ndjson: {
      JsonWriter writer;
      writer.begin_object();
      for (size_t i = 0; i < cells.size(); ++i) {
        writer.key(columns_[i]);
        write_json(writer, cells[i]);
      }
      writer.end_object();
      if (format_ == Format::json) out_ << (rows_ == 1 ? "[\n" : ",\n");
      out_ << writer.take();
      if (format_ == Format::ndjson) out_ << '\n';
      return;
    }
  }
}

void RowWriter::open_table() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = width_of(columns_[i]);
    for (const auto& row : table_rows_) width = std::max(width, width_of(row[i]));
    widths_.push_back(width);
  }
  table_is_open_ = true;
  write_table_line(columns_);
  for (const auto& row : table_rows_) write_table_line(row);
  table_rows_.clear();
}

void RowWriter::write_table_line(const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    out_ << cells[i];
    size_t width = width_of(cells[i]);
    if (i + 1 < cells.size()) out_ << std::string(std::max(widths_[i], width) - width + 2, ' ');
  }
  out_ << '\n';
}

void RowWriter::finish() {
  if (format_ == Format::json) out_ << (rows_ == 0 ? "[]\n" : "\n]\n");
  if (format_ != Format::table) return;
  if (!table_is_open_) open_table();
  if (rows_ == 0) out_ << "(none)\n";
}

}  // namespace authledger
