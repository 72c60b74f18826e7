#include "fhir/view/map_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

struct Mapped {
  std::string text;
  std::vector<std::string> problems;
  std::vector<std::vector<std::string>> shown;
  size_t rows = 0;
};

constexpr std::string_view kView = R"v({"resource":"Patient","select":[{"column":[{"name":"id","path":"id"},
  {"name":"given","path":"name.given","collection":true},{"name":"active","path":"active"},
  {"name":"count","path":"multipleBirth.ofType(integer)"},{"name":"known","path":"name.exists() and active"},
  {"name":"doctor","path":"generalPractitioner.resolve().ofType(Practitioner).id"}]}]})v";

std::vector<View> views() {
  JsonDocument document;
  std::vector<View> result;
  result.push_back(std::move(View::compile(document.parse(kView).value()).value()));
  return result;
}

Mapped map_files(const std::vector<std::string>& files, MapOptions options = {}) {
  std::vector<View> compiled = views();
  Mapped mapped;
  MapStream stream(compiled, options, [&](MappedPart&& part) {
    mapped.text += part.text;
    mapped.rows += part.rows;
    for (std::string& problem : part.problems) mapped.problems.push_back(std::move(problem));
    for (auto& row : part.shown) mapped.shown.push_back(std::move(row));
    return true;
  });
  EXPECT_TRUE(stream.run(files));
  return mapped;
}

std::string write_file(const std::string& name, std::string_view text) {
  std::string path = temporary_folder() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string ids(const std::string& text) {
  std::string result;
  for (size_t at = 0; (at = text.find("\"id\":\"", at)) != std::string::npos;) {
    at += 6;
    result += text.substr(at, text.find('"', at) - at) + " ";
  }
  return result;
}

TEST(MapStream, GivesTheSameRowsInTheSameOrderForAnyNumberOfThreads) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += fmt::format(R"({{"resourceType":"Patient","id":"p{}","name":[{{"given":["a\"b","{}"]}}],"active":{}}})", i,
                        i, i % 3 == 0) +
            "\n";
    if (i % 7000 == 0) text += "broken\n";
  }
  std::string file = write_file("many.ndjson", text);
  Mapped one = map_files({file});
  EXPECT_EQ(one.rows, 20'000U);
  ASSERT_EQ(one.problems.size(), 3U);
  EXPECT_TRUE(one.problems[1].starts_with(file + ":7003: not valid JSON")) << one.problems[1];
  for (unsigned threads : {2U, 5U}) {
    Mapped several = map_files({file, file}, {.threads = threads});
    EXPECT_EQ(several.text, one.text + one.text);
    EXPECT_EQ(several.problems.size(), 6U);
    EXPECT_EQ(several.problems[4], one.problems[1]);
  }
}

TEST(MapStream, ReadsBundlesArraysNdjsonAndGzip) {
  constexpr std::string_view kA = R"({"resourceType":"Patient","id":"a"})",
                             kB = R"({"resourceType":"Patient","id":"b"})";
  EXPECT_EQ(ids(map_files({write_file("x.json", fmt::format("[{},\n{}]", kA, kB))}).text), "a b ");
  EXPECT_EQ(ids(map_files({write_file("x.json", "{\n \"resourceType\":\"Patient\",\n\"id\":\"c\"}")}).text), "c ");
  EXPECT_EQ(ids(map_files({write_file("x.json", fmt::format("\xEF\xBB\xBF{}\r\n\r\n{}", kA, kB))}).text), "a b ");
  EXPECT_EQ(ids(map_files({write_file("x.txt", fmt::format("{}\n{}\n", kA, kB))}).text), "a b ");
  std::string bundle = fmt::format(
      R"({{"resourceType":"Bundle","entry":[{{"resource":{}}},{{"fullUrl":"urn:uuid:1","resource":{{"resourceType":"Practitioner","id":"d"}}}},
      {{"resource":{{"resourceType":"Patient","id":"e","generalPractitioner":[{{"reference":"urn:uuid:1"}}]}}}}]}})",
      kA);
  Mapped mapped = map_files({write_file("bundle.json", bundle)});
  EXPECT_EQ(ids(mapped.text), "a e ");
  EXPECT_NE(mapped.text.find(R"("doctor":"d")"), std::string::npos) << mapped.text;
  std::string zipped = temporary_folder() + "/z.ndjson.gz";
  gzFile out = gzopen(zipped.c_str(), "wb");
  gzwrite(out, kA.data(), static_cast<unsigned>(kA.size()));
  gzclose(out);
  EXPECT_EQ(ids(map_files({zipped}).text), "a ");
}

