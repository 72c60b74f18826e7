#pragma once

#include <span>
#include <string>
#include <vector>

#include "fhir/view/view.h"

namespace authledger {

enum class RowFormat : uint8_t { ndjson, json, csv, table };

// A cell as people see it: a collection's values divided by "; ".
std::string shown_text(const ViewValue& value);

// Writes rows as text, one at a time, whichever view they come from.
class RowText {
 public:
  RowText(RowFormat format, const std::vector<std::string>& columns);

  // What stands before the first row and behind the last.
  std::string head() const;
  std::string tail(bool has_rows) const;
  // `cells` stand in the order of the columns; a nullptr is null. Rows of json begin with a comma: whoever writes the
  // first one leaves it out. Not for tables.
  void add(std::span<const ViewValue* const> cells, std::string& out) const;

 private:
  RowFormat format_;
  std::string csv_head_;
  std::vector<std::string> keys_;  // {"first":  ,"second":
};

}  // namespace authledger
