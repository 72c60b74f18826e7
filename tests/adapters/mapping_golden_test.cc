#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/mapping_file.h"
#include "fhir/files.h"
#include "tests/adapters/fact_text.h"
#include "tests/adapters/mapped_resource.h"

// tests/fixtures/mappings/<mapping>.<case>/ holds input.json or input.ndjson, the rows that `authledger map <mapping>`
// gives (expected.ndjson) and what they become (facts.ndjson: facts and issues). The payloads are invented.
// AUTHLEDGER_WRITE_GOLDEN=1 writes the two expected files: read the difference before it is committed.

namespace authledger {
namespace {

namespace fs = std::filesystem;

std::string cases_folder() {
  return std::string(AUTHLEDGER_SOURCE_FOLDER) + "/tests/fixtures/mappings";
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(cases_folder())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  std::ofstream file(path);
  for (const std::string& line : lines) file << line << '\n';
}

void write_cell(JsonWriter& writer, const ViewValue& value) {
  switch (value.kind) {
    case ViewValueKind::null:
      writer.null();
      break;
    case ViewValueKind::boolean:
      writer.boolean(value.text == "true");
      break;
    case ViewValueKind::number:
      writer.number_text(value.text);
      break;
    case ViewValueKind::string:
      writer.string(value.text);
      break;
    case ViewValueKind::collection:
      writer.begin_array();
      for (const ViewValue& element : value.elements) write_cell(writer, element);
      writer.end_array();
      break;
  }
}

// The rows of a resource as `authledger map` prints them: every column of every view, in order of appearance.
void add_rows(const CompiledMapping& mapping, JsonView resource, std::vector<std::string>& lines) {
  std::vector<std::string> columns;
  for (const CompiledView& compiled : mapping.views) {
    for (const ViewColumn& column : compiled.view.columns()) {
      if (std::find(columns.begin(), columns.end(), column.name) == columns.end()) columns.push_back(column.name);
    }
  }
  for (const CompiledView& compiled : mapping.views) {
    ViewRows rows;
    const Outcome outcome = compiled.view.evaluate(resource, rows);
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
    for (size_t i = 0; i < rows.size(); ++i) {
      JsonWriter writer;
      writer.begin_object();
      for (const std::string& name : columns) {
        const int column = compiled.view.column(name);
        writer.key(name);
        write_cell(writer, column < 0 ? ViewValue{} : rows.row(i)[static_cast<size_t>(column)]);
      }
      lines.push_back(writer.end_object().take());
    }
  }
}

std::string issue_text(const std::string& resource, const Issue& issue) {
  constexpr const char* kWords[] = {"", "fatal", "error", "warning", "information"};
  JsonWriter writer;
  writer.begin_object().member("resource", resource);
  writer.member("issue", kWords[static_cast<size_t>(issue.severity)]);
  return writer.member("at", issue.element_path).member("message", issue.message).end_object().take();
}

// Names the columns in which two lines differ; a column that is missing equals null.
std::string difference(const std::string& expected, const std::string& actual) {
  JsonDocument expected_document, actual_document;
  const auto left = expected_document.parse(expected), right = actual_document.parse(actual);
  if (!left || !right) return "not JSON: " + expected;
  const auto shown = [](JsonView value) { return value.exists() ? to_json_text(value) : std::string("null"); };
  std::string text;
  for (JsonView member : *left) {
    const std::string wanted = shown(member), found = shown((*right)[member.name()]);
    if (wanted != found) text += fmt::format("\n    {}: expected {}, is {}", member.name(), wanted, found);
  }
  for (JsonView member : *right) {
    if (!(*left)[member.name()].exists() && !member.is_null())
      text += fmt::format("\n    {}: expected nothing, is {}", member.name(), shown(member));
  }
  return text;
}

void compare(const std::string& file, const std::vector<std::string>& actual) {
  if (std::getenv("AUTHLEDGER_WRITE_GOLDEN")) return write_lines(file, actual);
  const std::vector<std::string> expected = read_lines(file);
  EXPECT_EQ(expected.size(), actual.size()) << file << ": another number of lines";
  for (size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
    const std::string text = difference(expected[i], actual[i]);
    EXPECT_TRUE(text.empty()) << file << ":" << i + 1 << text;
  }
}

class MappingGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(MappingGolden, GivesTheRowsAndTheFactsOfItsFiles) {
  const std::string name = GetParam(), folder = cases_folder() + "/" + name;
  EndpointConfig endpoint = shipped_endpoint();
  auto compiled = compile_mapping(name.substr(0, name.find('.')), endpoint, "");
  ASSERT_TRUE(compiled.ok()) << texts_of(compiled.error());
  const CompiledMapping mapping = std::move(compiled).value();
  FeedConfig feed;
  feed.resource_type = mapping.resource_type;
  feed.mappings = {mapping.name};
  endpoint.feeds = {feed};
  const ResourceMapper mapper = compile_mapper(endpoint);

  const std::string input = fs::exists(folder + "/input.json") ? "input.json" : "input.ndjson";
  std::vector<std::string> rows, facts;
  const Issues unread = read_resource_file(folder, input, [&](const FileResource& found) {
    if (found.resource["resourceType"].text() != mapping.resource_type) return true;
    add_rows(mapping, found.resource, rows);
    const MappedFacts mapped = mapper.map(found.resource, {"ehr", "https://ehr.example/fhir"});
    const std::string resource = mapping.resource_type + "/" + found.resource["id"].string();
    for (const Fact& fact : mapped.facts) facts.push_back(fact_text(fact));
    for (const Issue& issue : mapped.issues) facts.push_back(issue_text(resource, issue));
    if (mapped.is_retraction) facts.push_back(fmt::format(R"({{"resource":"{}","retracted":true}})", resource));
    return true;
  });
  EXPECT_TRUE(unread.empty()) << texts_of(unread);
  ASSERT_FALSE(facts.empty()) << input << " holds no " << mapping.resource_type;
  compare(folder + "/expected.ndjson", rows);
  compare(folder + "/facts.ndjson", facts);
}

std::string test_name(const ::testing::TestParamInfo<std::string>& parameter) {
  std::string name = parameter.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, MappingGolden, ::testing::ValuesIn(case_names()), test_name);

TEST(ShippedMappings, HaveAGoldenCaseEach) {
  const std::vector<std::string> names = case_names();
  for (const auto& entry : fs::directory_iterator(std::string(AUTHLEDGER_SOURCE_FOLDER) + "/config/mappings")) {
    const std::string mapping = entry.path().stem().string() + ".";
    EXPECT_TRUE(
        std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.starts_with(mapping); }))
        << mapping << "* is missing below " << cases_folder();
  }
}

}  // namespace
}  // namespace authledger
