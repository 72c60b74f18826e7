#include <gtest/gtest.h>

#include "tests/fhir/path_expressions.h"

namespace authledger {
namespace {

constexpr std::string_view kResponse = R"({"resourceType":"ClaimResponse","id":"cr1",
  "contained":[{"resourceType":"Organization","id":"payer","name":"Payer"}],
  "insurer":{"reference":"#payer"},"request":{"reference":"https://ehr.example/fhir/Claim/c1/_history/2"},
  "extension":[{"url":"http://x/levels","extension":[{"url":"number","valueString":"AUTH1"}]}],
  "created":"2026-03-01","_created":{"extension":[{"url":"http://x/when","valueDateTime":"2026-03-01T08:00:00Z"}]},
  "item":[{"itemSequence":1,"adjudication":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":1.50,"currency":"USD"}}]},
          {"itemSequence":2}]})";

TEST(Path, NumbersKeepTheirText) {
  EXPECT_EQ(path_result("item.adjudication.amount.value", kResponse), "[1.50]");
  EXPECT_EQ(path_result("1.0"), "[1.0]");
  EXPECT_EQ(path_result("0.1 + 0.2"), "[0.3]");
  EXPECT_EQ(path_result("1 / 3"), "[0.3333333333333333]");
}

TEST(Path, ChoiceElementsAreFoundByTheirFhirPathName) {
  constexpr std::string_view observation =
      R"({"resourceType":"Observation","valueQuantity":{"value":5,"unit":"mg","code":"mg"}})";
  EXPECT_EQ(path_result("value.unit", observation), "[\"mg\"]");
  EXPECT_EQ(path_result("value.ofType(Quantity).value", observation), "[5]");
  EXPECT_EQ(path_result("Observation.value.ofType(string)", observation), "[]");
  EXPECT_EQ(path_result("(value as Quantity).value", observation), "[5]");
  EXPECT_EQ(path_result("valueQuantity", observation),
            "error 1:1: valueQuantity is JSON's name of a choice; write value.ofType(Quantity)");
}

TEST(Path, ExtensionsAreReadByUrlNestedAndOnPrimitives) {
  EXPECT_EQ(path_result("extension('http://x/levels').extension('number').value.ofType(string)", kResponse),
            "[\"AUTH1\"]");
  EXPECT_EQ(path_result("created.extension('http://x/when').value", kResponse), "[\"2026-03-01T08:00:00Z\"]");
  constexpr std::string_view absent =
      R"({"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueCode":"unknown"}]}})";
  EXPECT_EQ(path_result("birthDate.extension('u').value", absent), "[\"unknown\"]");
  EXPECT_EQ(path_result("birthDate.hasValue()", absent), "[false]");
}

TEST(Path, ReferencesResolveInsideTheResourceAndTheBundleOnly) {
  EXPECT_EQ(path_result("insurer.resolve().name", kResponse), "[\"Payer\"]");
  EXPECT_EQ(path_result("request.resolve()", kResponse), "[]");
  EXPECT_EQ(path_result("request.getReferenceKey()", kResponse), "[\"Claim/c1\"]");
  EXPECT_EQ(path_result("request.getReferenceKey(Patient)", kResponse), "[]");
  EXPECT_EQ(path_result("getResourceKey()", kResponse), "[\"ClaimResponse/cr1\"]");
  constexpr std::string_view bundle = R"({"resourceType":"Bundle","entry":[
    {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Encounter","subject":{"reference":"urn:uuid:2"}}},
    {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Patient","id":"p"}}]})";
  EXPECT_EQ(path_result("Bundle.entry.resource.ofType(Encounter).subject.resolve().id", bundle), "[\"p\"]");
}

TEST(Path, DatesOfDifferentPrecisionAreNeitherEqualNorNot) {
  EXPECT_EQ(path_result("created = @2026-03-01", kResponse), "[true]");
  EXPECT_EQ(path_result("created = @2026-03", kResponse), "[]");
  EXPECT_EQ(path_result("created < @2026-04", kResponse), "[true]");
  EXPECT_EQ(path_result("@2026-03-01T10:00:00Z = @2026-03-01T12:00:00+02:00"), "[true]");
  EXPECT_EQ(path_result("@2026-01-31 + 1 month"), "[\"2026-02-28\"]");
  EXPECT_EQ(path_result("today()"), "[\"2026-03-01\"]");
}

TEST(Path, FastFormsGiveWhatTheGeneralFormsGive) {
  EXPECT_EQ(path_result("item.where(itemSequence = 2).itemSequence", kResponse), "[2]");
  EXPECT_EQ(path_result("item.adjudication.category.coding.where(code = 'submitted').code", kResponse),
            "[\"submitted\"]");
  EXPECT_EQ(path_result("item.adjudication.category.coding.where('submitted' = code).code", kResponse),
            "[\"submitted\"]");
  EXPECT_EQ(path_result("extension.where(url = 'http://x/levels').count()", kResponse), "[1]");
  constexpr std::string_view patient = R"({"resourceType":"Patient","name":[{"given":["A","B"]},{"given":["A"]}]})";
  EXPECT_EQ(path_result("name.where(given = 'A').count()", patient), "[1]");
}

TEST(Path, VariablesHoldOnlyToTheRightOfTheirDefinition) {
  EXPECT_EQ(path_result("item.defineVariable('seq', itemSequence).select(%seq.count())", kResponse), "[2,2]");
  EXPECT_EQ(path_result("item.select(defineVariable('seq', itemSequence).select(%seq + 1))", kResponse), "[2,3]");
  EXPECT_EQ(path_result("item.first().defineVariable('seq', itemSequence).itemSequence | %seq", kResponse),
            "error 1:65: %seq is not defined here");
  EXPECT_EQ(path_result("%resource.id | %context.id", kResponse), "[\"cr1\"]");
}

TEST(Path, CollectionsSortDistinctAndAggregate) {
  EXPECT_EQ(path_result("(3 | 1 | 2).sort()"), "[1,2,3]");
  EXPECT_EQ(path_result("(3 | 1 | 2).sort(-$this)"), "[3,2,1]");
  EXPECT_EQ(path_result("(1 | 2 | 3).aggregate($this + $total, 0)"), "[6]");
  EXPECT_EQ(path_result("('a' | 'b').join(',')"), "[\"a,b\"]");
  EXPECT_EQ(path_result("item.select(1 | itemSequence)", kResponse), "[1,1,2]");
}

TEST(Path, QuantitiesConvertBetweenUnits) {
  EXPECT_EQ(path_result("4 'g' = 4000 'mg'"), "[true]");
  EXPECT_EQ(path_result("1 'h' > 59 'min'"), "[true]");
  EXPECT_EQ(path_result("1 year = 1 'a'"), "[]");
  EXPECT_EQ(path_result("1 'cm' + 1 'm'"), "[\"101 'cm'\"]");
  EXPECT_EQ(path_result("1 'cm' = 1 's'"), "[]");
}

// FHIRPath 2.0, 6.6.7: decimal parts count for seconds and finer units only.
TEST(Path, FractionsOfASecondMoveADateTime) {
  EXPECT_EQ(path_result("@2020-01-01T00:00:00.000Z + 0.1 seconds"), R"(["2020-01-01T00:00:00.100Z"])");
  EXPECT_EQ(path_result("@2020-01-01T00:00:00Z + 1500 milliseconds"), R"(["2020-01-01T00:00:01.500Z"])");
  EXPECT_EQ(path_result("@T10:00:00 - 0.5 seconds"), R"(["09:59:59.500"])");
  EXPECT_EQ(path_result("@2020-01-01T00:00:00Z + 1.9 minutes"), R"(["2020-01-01T00:01:00Z"])");
}

TEST(Path, FhirsOwnVariablesCannotBeDefinedAnew) {
  for (const char* name : {"context", "resource", "rootResource", "ucum", "vs-x"}) {
    std::string result = path_result(std::string("defineVariable('") + name + "', 1)");
    EXPECT_NE(result.find("cannot be defined"), std::string::npos) << result;
  }
}

TEST(Path, AnIntegerHas32BitsAndALong64) {
  EXPECT_EQ(path_result("2147483647 + 1"), "[]");
  EXPECT_EQ(path_result("-2147483647 - 2"), "[]");
  EXPECT_EQ(path_result("65536 * 65536"), "[]");
  EXPECT_EQ(path_result("5000000000.0.floor()"), "[]");
  EXPECT_EQ(path_result("2147483647L + 1"), "[2147483648]");
  EXPECT_EQ(path_result("2147483648 + 1"), "[2147483649]");
  EXPECT_EQ(path_result("9223372036854775807L + 1L"), "[]");
  EXPECT_EQ(path_result("5L is Long and (5 is Long).not() and (5L is Integer).not() and 5L = 5"), "[true]");
  EXPECT_EQ(path_result("'3000000000'.toInteger()"), "[]");
  EXPECT_EQ(path_result("'3000000000'.toLong() is Long"), "[true]");
  EXPECT_EQ(path_result("99999999999999999999L"), "error 1:1: this number has more digits than can be held");
}

TEST(Path, NumbersLoseLeadingZeros) {
  EXPECT_EQ(path_result("007"), "[7]");
  EXPECT_EQ(path_result("00.50"), "[0.50]");
}

TEST(Path, PatternsMayHaveManyAlternatives) {
  EXPECT_EQ(path_result("('a'|'b'|'c'|'d'|'e').where($this.matches('^(a|b|c|d)$'))"), R"(["a","b","c","d"])");
  EXPECT_EQ(
      path_result("'b'.matches('^(a*)*b$') and 'aabab'.matches('^(a|b*)+$') and 'ac'.matches('^((b*)*|a)+b').not()"),
      "[true]");
  EXPECT_EQ(path_result("'xcz'.replaceMatches('a|b|(c|d|e)|f', '<$1>')"), R"(["x<c>z"])");
}

}  // namespace
}  // namespace authledger
