#include "adapters/import_row.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

constexpr const char* kSheet = R"(
name: sheet
key: [Number, Code]
patient: MRN
dates: [m/d/yyyy, d.m.yyyy]
unit_words: {quarters: unit_15_minutes}
authorization_line:
  payer: Payer
  authorization_number: Number
  line: Code
  decision: {column: State, values: {ok: approved}}
  service_codes: {column: [Code, Code 2]}
  first_day: From
  last_day: To
  quantity: Units
  measure: Unit
)";
constexpr const char* kVisits = R"(
name: visits
key: [Id]
patient: MRN
dates: [m/d/yyyy]
service:
  state: {column: State, values: {seen: rendered}}
  start: Day
  minutes: Minutes
  service_codes: Code
)";

ImportReader reader_of(const std::string& text) {
  auto mapping = read_import_mapping(text, "m.yaml");
  EXPECT_TRUE(mapping.ok());
  return ImportReader(std::move(*mapping), *TimeZone::find("America/New_York"));
}

// Cells by name; the others are empty.
MappedRow map(const ImportReader& reader, const std::map<std::string, std::string>& cells) {
  ImportCells row;
  for (const std::string& column : reader.columns()) row.push_back(cells.contains(column) ? cells.at(column) : "");
  return reader.map(row);
}

std::map<std::string, std::string> line_with(std::map<std::string, std::string> more) {
  more.merge(std::map<std::string, std::string>{{"Number", "A-1"},
                                                {"Code", "90837"},
                                                {"MRN", "77"},
                                                {"Payer", "Acme"},
                                                {"State", "OK"},
                                                {"From", "1/31/2026"},
                                                {"To", "30.6.2026"},
                                                {"Units", "12"},
                                                {"Unit", "Visits"}});
  return more;
}

const AuthorizationLineFact& line_of(const MappedRow& row) {
  EXPECT_TRUE(row.problems.empty()) << row.problems.front().column << ": " << row.problems.front().message;
  return std::get<AuthorizationLineFact>(row.facts.at(0).body);
}

TEST(ImportRow, BecomesALine) {
  const ImportReader reader = reader_of(kSheet);
  const AuthorizationLineFact line = line_of(map(reader, line_with({{"Code 2", "90834; 90832"}})));
  EXPECT_EQ(line.patient, "Patient/77");
  EXPECT_EQ(line.decision, Decision::approved);
  EXPECT_EQ(line.service_codes, (std::vector<std::string>{"90837", "90834", "90832"}));
  EXPECT_EQ(format_day(*line.first_day), "2026-01-31");
  EXPECT_EQ(format_day(*line.last_day), "2026-06-30");
  EXPECT_EQ(format_quantity(*line.quantity), "12");
  EXPECT_EQ(line.measure, Measure::visit);
  EXPECT_EQ(line.line, "90837");
}

TEST(ImportRow, ReadsNumbersWithThousandsAndUnits) {
  const ImportReader reader = reader_of(kSheet);
  EXPECT_EQ(format_quantity(*line_of(map(reader, line_with({{"Units", "1,200"}}))).quantity), "1200");
  EXPECT_EQ(format_quantity(*line_of(map(reader, line_with({{"Units", "0.5"}}))).quantity), "0.5");
  const MappedRow quarters = map(reader, line_with({{"Units", "40 quarters"}, {"Unit", ""}}));
  EXPECT_EQ(line_of(quarters).measure, Measure::unit_15_minutes);
  for (const char* wrong : {"1,20", "12,000,5", "ten", "-3", "12 bananas", "#REF!", "1.2.3", "12..", "1e3x"}) {
    EXPECT_EQ(map(reader, line_with({{"Units", wrong}})).problems.size(), 1U) << wrong;
  }
}

TEST(ImportRow, ReadsADecimalComma) {
  const ImportReader reader = reader_of(std::string("decimal: \",\"\n") + kSheet);
  EXPECT_EQ(format_quantity(*line_of(map(reader, line_with({{"Units", "1.200,5"}}))).quantity), "1200.5");
}

