#include "fhir/view/row_text.h"

#include "base/text.h"

namespace authledger {
namespace {

void append_json(const ViewValue& value, std::string& out) {
  switch (value.kind) {
    case ViewValueKind::null:
      out += "null";
      return;
    case ViewValueKind::boolean:
    case ViewValueKind::number:
      out += value.text;
      return;
    case ViewValueKind::string:
      append_json_string(out, value.text);
      return;
    case ViewValueKind::collection:
      out += '[';
      for (const ViewValue& element : value.elements) {
        if (&element != value.elements.data()) out += ',';
        append_json(element, out);
      }
      out += ']';
      return;
  }
}

}  // namespace

std::string shown_text(const ViewValue& value) {
  if (value.kind != ViewValueKind::collection) return std::string(value.text);
  std::string text;
  for (const ViewValue& element : value.elements) {
    if (&element != value.elements.data()) text += "; ";
    text += element.text;
  }
  return text;
}

RowText::RowText(RowFormat format, const std::vector<std::string>& columns)
    : format_(format), csv_head_(join(columns, ",") + "\r\n") {
  for (const std::string& column : columns) {
    std::string key = keys_.empty() ? "{" : ",";
    append_json_string(key, column);
    keys_.push_back(key + ":");
  }
}

std::string RowText::head() const {
  return format_ == RowFormat::csv ? csv_head_ : format_ == RowFormat::json ? "[" : "";
}

std::string RowText::tail(bool has_rows) const {
  return format_ != RowFormat::json ? "" : has_rows ? "\n]\n" : "]\n";
}

void RowText::add(std::span<const ViewValue* const> cells, std::string& out) const {
  static constexpr ViewValue kNull;
  if (format_ == RowFormat::csv) {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out += ',';
      if (cells[i]) out += csv_field(shown_text(*cells[i]), cells[i]->kind == ViewValueKind::number);
    }
    out += "\r\n";
    return;
  }
  if (format_ == RowFormat::json) out += ",\n";
  for (size_t i = 0; i < cells.size(); ++i) {
    out += keys_[i];
    append_json(cells[i] ? *cells[i] : kNull, out);
  }
  out += format_ == RowFormat::json ? "}" : "}\n";
}

}  // namespace authledger
