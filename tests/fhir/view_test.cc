#include "fhir/view/view.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

std::string compile_errors(std::string_view definition) {
  JsonDocument document;
  auto parsed = document.parse(definition);
  if (!parsed) return parsed.error().message;
  auto view = View::compile(*parsed);
  std::string text;
  if (!view) {
    for (const Issue& issue : view.error()) text += issue.element_path + ": " + issue.message + "\n";
  }
  return text;
}

// Rows as text, cells divided by |, rows by ; — or "error …".
std::string rows_of(std::string_view definition, std::string_view resource) {
  JsonDocument view_document, resource_document;
  auto view = View::compile(view_document.parse(definition).value());
  if (!view) return "error " + view.error()[0].element_path + ": " + view.error()[0].message;
  ViewRows rows;
  auto outcome = view->evaluate(resource_document.parse(resource).value(), rows);
  if (!outcome) return "error " + outcome.error().message;
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i != 0) text += ";";
    for (const ViewValue& cell : rows.row(i)) {
      if (cell.kind == ViewValueKind::collection) {
        text += "[";
        for (const ViewValue& element : cell.elements) text += std::string(element.text) + ",";
        text += "]";
      } else {
        text += cell.kind == ViewValueKind::null ? "null" : std::string(cell.text);
      }
      text += "|";
    }
  }
  return text;
}

constexpr std::string_view kPatient = R"v({"resourceType":"Patient","id":"p1","active":true,
  "name":[{"family":"A","given":["x","y"]},{"family":"B"}]})v";

TEST(View, CrossesForEachWithPlainColumnsAndNumbersRows) {
  EXPECT_EQ(rows_of(R"v({"resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]},
    {"forEach":"name","column":[{"name":"n","path":"%rowIndex"},{"name":"family","path":"family"},
     {"name":"given","path":"given","collection":true}]}]})v",
                    kPatient),
            "p1|0|A|[x,y,]|;p1|1|B|[]|");
}

TEST(View, KeepsTheRowOfForEachOrNullWithoutElements) {
  EXPECT_EQ(rows_of(R"v({"resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]},
    {"forEachOrNull":"contact","column":[{"name":"c","path":"name.family"}]}]})v",
                    kPatient),
            "p1|null|");
  EXPECT_EQ(rows_of(R"v({"resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]},
    {"forEach":"contact","column":[{"name":"c","path":"name.family"}]}]})v",
                    kPatient),
            "");
}

TEST(View, LeavesOutOtherTypesAndWhatWhereRefuses) {
  constexpr std::string_view view = R"v({"resource":"Patient","constant":[{"name":"wanted","valueBoolean":false}],
    "where":[{"path":"active = %wanted"}],"select":[{"column":[{"name":"id","path":"id"}]}]})v";
  EXPECT_EQ(rows_of(view, kPatient), "");
  EXPECT_EQ(rows_of(view, R"v({"resourceType":"Patient","id":"p2","active":false})v"), "p2|");
  EXPECT_EQ(rows_of(view, R"v({"resourceType":"Encounter","id":"e"})v"), "");
  EXPECT_EQ(
      rows_of(R"v({"resource":"Patient","where":[{"path":"id"}],"select":[{"column":[{"name":"id","path":"id"}]}]})v",
              kPatient),
      "error ViewDefinition.where[0].path: gives id; write a test that is true or false, such as id.exists()");
}

TEST(View, RefusesSeveralValuesInOneCellWithoutShowingThem) {
  std::string text =
      rows_of(R"v({"resource":"Patient","select":[{"column":[{"name":"family","path":"name.family"}]}]})v", kPatient);
  EXPECT_EQ(
      text,
      "error ViewDefinition.select[0].column[0]: column family gives 2 values; add first() or say collection: true");
  text = rows_of(R"v({"resource":"Patient","select":[{"column":[{"name":"n","path":"name.first()"}]}]})v", kPatient);
  EXPECT_EQ(text,
            "error ViewDefinition.select[0].column[0]: column n gives a HumanName; a column takes a primitive value");
}

