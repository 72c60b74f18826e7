#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "fhir/path/decimal.h"
#include "fhir/view/view.h"
#include "tests/conformance/suite.h"

namespace authledger::conformance {
namespace {

bool equal_cell(JsonView expected, const ViewValue& actual, bool is_strict) {
  switch (actual.kind) {
    case ViewValueKind::null:
      return !expected.exists() || expected.is_null();
    case ViewValueKind::boolean:
      return expected.is_boolean() && expected.text() == actual.text;
    case ViewValueKind::number: {
      if (!expected.is_number()) return false;
      auto x = parse_decimal(expected.text()), y = parse_decimal(actual.text);
      return is_strict ? expected.text() == actual.text : x && y && compare(*x, *y) == 0;
    }
    case ViewValueKind::string:
      return expected.is_string() && expected.text() == actual.text;
    case ViewValueKind::collection:
      if (!expected.is_array() || expected.size() != actual.elements.size()) return false;
      for (size_t i = 0; i < expected.size(); ++i) {
        if (!equal_cell(expected.at(i), actual.elements[i], is_strict)) return false;
      }
      return true;
  }
  return false;
}

bool equal_row(JsonView expected, std::span<const ViewValue> row, const std::vector<ViewColumn>& columns,
               bool is_strict) {
  if (expected.size() != columns.size()) return false;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (!expected[columns[c].name].exists() || !equal_cell(expected[columns[c].name], row[c], is_strict)) return false;
  }
  return true;
}

std::string judge(JsonView test, const View& view, const ViewRows& rows, bool is_strict) {
  if (test["expectCount"].exists()) {
    bool is_right = test["expectCount"].text() == std::to_string(rows.size());
    return is_right ? "" : fmt::format("expected {} rows, got {}", test["expectCount"].text(), rows.size());
  }
  JsonView expected = test["expect"];
  if (expected.size() != rows.size()) return fmt::format("expected {} rows, got {}", expected.size(), rows.size());
  std::vector<bool> taken(rows.size());
  for (JsonView wanted : expected) {
    size_t i = 0;
    while (i < rows.size() && (taken[i] || !equal_row(wanted, rows.row(i), view.columns(), is_strict))) ++i;
    if (i == rows.size()) return "no row equals " + to_json_text(wanted);
    taken[i] = true;
  }
  if (JsonView columns = test["expectColumns"]; columns.exists()) {
    bool is_same = columns.size() == view.columns().size();
    for (size_t c = 0; is_same && c < columns.size(); ++c) is_same = columns.at(c).text() == view.columns()[c].name;
    if (!is_same) return "the columns differ from expectColumns";
  }
  return "";
}

Verdict run_test(JsonView suite, JsonView test, const std::string& file, bool is_strict) {
  Verdict verdict{file + "/" + test["title"].string(), false, ""};
  bool expects_error = test["expectError"].boolean();
  auto view = View::compile(test["view"]);
  if (!view) {
    verdict.is_passed = expects_error;
    for (const Issue& issue : view.error()) verdict.reason += issue.element_path + ": " + issue.message + "; ";
    return verdict;
  }
  ViewRows rows;
  for (JsonView resource : suite["resources"]) {
    auto outcome = view->evaluate(resource, rows);
    if (!outcome) {
      verdict.is_passed = expects_error;
      verdict.reason = outcome.error().message;
      return verdict;
    }
  }
  verdict.reason = expects_error ? "expected an error" : judge(test, *view, rows, is_strict);
  verdict.is_passed = verdict.reason.empty();
  return verdict;
}

}  // namespace

Result<std::vector<Verdict>> run_sql_on_fhir(const std::string& folder, bool is_strict) {
  std::vector<std::string> files;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  if (code) return Failure{"cannot read the folder " + folder};
  std::sort(files.begin(), files.end());
  std::vector<Verdict> verdicts;
  for (const std::string& file : files) {
    auto text = read_text_file(file);
    if (!text) return text.error();
    JsonDocument document;
    auto root = document.parse(*text);
    if (!root) return Failure{file + ": " + root.error().message};
    for (JsonView test : (*root)["tests"]) {
      verdicts.push_back(run_test(*root, test, std::filesystem::path(file).stem().string(), is_strict));
    }
  }
  return verdicts;
}

}  // namespace authledger::conformance
