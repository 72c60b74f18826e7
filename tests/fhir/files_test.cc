#include "fhir/files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fhir/bundle.h"
#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

struct Seen {
  std::vector<std::string> resources;  // "Type/id@line"
  std::vector<std::string> texts;
  std::vector<std::string> references;
  Issues issues;
};

void write(const std::string& folder, const std::string& file, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(folder + "/" + file).parent_path());
  std::ofstream(folder + "/" + file, std::ios::binary) << text;
}

Seen read_all(const std::string& folder, const std::string& file) {
  Seen seen;
  seen.issues = read_resource_file(folder, file, [&](const FileResource& found) {
    seen.resources.push_back(
        fmt::format("{}/{}@{}", found.resource["resourceType"].text(), found.resource["id"].text(), found.line));
    seen.texts.emplace_back(found.text);
    seen.references.push_back(found.resource["subject"]["reference"].string());
    EXPECT_EQ(found.file, file);
    return true;
  });
  return seen;
}

TEST(Files, ListsResourceFilesSortedAndLeavesOutWhatLeadsElsewhere) {
  const std::string folder = temporary_folder(), other = temporary_folder();
  for (const char* file : {"b/two.ndjson.gz", "a.json", "c.JSON.GZ", "notes.txt", ".hidden.json", ".git/x.json"})
    write(folder, file, "{}");
  write(other, "secret.json", "{}");
  std::filesystem::create_symlink(other + "/secret.json", folder + "/leak.json");
  std::filesystem::create_directory_symlink(other, folder + "/leak");
  std::filesystem::create_symlink(folder + "/a.json", folder + "/same.json");
  const auto files = list_resource_files(folder);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(*files, (std::vector<std::string>{"a.json", "b/two.ndjson.gz", "c.JSON.GZ", "same.json"}));
  EXPECT_FALSE(list_resource_files(folder + "/none").ok());
}

TEST(Fault72, NamesThatLeaveTheFolderAreRefused) {
  const std::string folder = temporary_folder(), other = temporary_folder();
  write(other, "secret.json", R"({"resourceType":"Patient","id":"s"})");
  std::filesystem::create_symlink(other + "/secret.json", folder + "/leak.json");
  for (const std::string& file : {std::string("leak.json"), other + "/secret.json",
                                  "../" + std::filesystem::path(other).filename().string() + "/secret.json"}) {
    const Seen seen = read_all(folder, file);
    EXPECT_TRUE(seen.resources.empty()) << file;
    EXPECT_EQ(seen.issues.size(), 1u) << file;
  }
}

TEST(Files, BadLinesBecomeIssuesAndTheRestGoesOn) {
  const std::string folder = temporary_folder();
  write(folder, "e.ndjson",
        "\xEF\xBB\xBF{\"resourceType\":\"Encounter\",\"id\":\"1\"}\r\n\n{broken\n[]\n"
        "{\"resourceType\":\"Encounter\",\"id\":\"2\"}");
  const Seen seen = read_all(folder, "e.ndjson");
  EXPECT_EQ(seen.resources, (std::vector<std::string>{"Encounter/1@1", "Encounter/2@5"}));
  EXPECT_EQ(seen.texts[0], R"({"resourceType":"Encounter","id":"1"})");
  ASSERT_EQ(seen.issues.size(), 2u);
  EXPECT_EQ(seen.issues[0].element_path, "e.ndjson:3");
  EXPECT_EQ(seen.issues[1].element_path, "e.ndjson:4");
}

