#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "fhir/view/view.h"
#include "tests/fhir/path_expressions.h"

// FAULTS 65: an expression bomb ends in an error that says which limit it met.

namespace authledger {
namespace {

// Far above what a bomb takes (tens of milliseconds), so that a busy machine and sanitizers do not fail the test.
constexpr int kBombSecondsMax = 20;

std::string repeated(std::string_view part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Fault65, DeepParenthesesAreAnErrorNotACrash) {
  EXPECT_TRUE(has(path_result(repeated("(", 100'000) + "1" + repeated(")", 100'000)), "longer than 65536 bytes"));
  EXPECT_TRUE(has(path_result(repeated("(", 30'000) + "1" + repeated(")", 30'000)), "nested deeper than 100 levels"));
  EXPECT_TRUE(has(path_result(repeated("-", 30'000) + "1"), "nested deeper than 100 levels"));
  EXPECT_TRUE(has(path_result("a" + repeated(".a", 30'000)), "deeper than 500 steps"));
  EXPECT_TRUE(has(path_result("1" + repeated("+1", 30'000)), "deeper than 500 steps"));
}

TEST(Fault65, ARegularExpressionThatBlowsUpEndsInAnError) {
  std::string result = path_result("'" + repeated("a", 40) + "!'.matches('^(a+)+$')");
  EXPECT_TRUE(has(result, "took more than 1000000 steps")) << result;
  EXPECT_TRUE(has(path_result("'a'.matches('((a{1000}){1000}){1000}')"), "the pattern is too large"));
  EXPECT_TRUE(has(path_result("'a'.matches('(')"), "error 1:13: the regular expression is not understood"));
}

TEST(Fault65, ARepeatWithoutEndMeetsTheItemLimit) {
  EXPECT_TRUE(has(path_result("1.repeatAll($this + 1)"), "more than"));
  EXPECT_TRUE(has(path_result("(1|2).repeatAll(1|2)"), "a collection grew beyond 200000 items"));
}

TEST(Fault65, TextThatDoublesMeetsTheLimit) {
  std::string text = path_result("'0123456789'" + repeated(".replace('', '0123456789')", 12));
  EXPECT_TRUE(has(text, "beyond")) << text;
}

TEST(Fault65, EveryBombEndsWithinTheLimits) {
  constexpr std::string_view kResource = R"({"resourceType":"Patient","id":"p","name":[{"given":["a","b","c"]}]})";
  std::string long_text = "'" + repeated("x", 50'000) + "'";
  const std::vector<std::string> bombs = {
      // Products, powers and trees that grow.
      "(1|2|3|4|5|6|7|8|9)" + repeated(".select((1|2|3|4|5|6|7|8|9))", 8),
      "descendants()" + repeated(".select(%resource.descendants())", 12),
      "(1|2).repeatAll(1|2)",
      "repeat(descendants()" + repeated(".combine(descendants())", 12) + ")",
      "(1|2|3)" + repeated(".combine((1|2|3).select(%resource.descendants()))", 40) + ".distinct().count()",
      "2.power(1000).power(1000)",
      "'ab'" + repeated(".replace('', 'abcdefghij')", 20),
      long_text + ".select($this & $this)" + repeated(".select($this & $this)", 20),
      long_text + ".toChars().select(%resource.descendants()).count()",
      long_text + ".toChars().isDistinct()",
      long_text + ".replace('xx', 'y').replace('y', 'zzz').replace('zz', '')",
      "1 is " + repeated("x", 60'000),
      repeated("x", 60'000) + "()",
      // Patterns that backtrack.
      long_text + ".matches('x*y')",
      long_text + ".matches('(x+x+)+y')",
      long_text + ".replaceMatches('(x|xx)*', '$0$0$0$0')",
      "'" + repeated("a", 40) + "!'.matches('^(a|aa)+$')",
      "'a'.matches('(((((((((a*)*)*)*)*)*)*)*)*)*b')",
      "'a'.matches('" + repeated("(", 60) + "')",
      "'a'.matches('((((a{100}){100}){100}){100})')",
      "defineVariable('a', %resource.descendants())" + repeated(".combine(%a)", 90),
  };
  for (const std::string& bomb : bombs) {
    auto started = std::chrono::steady_clock::now();
    std::string result = path_result(bomb, kResource);
    auto took = std::chrono::steady_clock::now() - started;
    EXPECT_LT(took, std::chrono::seconds(kBombSecondsMax)) << bomb.substr(0, 80) << "\n" << result.substr(0, 200);
    EXPECT_FALSE(result.empty());
  }
}

TEST(Fault65, AViewThatMultipliesRowsMeetsTheRowLimit) {
  std::string given;
  for (int i = 0; i < 400; ++i) given += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  std::string definition = R"v({"resource":"Patient","select":[)v";
  for (int i = 0; i < 6; ++i) {
    definition += (i == 0 ? "" : ",") + std::string(R"v({"forEach":"name.given","column":[{"name":"c)v") +
                  std::to_string(i) + R"v(","path":"$this"}]})v";
  }
  JsonDocument view_document, document;
  auto view = View::compile(view_document.parse(definition + "]}").value());
  ASSERT_TRUE(view.ok());
  ViewRows rows;
  auto outcome =
      view->evaluate(document.parse(R"({"resourceType":"Patient","name":[{"given":[)" + given + "]}]}").value(), rows);
  ASSERT_FALSE(outcome.ok());
  EXPECT_TRUE(has(outcome.error().message, "more than 100000 rows")) << outcome.error().message;
}

TEST(PathErrors, NameTheNearestFunctionTypeAndElement) {
  EXPECT_EQ(path_result("name\n  .frist()"), "error 2:4: unknown function frist(); did you mean first()?");
  EXPECT_EQ(path_result("value is Quantitty"), "error 1:10: unknown type Quantitty; did you mean Quantity?");
  EXPECT_EQ(path_result("%resorce"), "error 1:1: %resorce is not defined; did you mean %resource?");
  constexpr std::string_view patient = R"({"resourceType":"Patient"})";
  EXPECT_EQ(path_result("name.givn", patient, true), "error 1:6: HumanName has no element givn; did you mean given?");
  EXPECT_EQ(path_result("Encounter.id", patient, true),
            "error 1:1: Encounter never occurs here: the expression starts from Patient");
  EXPECT_TRUE(has(path_result("Patient.children().first()", patient, true), "without order"));
}

TEST(PathErrors, AreRaisedForWhatCannotBeMeant) {
  EXPECT_TRUE(has(path_result("'a'.substring()"), "takes 1 to 2 arguments, not 0"));
  EXPECT_TRUE(has(path_result("1 +"), "expected a value, found the end"));
  EXPECT_TRUE(has(path_result("'abc"), "this text has no end"));
  EXPECT_TRUE(has(path_result("@2026-02-30"), "not a date or time that exists"));
  EXPECT_TRUE(has(path_result("'a' - 'b'"), "does not take String and String"));
  EXPECT_TRUE(has(path_result("code.memberOf('http://x')"), "needs a terminology server"));
  EXPECT_TRUE(has(path_result("(1|2).single()"), "found 2 values"));
}

}  // namespace
}  // namespace authledger
