#include "base/json.h"

#include <gtest/gtest.h>

namespace authledger {
namespace {

TEST(Json, NumbersKeepTheirText) {
  JsonDocument document;
  auto root = document.parse(R"({"a":1.0,"b":1e300,"c":-0,"d":12345678901234567890.123})");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ((*root)["a"].text(), "1.0");
  EXPECT_EQ((*root)["b"].text(), "1e300");
  EXPECT_EQ((*root)["c"].text(), "-0");
  EXPECT_EQ(to_json_text(*root), R"({"a":1.0,"b":1e300,"c":-0,"d":12345678901234567890.123})");
}

TEST(Json, MissingPathsAreEmptyViews) {
  JsonDocument document;
  auto root = document.parse(R"({"item":[{"sequence":1}]})");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ((*root)["item"].at(0)["sequence"].text(), "1");
  EXPECT_FALSE((*root)["item"].at(7)["sequence"]["deeper"].exists());
  EXPECT_EQ((*root)["nothing"].size(), 0U);
}

TEST(Fault30, RefusesWhatIsNotCleanJson) {
  JsonDocument document;
  std::string nested(100'000, '[');
  EXPECT_FALSE(document.parse(nested).ok());
  EXPECT_FALSE(document.parse(nested + std::string(100'000, ']')).ok());
  EXPECT_FALSE(document.parse(R"({"a":1,"a":2})").ok()) << "duplicate keys";
  EXPECT_FALSE(document.parse("{\"a\":\"\\u0000\"}").ok()) << "NUL";
  EXPECT_FALSE(document.parse(std::string_view("{}\0", 3)).ok()) << "NUL after the end";
  EXPECT_FALSE(document.parse("{\"a\":\"\xC0\xAF\"}").ok()) << "overlong UTF-8";
  EXPECT_FALSE(document.parse("{\"a\":\"\\ud800\"}").ok()) << "lone surrogate";
  EXPECT_FALSE(document.parse("{\"a\":\"\\udc00\"}").ok()) << "half a surrogate pair";
  EXPECT_FALSE(document.parse("{\"a\":1e400}").ok()) << "beyond a double";
  EXPECT_FALSE(document.parse("{\"a\":1} trailing").ok());
  EXPECT_FALSE(document.parse("").ok());
  EXPECT_FALSE(document.parse("[1,2", {.bytes_max = 2, .depth_max = 10}).ok()) << "beyond the limit";
}

TEST(Fault30, SaysWhichLimitDeepAndGiantTextsMeet) {
  JsonDocument document;
  auto deep = document.parse(std::string(100'000, '[') + std::string(100'000, ']'));
  ASSERT_FALSE(deep.ok());
  EXPECT_NE(deep.error().message.find("nested deeper than the limit"), std::string::npos) << deep.error().message;
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(document.parse(objects + "1" + std::string(100'000, '}')).ok());
  std::string giant = "{\"a\":\"" + std::string(10 << 20, 'x') + "\"}";
  EXPECT_TRUE(document.parse(giant).ok()) << "10 MB fit the limit of a file";
  auto refused = document.parse(giant, {.bytes_max = 1 << 20, .depth_max = 200});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "larger than 1048576 bytes");
  EXPECT_EQ(document.parse("-0").value().text(), "-0");
}

TEST(Json, ErrorsNameThePlaceAndNotTheContent) {
  JsonDocument document;
  auto root = document.parse("{\n  \"name\": \"Smith\",\n  oops }");
  ASSERT_FALSE(root.ok());
  EXPECT_NE(root.error().message.find("line 3"), std::string::npos) << root.error().message;
  EXPECT_EQ(root.error().message.find("Smith"), std::string::npos);
}

TEST(Json, ManyDuplicateMembersAreFoundInLargeObjectsToo) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"m" + std::to_string(i) + "\":1,";
  JsonDocument document;
  EXPECT_TRUE(document.parse(text + "\"last\":1}").ok());
  EXPECT_FALSE(document.parse(text + "\"m42\":1}").ok());
}

TEST(Json, AnEmptyViewIsRefusedLikeEmptyText) {
  JsonDocument document;
  EXPECT_FALSE(document.parse(std::string_view()).ok());
  EXPECT_FALSE(document.parse("").ok());
}

TEST(Json, ADocumentMayBeParsedAgain) {
  JsonDocument document;
  for (int i = 0; i < 3; ++i) {
    auto root = document.parse("{\"n\":" + std::to_string(i) + ",\"list\":[1,2,3]}");
    ASSERT_TRUE(root.ok());
    EXPECT_EQ((*root)["n"].text(), std::to_string(i));
    EXPECT_EQ((*root)["list"].size(), 3U);
  }
}

TEST(Json, BothReadersTakeTheSameTextsAndGiveTheSameTrees) {
  const std::vector<std::string> texts = {"{}",
                                          "[]",
                                          "0",
                                          "-0",
                                          "-0.0",
                                          "1.50",
                                          "1E+5",
                                          "1e-05",
                                          "\"\"",
                                          " [ 1 , 2.0 ,\t\"x\" ] \n",
                                          "null",
                                          "true",
                                          "false",
                                          R"({"a":{"b":[{"c":[]},{}]},"d":"\u00e9\ud83d\ude00\\\"\/\b\f\n\r\t"})",
                                          R"(["a\\","b\"",{"\u0061":1}])",
                                          R"({"a":1,"\u0061":2})",
                                          R"("\u0000")",
                                          R"("\ud83d")",
                                          R"("\udc00")",
                                          R"("\ud83dx")",
                                          R"("\x")",
                                          R"("\u12g4")",
                                          "01",
                                          "-",
                                          "1.",
                                          ".5",
                                          "1e",
                                          "1e400",
                                          "1e-400",
                                          "+1",
                                          "1 2",
                                          "tru",
                                          "truex",
                                          "nul",
                                          "[1,]",
                                          "[,1]",
                                          "[1 2]",
                                          "{\"a\"}",
                                          "{\"a\":}",
                                          "{\"a\":1,}",
                                          "{a:1}",
                                          "{1:2}",
                                          "[}",
                                          "{]",
                                          "[\"a\":1]",
                                          "{\"a\",1}",
                                          "\"a",
                                          "\"a\nb\"",
                                          "[1]]",
                                          "\"a\"\"b\"",
                                          "1\"a\"",
                                          "[\"a\"b]",
                                          "\xEF\xBB\xBF{}",
                                          "\"\xC3\xA9\"",
                                          "\"\xC0\xAF\"",
                                          "[\"\\\\\",\"\\\"\",1]",
                                          "",
                                          " ",
                                          ":",
                                          ",",
                                          std::string("1\0", 2),
                                          std::string("\"a\0\"", 4),
                                          std::string(300, '1'),
                                          std::string(400, '9'),
                                          std::string(199, '[') + std::string(199, ']'),
                                          std::string(201, '[') + std::string(201, ']')};
  JsonDocument document, slow;
  for (const std::string& text : texts) {
    auto parsed = document.parse(text);
    auto expected = slow.parse_slowly(text);
    ASSERT_EQ(parsed.ok(), expected.ok()) << text;
    if (parsed) {
      EXPECT_EQ(to_json_text(*parsed), to_json_text(*expected)) << text;
    }
  }
}

TEST(JsonWriter, WritesNestedAndEscaped) {
  JsonWriter writer;
  writer.begin_object()
      .member("text", "a\"b\n")
      .key("list")
      .begin_array()
      .number(1)
      .boolean(true)
      .null()
      .end_array()
      .end_object();
  EXPECT_EQ(writer.take(), R"({"text":"a\"b\n","list":[1,true,null]})");
}

}  // namespace
}  // namespace authledger