TEST(Files, GzipIsReadAndACutOneIsAnIssueAfterItsWholeLines) {
  const std::string folder = temporary_folder();
  std::string lines;
  for (int i = 0; i < 20'000; ++i)
    lines += fmt::format("{{\"resourceType\":\"Encounter\",\"id\":\"{}\"}}\n", i * 7919 % 100'003);
  const std::string packed = gzip(lines);
  write(folder, "whole.ndjson.gz", packed);
  write(folder, "cut.ndjson.gz", std::string_view(packed).substr(0, packed.size() / 2));
  const Seen whole = read_all(folder, "whole.ndjson.gz");
  EXPECT_EQ(whole.resources.size(), 20'000u);
  EXPECT_TRUE(whole.issues.empty());
  const Seen cut = read_all(folder, "cut.ndjson.gz");
  EXPECT_GT(cut.resources.size(), 0u);
  EXPECT_LT(cut.resources.size(), 20'000u);
  ASSERT_EQ(cut.issues.size(), 1u);
  EXPECT_NE(cut.issues[0].message.find("cut off"), std::string::npos);
}

TEST(Fault29, AnEndlessLineIsLeftOutInConstantMemory) {
  const std::string folder = temporary_folder();
  write(folder, "long.ndjson.gz",
        gzip(std::string(size_t{300} << 20, ' ') + "\n{\"resourceType\":\"Patient\",\"id\":\"p\"}\n"));
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const Seen seen = read_all(folder, "long.ndjson.gz");
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(seen.resources, (std::vector<std::string>{"Patient/p@2"}));
  ASSERT_EQ(seen.issues.size(), 1u);
  EXPECT_EQ(seen.issues[0].element_path, "long.ndjson.gz:1");
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100'000) << "KiB";
}

TEST(Fault29, AJsonFileThatUnpacksBeyondTheLimitIsAnIssue) {
  const std::string folder = temporary_folder();
  write(folder, "bomb.json.gz", gzip("[" + std::string(size_t{80} << 20, ' ') + "]"));
  const Seen seen = read_all(folder, "bomb.json.gz");
  ASSERT_EQ(seen.issues.size(), 1u);
  EXPECT_NE(seen.issues[0].message.find("limit"), std::string::npos);
}

TEST(Files, ResourcesAreFoundInNestedBundlesParametersAndArrays) {
  const std::string folder = temporary_folder();
  write(folder, "n.json", R"([{"resourceType":"Parameters","parameter":[
      {"name":"a","resource":{"resourceType":"Patient","id":"p1"}},
      {"name":"b","part":[{"name":"c","resource":{"resourceType":"Bundle","entry":[
        {"fullUrl":"http://x/Coverage/c1","resource":{"resourceType":"Coverage","id":"c1"}},
        {"resource":{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Claim","id":"k1"}}]}},{"response":{"status":"200"}}]}}]}]},
    {"resourceType":"Encounter","id":"e1"}])");
  const Seen seen = read_all(folder, "n.json");
  EXPECT_EQ(seen.resources,
            (std::vector<std::string>{"Patient/p1@0", "Coverage/c1@0", "Claim/k1@0", "Encounter/e1@0"}));
  EXPECT_TRUE(seen.issues.empty());
  write(folder, "one.json", "\n {\"resourceType\":\"Patient\",\"id\":\"p\"} \n");
  EXPECT_EQ(read_all(folder, "one.json").texts[0], R"({"resourceType":"Patient","id":"p"})");
  for (const char* text : {R"({"hello":1})", R"({"resourceType":"Parameters","parameter":[]})",
                           R"({"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1"}]})", ""}) {
    write(folder, "none.json", text);
    EXPECT_EQ(read_all(folder, "none.json").issues.size(), 1u) << text;
  }
  write(folder, "empty.json", R"({"resourceType":"Bundle","type":"searchset","total":0})");
  EXPECT_TRUE(read_all(folder, "empty.json").issues.empty());
}

TEST(Files, UrnReferencesAreResolvedWithinTheirBundle) {
  const std::string folder = temporary_folder();
  const auto bundle = [](const char* patient) {
    return fmt::format(R"({{"resourceType":"Bundle","entry":[
      {{"fullUrl":"urn:uuid:0001","resource":{{"resourceType":"Patient","id":"{}"}}}},
      {{"fullUrl":"urn:uuid:0002","resource":{{"resourceType":"Encounter","subject":{{"reference":"urn:uuid:0001"}},"length":{{"value":1.50}}}}}},
      {{"fullUrl":"urn:uuid:0003","resource":{{"resourceType":"Claim","id":"k","subject":{{"reference":"urn:uuid:none"}}}}}}]}})",
                       patient);
  };
  write(folder, "u.json", "[" + bundle("a") + "," + bundle("b") + "]");
  const Seen seen = read_all(folder, "u.json");
  EXPECT_EQ(seen.resources, (std::vector<std::string>{"Patient/a@0", "Encounter/0002@0", "Claim/k@0", "Patient/b@0",
                                                      "Encounter/0002@0", "Claim/k@0"}));
  EXPECT_EQ(seen.references,
            (std::vector<std::string>{"", "Patient/a", "urn:uuid:none", "", "Patient/b", "urn:uuid:none"}));
  EXPECT_NE(seen.texts[1].find("1.50"), std::string::npos);
}

TEST(Files, VisitingEndsWhenTheReaderHasEnough) {
  const std::string folder = temporary_folder();
  write(folder, "e.ndjson", "{\"resourceType\":\"A\"}\n{\"resourceType\":\"B\"}\nbroken\n");
  int count = 0;
  const Issues issues = read_resource_file(folder, "e.ndjson", [&](const FileResource&) { return ++count < 1; });
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(issues.empty());
}

TEST(Files, EveryPublicFixtureGivesResources) {
  const char* shared = std::getenv("AUTHLEDGER_SHARED");
  const std::string folder = (shared ? std::string(shared) : AUTHLEDGER_SOURCE_FOLDER "/../shared") + "/fixtures/fhir";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " is absent";
  const auto files = list_resource_files(folder);
  ASSERT_TRUE(files.ok());
  EXPECT_GT(files->size(), 50u);
  for (const std::string& file : *files) {
    const Seen seen = read_all(folder, file);
    EXPECT_TRUE(!seen.resources.empty() || !seen.issues.empty()) << file;
  }
}

}  // namespace
}  // namespace authledger
