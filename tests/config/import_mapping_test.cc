#include "config/import_mapping.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

constexpr const char* kSheet = R"(
name: sheet
key: [Number]
patient: {column: MRN, identifier_system: "urn:mrn"}
dates: [m/d/yy]
two_digit_years_from: 1950
authorization_line:
  authorization_number: Number
  decision: {column: State, values: {Yes: approved, "*": denied}}
  quantity: {column: [Units, Visits], required: true}
)";

std::string problems_of(const std::string& text) {
  auto mapping = read_import_mapping(text, "m.yaml");
  if (mapping.ok()) return "";
  std::string all;
  for (const Issue& issue : mapping.error()) all += issue.element_path + ": " + issue.message + "\n";
  return all;
}

std::string without(std::string text, const std::string& line) {
  const size_t at = text.find(line);
  return text.erase(at, text.find('\n', at) - at);
}

TEST(ImportMapping, NamesTheColumnOfEachField) {
  auto mapping = read_import_mapping(kSheet, "m.yaml");
  ASSERT_TRUE(mapping.ok()) << problems_of(kSheet);
  EXPECT_EQ(mapping->columns(), (std::vector<std::string>{"Number", "MRN", "State", "Units", "Visits"}));
  EXPECT_EQ(mapping->facts[0].field("decision")->values.at("yes"), "approved");
  EXPECT_TRUE(mapping->facts[0].field("quantity")->is_required);
}

TEST(ImportMapping, ReadsWhatItWroteForARetry) {
  auto mapping = read_import_mapping(kSheet, "m.yaml");
  ASSERT_TRUE(mapping.ok());
  auto again = read_import_mapping(mapping->canonical, "stored");
  ASSERT_TRUE(again.ok()) << problems_of(mapping->canonical);
  EXPECT_EQ(again->canonical, mapping->canonical);
  EXPECT_EQ(again->columns(), mapping->columns());
}

TEST(ImportMapping, SaysWhereEachMistakeStands) {
  EXPECT_NE(problems_of(std::string(kSheet) + "  quantty: X\n").find("m.yaml:11:3"), std::string::npos);
  EXPECT_NE(problems_of(std::string(kSheet) + "  quantty: X\n").find("did you mean `quantity`?"), std::string::npos);
  EXPECT_NE(problems_of(without(kSheet, "two_digit")).find("two_digit_years_from"), std::string::npos);
  EXPECT_NE(problems_of(without(kSheet, "key:")).find("key"), std::string::npos);
  EXPECT_NE(problems_of(without(kSheet, "  decision")).find("decision"), std::string::npos);
  EXPECT_NE(problems_of("name: x\nkey: [A]\npatient: B\n").find("authorization_line, coverage or service"),
            std::string::npos);
}

TEST(ImportMapping, Fault72TakesNoPathForAName) {
  for (const char* name : {"../x", "a/b", "", "A", "a b", "x:y"}) {
    std::string text = kSheet;
    text.replace(text.find("name: sheet"), 11, "name: \"" + std::string(name) + "\"");
    EXPECT_FALSE(problems_of(text).empty()) << name;
  }
  EXPECT_FALSE(load_import_mapping("../../etc/passwd").ok());
  EXPECT_FALSE(load_import_mapping("no_such_mapping").ok());
}

TEST(ImportMapping, EveryShippedOneCanBeUsed) {
  for (const char* name : {"authorizations", "visits"}) EXPECT_TRUE(load_import_mapping(name).ok()) << name;
}

}  // namespace
}  // namespace authledger