TEST(ImportRow, NamesColumnAndKindOfWhatIsWrongButNeverTheValue) {
  const ImportReader reader = reader_of(kSheet);
  const MappedRow row = map(reader, line_with({{"From", "Smith"}, {"To", "1/1/1"}, {"State", "Jones"}, {"MRN", ""}}));
  ASSERT_EQ(row.problems.size(), 4U);
  EXPECT_TRUE(row.facts.empty());
  std::string all;
  for (const ImportProblem& problem : row.problems) all += problem.column + ": " + problem.message + "\n";
  EXPECT_NE(all.find("From: words where a date"), std::string::npos) << all;
  EXPECT_NE(all.find("To: a date with slashes where"), std::string::npos) << all;
  EXPECT_NE(all.find("State: a word"), std::string::npos) << all;
  EXPECT_NE(all.find("MRN: empty"), std::string::npos) << all;
  EXPECT_EQ(all.find("Smith"), std::string::npos);
  EXPECT_EQ(all.find("Jones"), std::string::npos);
}

TEST(ImportRow, KnowsARowByItsKeyAlone) {
  const ImportReader reader = reader_of(kSheet);
  const std::string id = map(reader, line_with({})).id;
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(map(reader, line_with({{"Units", "99"}, {"MRN", "78"}})).id, id);
  EXPECT_NE(map(reader, line_with({{"Code", "90834"}})).id, id);
  EXPECT_EQ(map(reader, line_with({{"Number", ""}, {"Code", ""}})).id, "");
}

TEST(ImportRow, APeriodThatEndsBeforeItStartsIsWrong) {
  const ImportReader reader = reader_of(kSheet);
  const MappedRow row = map(reader, line_with({{"From", "2/1/2026"}, {"To", "1/31/2026"}}));
  ASSERT_EQ(row.problems.size(), 1U);
  EXPECT_EQ(row.problems[0].column, "To");
}

TEST(ImportRow, AVisitWithMinutesHasAStartAndAnEnd) {
  const ImportReader reader = reader_of(kVisits);
  const std::map<std::string, std::string> cells = {{"Id", "v1"},      {"MRN", "77"},
                                                    {"State", "seen"}, {"Day", "3/9/2026 2:30 PM"},
                                                    {"Minutes", "53"}, {"Code", "90837"}};
  const auto service = std::get<ServiceFact>(map(reader, cells).facts.at(0).body);
  EXPECT_EQ(service.state, ServiceState::rendered);
  EXPECT_EQ(format_instant(*service.start_at), "2026-03-09T18:30:00Z");
  EXPECT_EQ(format_instant(*service.end_at), "2026-03-09T19:23:00Z");
}

TEST(ImportRow, AVisitAfterTheClocksChangedKeepsItsTime) {
  const ImportReader reader = reader_of(kVisits);
  for (const auto& [day, start] : std::map<std::string, std::string>{{"3/8/2026 9:00", "2026-03-08T13:00:00Z"},
                                                                     {"11/1/2026 9:00", "2026-11-01T14:00:00Z"},
                                                                     {"11/1/2026 0:30", "2026-11-01T04:30:00Z"}}) {
    const std::map<std::string, std::string> cells = {
        {"Id", "v1"}, {"MRN", "77"}, {"State", "seen"}, {"Day", day}, {"Code", "90837"}};
    const auto service = std::get<ServiceFact>(map(reader, cells).facts.at(0).body);
    EXPECT_EQ(format_instant(*service.start_at), start);
  }
}

TEST(ImportRow, FindsColumnsWithoutRegardToCaseAndBlanks) {
  auto places = find_columns({"Approved Units", "MRN"}, {"mrn", " approved  units"});
  ASSERT_TRUE(places.ok());
  EXPECT_EQ(*places, (std::vector<size_t>{1, 0}));
  auto missing = find_columns({"Units"}, {"Unit", "Unit"});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error()[0].message.find("did you mean Unit"), std::string::npos);
  EXPECT_FALSE(find_columns({"Unit"}, {"Unit", "unit"}).ok());
}

TEST(ImportRow, NamesColumnsAsSpreadsheetsDo) {
  EXPECT_EQ(column_letters(1), "A");
  EXPECT_EQ(column_letters(26), "Z");
  EXPECT_EQ(column_letters(27), "AA");
  EXPECT_EQ(column_letters(703), "AAA");
}

}  // namespace
}  // namespace authledger
