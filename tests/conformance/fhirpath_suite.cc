#include <fmt/format.h>

#include <map>
#include <memory>

#include "base/clock.h"
#include "fhir/path/path.h"
#include "fhir/path/ucum.h"
#include "tests/conformance/suite.h"

namespace authledger::conformance {
namespace {

bool equal_numbers(std::string_view expected, std::string_view actual, bool is_strict) {
  if (is_strict) return expected == actual;
  auto x = parse_decimal(expected), y = parse_decimal(actual);
  return x && y && compare(*x, *y) == 0;
}

std::string without_marks(std::string text) {
  if (text.starts_with("@T"))
    text.erase(0, 2);
  else if (text.starts_with("@"))
    text.erase(0, 1);
  else if (text.starts_with("T"))
    text.erase(0, 1);
  if (text.ends_with('T')) text.pop_back();
  return text;
}

bool equal_moments(const std::string& expected, std::string_view actual, bool is_strict) {
  std::string left = without_marks(expected), right = without_marks(std::string(actual));
  if (left == right) return true;
  if (is_strict) return false;
  auto x = parse_date_time(left), y = parse_date_time(right);
  return x && y && x->has_offset && y->has_offset && x->precision == y->precision && compare(*x, *y) == 0;
}

bool is_text_kind(const PathValue& value) {
  return value.kind == ValueKind::string;
}

// "1.58 'cm'", "1 day": the literal's number and unit.
bool equal_quantity(const std::string& expected, const PathValue& value, bool is_strict) {
  auto actual = quantity_value(value);
  if (!actual) return false;
  size_t blank = expected.find(' ');
  std::string number = expected.substr(0, blank);
  std::string unit = blank == std::string::npos ? "1" : expected.substr(blank + 1);
  if (unit.size() > 2 && unit.front() == '\'') unit = unit.substr(1, unit.size() - 2);
  std::string_view text = value.kind == ValueKind::quantity ? value.text : JsonView(value.node)["value"].text();
  return equal_numbers(number, text, is_strict) && unit == actual->unit;
}

bool matches(std::string type, const std::string& expected, const PathValue& value, bool is_strict) {
  if (type.empty()) {
    if (expected == "true" || expected == "false")
      type = "boolean";
    else if (expected.starts_with("@T"))
      type = "time";
    else if (expected.starts_with('@'))
      type = is_temporal(value) && value.kind == ValueKind::date ? "date" : "dateTime";
    else if (expected.starts_with('\''))
      type = "string";
    else if (expected.find(' ') != std::string::npos)
      type = "Quantity";
    else
      type = expected.find('.') == std::string::npos ? "integer" : "decimal";
    if (type == "string") return is_text_kind(value) && value.text == expected.substr(1, expected.size() - 2);
    if (type == "integer" && value.kind == ValueKind::decimal && !is_strict) type = "decimal";
  }
  if (type == "boolean") return value.kind == ValueKind::boolean && value.text == expected;
  if (type == "integer") return is_whole(value) && equal_numbers(expected, value.text, true);
  if (type == "decimal") return is_numeric(value) && equal_numbers(expected, value.text, is_strict);
  if (type == "Quantity") return equal_quantity(expected, value, is_strict);
  if (type == "date" || type == "dateTime" || type == "time") {
    bool is_kind = type == "date"   ? value.kind == ValueKind::date
                   : type == "time" ? value.kind == ValueKind::time
                                    : value.kind == ValueKind::date_time;
    return (is_temporal(value) && (!is_strict || is_kind)) && equal_moments(expected, value.text, is_strict);
  }
  if (!is_text_kind(value) || value.text != expected) return false;
  // A System.String answers for any kind of string; an element must be of the very type.
  return !is_strict || value.type == kUnknownType || kind_name(value) == type;
}

struct Outputs {
  std::vector<std::pair<std::string, std::string>> values;
  bool is_ordered = true;
};

std::string shown(const PathValues& values) {
  JsonWriter writer;
  writer.begin_array();
  for (const PathValue& value : values) write_json(value, writer);
  return writer.end_array().take();
}

bool judge(const Outputs& expected, const PathValues& actual, bool is_strict) {
  if (expected.values.size() != actual.size()) return false;
  std::vector<bool> taken(actual.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    bool is_found = false;
    for (size_t j = 0; j < actual.size() && !is_found; ++j) {
      if (taken[j] || (expected.is_ordered && i != j)) continue;
      is_found = matches(expected.values[i].first, expected.values[i].second, actual[j], is_strict);
      taken[j] = is_found;
    }
    if (!is_found) return false;
  }
  return true;
}

Verdict run_test(JsonView test, JsonView input, bool is_strict) {
  Verdict verdict{test["id"].string(), false, ""};
  std::string invalid = test["invalid"].string();
  Outputs expected;
  expected.is_ordered = !test["ordered"].is_boolean() || test["ordered"].boolean();
  for (JsonView output : test["outputs"])
    expected.values.emplace_back(output["type"].string(), output["value"].string());

  PathOptions options;
  options.context_type = input["resourceType"].string();
  options.is_strict = test["mode"].text() == "strict" || test["checkOrderedFunctions"].boolean();
  auto finish_error = [&](const PathError& error) {
    verdict.is_passed = !invalid.empty();
    verdict.reason = "error " + to_string(error);
    return verdict;
  };
  auto expression = PathExpression::compile(test["expression"].text(), options);
  if (!expression) return finish_error(expression.error());
  std::pmr::monotonic_buffer_resource arena;
  PathValues values(&arena);
  PathEnvironment environment;
  environment.resource = input;
  environment.now = SystemClock().now();
  PathValue focus = resource_value(input);
  auto outcome = expression->evaluate(std::span<const PathValue>(&focus, input.exists() ? 1 : 0), environment, values);
  if (!outcome) return finish_error(outcome.error());
  if (test["predicate"].boolean() && !(values.size() == 1 && values[0].kind == ValueKind::boolean)) {
    bool exists = !values.empty();
    values.clear();
    values.push_back(boolean_value(exists));
  }
  verdict.is_passed = (invalid.empty() || !expected.values.empty()) && judge(expected, values, is_strict);
  if (!verdict.is_passed) {
    verdict.reason = fmt::format("{} expected {}, got {}", test["expression"].text(),
                                 invalid.empty() ? to_json_text(test["outputs"]) : "an error", shown(values));
  }
  return verdict;
}

}  // namespace

Result<std::vector<Verdict>> run_fhirpath(const std::string& folder, bool is_strict) {
  auto text = read_text_file(folder + "/tests.json");
  if (!text) return text.error();
  JsonDocument suite;
  auto root = suite.parse(*text);
  if (!root) return root.error();
  std::map<std::string, std::unique_ptr<JsonDocument>> inputs;
  std::vector<Verdict> verdicts;
  for (JsonView test : (*root)["tests"]) {
    JsonView input;
    if (std::string name = test["inputfile"].string(); !name.empty()) {
      auto& document = inputs[name];
      if (!document) {
        auto input_text = read_text_file(folder + "/inputs/" + name);
        if (!input_text) return input_text.error();
        document = std::make_unique<JsonDocument>();
        if (auto parsed = document->parse(*input_text); !parsed) return parsed.error();
      }
      input = document->root();
    }
    verdicts.push_back(run_test(test, input, is_strict));
  }
  return verdicts;
}

}  // namespace authledger::conformance