TEST(MapStream, WritesEachFormatAsItIsDefined) {
  std::string file = write_file(
      "x.ndjson", R"({"resourceType":"Patient","id":"=a,\"","name":[{"given":["x","y"]}],"multipleBirthInteger":2})"
                  "\n");
  EXPECT_EQ(map_files({file}).text,
            R"({"id":"=a,\"","given":["x","y"],"active":null,"count":2,"known":null,"doctor":null})"
            "\n");
  EXPECT_EQ(map_files({file}, {.format = RowFormat::csv}).text, "\"'=a,\"\"\",x; y,,2,,\r\n");
  EXPECT_EQ(map_files({file}, {.format = RowFormat::table}).shown,
            (std::vector<std::vector<std::string>>{{"=a,\"", "x; y", "", "2", "", ""}}));
  RowText json(RowFormat::json, {"a"});
  EXPECT_EQ(json.head() + json.tail(false), "[]\n");
  EXPECT_EQ(RowText(RowFormat::csv, {"a", "b"}).head(), "a,b\r\n");
}

TEST(MapStream, ExplainsWhichElementsGaveEachCell) {
  std::string file =
      write_file("x.ndjson", R"({"resourceType":"Patient","id":"a","name":[{"given":["x","y"]}],"active":true})"
                             "\n");
  std::string text = map_files({file}, {.is_explained = true}).text;
  auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(has(R"("column":"id","value":"a","path":"id","elements":["Patient.id"])")) << text;
  EXPECT_TRUE(has(R"("elements":["Patient.name[0].given[0]","Patient.name[0].given[1]"])")) << text;
  EXPECT_TRUE(has(
      R"("column":"known","value":true,"path":"name.exists() and active","elements":["Patient.name[0]","Patient.active"])"))
      << text;
  EXPECT_TRUE(has(
      R"("column":"doctor","value":null,"path":"generalPractitioner.resolve().ofType(Practitioner).id","elements":[])"))
      << text;
}

TEST(MapStream, NamesEveryFileAndLineThatCannotBeMappedAndGoesOn) {
  std::string long_line = R"({"resourceType":"Patient","id":")" + std::string(17 << 20, 'x') + "\"}\n";
  std::string file =
      write_file("x.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\n{\"id\":\"no type\"}\n" + long_line +
                                 "{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":[true,false]}\n{"
                                 "\"resourceType\":\"Patient\",\"id\":\"b\"}");
  Mapped mapped = map_files({file, temporary_folder() + "/none.json"}, {.threads = 2});
  EXPECT_EQ(ids(mapped.text), "a b ");
  ASSERT_EQ(mapped.problems.size(), 4U);
  EXPECT_EQ(mapped.problems[0], file + ":3: no FHIR resource: resourceType is missing");
  EXPECT_EQ(mapped.problems[1], file + ":4: the line is longer than the limit of 16 MiB");
  EXPECT_TRUE(mapped.problems[2].starts_with(file + ":5: ViewDefinition.select[0].column[2]")) << mapped.problems[2];
  EXPECT_TRUE(mapped.problems[3].ends_with("none.json: no such file")) << mapped.problems[3];
}

TEST(MapStream, StopsWhenNobodyReadsAnyMore) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += fmt::format(R"({{"resourceType":"Patient","id":"p{}"}})", i) + "\n";
  std::string file = write_file("x.ndjson", text);
  std::vector<View> compiled = views();
  size_t parts = 0;
  MapStream stream(compiled, {.threads = 2}, [&](MappedPart&&) { return ++parts < 2; });
  EXPECT_FALSE(stream.run({file}));
  EXPECT_EQ(parts, 2U);
}

}  // namespace
}  // namespace authledger
