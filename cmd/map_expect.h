#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace authledger {

// Rows that a mapping is expected to give: a golden NDJSON file. A column that a golden row leaves out must be null.
class ExpectedRows {
 public:
  // Errors: "file:line: what is wrong and what to do".
  static Result<ExpectedRows> read(const std::string& file);

  // One NDJSON line of what the mapping gave.
  void add(std::string_view row);
  // Differences for people, a line each; empty when the rows are the expected ones.
  std::vector<std::string> differences() const;
  size_t expected_count() const { return expected_.size(); }

 private:
  std::vector<std::string> expected_;  // One JSON object a line, without nulls, members sorted by name.
  std::vector<std::string> found_;
};

}  // namespace authledger
