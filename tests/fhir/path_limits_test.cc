#include <gtest/gtest.h>

#include "tests/fhir/path_expressions.h"

// FAULTS 65: an expression bomb ends in an error that says which limit it met.

namespace authledger {
namespace {

std::string repeated(std::string_view part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(PathLimits, DeepParenthesesAreAnErrorNotACrash) {
  EXPECT_TRUE(has(path_result(repeated("(", 100'000) + "1" + repeated(")", 100'000)), "longer than 65536 bytes"));
  EXPECT_TRUE(has(path_result(repeated("(", 30'000) + "1" + repeated(")", 30'000)), "nested deeper than 100 levels"));
  EXPECT_TRUE(has(path_result(repeated("-", 30'000) + "1"), "nested deeper than 100 levels"));
  EXPECT_TRUE(has(path_result("a" + repeated(".a", 30'000)), "deeper than 500 steps"));
  EXPECT_TRUE(has(path_result("1" + repeated("+1", 30'000)), "deeper than 500 steps"));
}

TEST(PathLimits, ARegularExpressionThatBlowsUpEndsInAnError) {
  std::string result = path_result("'" + repeated("a", 40) + "!'.matches('^(a+)+$')");
  EXPECT_TRUE(has(result, "took more than 1000000 steps")) << result;
  EXPECT_TRUE(has(path_result("'a'.matches('((a{1000}){1000}){1000}')"), "the pattern is too large"));
  EXPECT_TRUE(has(path_result("'a'.matches('(')"), "error 1:13: the regular expression is not understood"));
}

TEST(PathLimits, ARepeatWithoutEndMeetsTheItemLimit) {
  EXPECT_TRUE(has(path_result("1.repeatAll($this + 1)"), "more than"));
  EXPECT_TRUE(has(path_result("(1|2).repeatAll(1|2)"), "a collection grew beyond 200000 items"));
}

TEST(PathLimits, TextThatDoublesMeetsTheLimit) {
  std::string text = path_result("'0123456789'" + repeated(".replace('', '0123456789')", 12));
  EXPECT_TRUE(has(text, "beyond")) << text;
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