TEST(View, NamesEveryMistakeWithItsPlace) {
  EXPECT_EQ(compile_errors(R"v({"resource":"Patient","select":[
      {"column":[{"name":"1a","path":"id"},{"name":"b","path":"name.frist()"},{"name":"b","path":"id"}]},
      {"forEach":"name","forEachOrNull":"contact","column":[{"name":"c","path":"%nothing"}]}]})v"),
            "ViewDefinition.select[0].column[0].name: must start with a letter and hold letters, digits and _\n"
            "ViewDefinition.select[0].column[1].path: 1:6: unknown function frist(); did you mean first()?\n"
            "ViewDefinition.select[1]: takes only one of forEach, forEachOrNull and repeat\n"
            "ViewDefinition.select[1].column[0].path: 1:1: %nothing is not defined\n"
            "ViewDefinition.select: two columns are called b\n");
}

TEST(View, RefusesUnionBranchesOfDifferentShape) {
  EXPECT_EQ(
      compile_errors(R"v({"resource":"Patient","select":[{"unionAll":[
      {"column":[{"name":"a","path":"id"},{"name":"b","path":"id"}]},
      {"column":[{"name":"b","path":"id"},{"name":"a","path":"id"}]}]}]})v"),
      "ViewDefinition.select[0].unionAll[1]: must have the columns of the first branch: same names, types and order\n");
}

TEST(View, NamesTheNearestKeyOfAMisspelledOne) {
  EXPECT_EQ(
      compile_errors(R"v({"resource":"Patient","select":[{"forEahc":"name","column":[{"name":"a","path":"id"}]}]})v"),
      "ViewDefinition.select[0].forEahc: is not known; did you mean forEach?\n");
}

TEST(View, WalksRepeatInTheOrderOfTheDocument) {
  EXPECT_EQ(
      rows_of(
          R"v({"resource":"QuestionnaireResponse","select":[{"repeat":["item","answer.item"],"column":[{"name":"l","path":"linkId"}]}]})v",
          R"v({"resourceType":"QuestionnaireResponse","item":[{"linkId":"1","answer":[{"item":[{"linkId":"1.1"}]}],
                        "item":[{"linkId":"1.0"}]},{"linkId":"2"}]})v"),
      "1|;1.0|;1.1|;2|");
}

TEST(View, RefusesAWhereThatIsNoTestWhateverTheResourcesHold) {
  EXPECT_NE(compile_errors(R"v({"resource":"Patient","where":[{"path":"name.family"}],
                               "select":[{"column":[{"name":"id","path":"id"}]}]})v")
                .find("ViewDefinition.where[0].path: gives string"),
            std::string::npos);
  EXPECT_EQ(compile_errors(R"v({"resource":"Patient","where":[{"path":"active"}],
                               "select":[{"column":[{"name":"id","path":"id"}]}]})v"),
            "");
}

TEST(View, TakesAnInteger64ConstantAsTextOrNumber) {
  for (const char* value : {"\"1\"", "1"}) {
    EXPECT_EQ(rows_of(R"v({"resource":"Patient","constant":[{"name":"n","valueInteger64":)v" + std::string(value) +
                          R"v(}],"select":[{"column":[{"name":"m","path":"%n + name.count()"}]}]})v",
                      kPatient),
              "3|");
  }
  EXPECT_NE(compile_errors(R"v({"resource":"Patient","constant":[{"name":"n","valueInteger64":"x"}],
                               "select":[{"column":[{"name":"m","path":"%n"}]}]})v"),
            "");
}

TEST(View, ErrorsOfARunNameTheWhereThatFailed) {
  EXPECT_EQ(rows_of(R"v({"resource":"Patient","where":[{"path":"active"},{"path":"name.given.single() = 'x'"}],
                        "select":[{"column":[{"name":"id","path":"id"}]}]})v",
                    kPatient)
                .substr(0, 31),
            "error ViewDefinition.where[1]: ");
}

}  // namespace
}  // namespace authledger
