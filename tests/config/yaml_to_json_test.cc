#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/config.h"

namespace authledger {
namespace {

std::string json_of(std::string_view yaml) {
  auto json = yaml_to_json(yaml, "x.yaml");
  return json ? *json : "failed: " + json.error().message;
}

TEST(YamlToJson, KeepsTheTextOfNumbers) {
  EXPECT_EQ(json_of("[1, 1.0, -2.50, 1e3, 0]"), "[1,1.0,-2.50,1e3,0]");
}

TEST(YamlToJson, MakesATextOfWhatJsonCannotWriteAsANumber) {
  EXPECT_EQ(json_of("[0905, +1, 0x1F, .5, 1., .inf, 2026-01-01]"),
            R"(["0905","+1","0x1F",".5","1.",".inf","2026-01-01"])");
}

TEST(YamlToJson, KeepsQuotedScalarsAsTexts) {
  EXPECT_EQ(json_of(R"(["1", '2.0', "true", 'null', !!str 5])"), R"(["1","2.0","true","null","5"])");
}

TEST(YamlToJson, ReadsOnlyTheWordsOfTheCoreSchema) {
  EXPECT_EQ(json_of("[true, False, null, ~, yes, no, on, off, NA]"),
            R"([true,false,null,null,"yes","no","on","off","NA"])");
}

TEST(YamlToJson, ReadsNestedMapsListsAndBlockTexts) {
  EXPECT_EQ(json_of("a:\n  - b: 1\n    c: [x, 'y: z']\n  - |\n    two\n    lines\nd: {}\n"),
            "{\"a\":[{\"b\":1,\"c\":[\"x\",\"y: z\"]},\"two\\nlines\\n\"],\"d\":{}}");
}

TEST(YamlToJson, ReadsJsonToo) {
  EXPECT_EQ(json_of(R"({"a": [1, "2", null, {"b": "é\n"}]})"), R"({"a":[1,"2",null,{"b":"é\n"}]})");
}

TEST(YamlToJson, ExpandsAliases) {
  EXPECT_EQ(json_of("a: &x {k: 1}\nb: *x\nc: [*x]\n"), R"({"a":{"k":1},"b":{"k":1},"c":[{"k":1}]})");
}

TEST(YamlToJson, RefusesAnAliasBomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(json_of(bomb).find("more values than the limit"), std::string::npos);
}

TEST(YamlToJson, RefusesTooDeepNesting) {
  EXPECT_EQ(json_of(std::string(50, '[') + std::string(50, ']')), std::string(50, '[') + std::string(50, ']'));
  EXPECT_NE(json_of(std::string(150, '[') + std::string(150, ']')).find("nested deeper"), std::string::npos);
  EXPECT_TRUE(json_of(std::string(5000, '[')).starts_with("failed: x.yaml:1:"));
  EXPECT_TRUE(json_of(std::string(5000, '{')).starts_with("failed: x.yaml:1:"));
}

TEST(YamlToJson, NamesThePositionOfASyntaxError) {
  EXPECT_TRUE(json_of("a: 1\nb: [1, 2\nc: 3\n").starts_with("failed: x.yaml:3:")) << json_of("a: 1\nb: [1, 2\nc: 3\n");
}

TEST(YamlToJson, NamesEveryDuplicateKey) {
  EXPECT_EQ(json_of("a: 1\nb: 2\na: 3\nb: 4\n"),
            "failed: x.yaml:3:1: the key `a` stands here twice\nx.yaml:4:1: the key `b` stands here twice");
}

TEST(YamlToJson, RefusesSecondDocumentsForeignTagsAndBrokenText) {
  EXPECT_NE(json_of("a: 1\n---\nb: 2\n").find("one document"), std::string::npos);
  EXPECT_NE(json_of("a: !include other.yaml\n").find("tag"), std::string::npos);
  EXPECT_NE(json_of("a: \xff\n").find("UTF-8"), std::string::npos);
  EXPECT_NE(json_of("a: \"\\0\"\n").find("U+0000"), std::string::npos);
  EXPECT_NE(json_of("[a, b]: c\n").find("key"), std::string::npos);
  EXPECT_NE(json_of("a: *nobody\n").find("failed"), std::string::npos);
}

TEST(YamlToJson, AnEmptyTextIsNull) {
  EXPECT_EQ(json_of(""), "null");
}

TEST(ShippedFile, FindsPresetsRulesAndMappingsByTheirPath) {
  EXPECT_TRUE(shipped_file("config/presets/generic.yaml").has_value());
  EXPECT_TRUE(shipped_file("config/rules/behavioral_health.yaml").has_value());
  EXPECT_TRUE(shipped_file("config/mappings/encounter.yaml").has_value());
  EXPECT_FALSE(shipped_file("config/presets/none.yaml").has_value());
  EXPECT_FALSE(shipped_file("").has_value());
}

// Whatever stands in a file (semicolons, brackets, quotes, backslashes) must arrive in the program unchanged.
TEST(ShippedFile, HoldsEveryByteOfEveryFile) {
  size_t count = 0;
  for (const char* folder : {"config/presets", "config/rules", "config/mappings"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(AUTHLEDGER_SOURCE_FOLDER) / folder)) {
      if (entry.path().extension() != ".yaml") continue;
      std::stringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      auto shipped = shipped_file(std::string(folder) + "/" + entry.path().filename().string());
      ASSERT_TRUE(shipped.has_value()) << entry.path();
      EXPECT_EQ(*shipped, text.str()) << entry.path();
      ++count;
    }
  }
  EXPECT_GE(count, 10u);
}

}  // namespace
}  // namespace authledger
