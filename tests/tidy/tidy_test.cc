// The style that a machine can check: layers, one door a library, file length, names, leftovers. Each rule prints every
// place that breaks it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr size_t kLinesPerFileMax = 500;

struct SourceFile {
  std::string path;  // Relative to the repository.
  std::string text;
};

std::vector<SourceFile> files_ending_in(const std::vector<std::string>& endings) {
  std::vector<SourceFile> files;
  const fs::path root = AUTHLEDGER_SOURCE_FOLDER;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    std::string name = it->path().filename().string();
    if (it->is_directory() && (name == "build" || name == ".git" || name == "node_modules")) {
      it.disable_recursion_pending();
      continue;
    }
    std::string extension = it->path().extension().string();
    if (!it->is_regular_file() || std::find(endings.begin(), endings.end(), extension) == endings.end()) continue;
    std::ostringstream text;
    text << std::ifstream(it->path()).rdbuf();
    files.push_back({fs::relative(it->path(), root).string(), text.str()});
  }
  return files;
}

const std::vector<SourceFile>& code_files() {
  static const std::vector<SourceFile> files = files_ending_in({".cc", ".h", ".inc"});
  return files;
}

std::vector<std::string> includes_of(const SourceFile& file) {
  static const std::regex kInclude("#include [<\"]([^>\"]+)[>\"]");
  std::vector<std::string> names;
  for (std::sregex_iterator it(file.text.begin(), file.text.end(), kInclude), end; it != end; ++it)
    names.push_back((*it)[1]);
  return names;
}

std::string top_folder(const std::string& path) {
  return path.substr(0, path.find('/'));
}

// What each folder may include; its own files always.
const std::map<std::string, std::set<std::string>> kSees = {
    {"base", {}},
    {"config", {"base"}},
    {"fhir", {"base", "config"}},
    {"ledger", {"base", "config"}},
    {"adapters", {"base", "config", "fhir", "ledger"}},
    {"sync", {"base", "config", "fhir", "ledger", "adapters"}},
    {"server", {"base", "config", "fhir", "ledger", "adapters", "sync"}},
    {"sandbox", {"base", "config", "fhir", "adapters"}},
    {"cmd", {"base", "config", "fhir", "ledger", "adapters", "sync", "server", "sandbox"}},
};

// The one place where each library is included.
const std::vector<std::pair<std::string, std::vector<std::string>>> kDoors = {
    {"rapidjson/", {"base/json."}},
    {"simdjson", {"base/json_index."}},
    {"openssl/", {"base/crypto.", "base/jose."}},  // libjose takes OpenSSL's keys.
    {"jose/", {"base/jose."}},
    {"yaml-cpp/", {"config/"}},
    {"csv.h", {"base/csv_reader."}},
    {"curl/", {"fhir/http_curl."}},
    {"libpq", {"ledger/store/pg"}},
    {"postgres", {"ledger/store/pg"}},
    {"cpprest/", {"server/http_server.", "sandbox/", "tests/sandbox/", "tests/server/"}},
};

TEST(Tidy, LayersIncludeOnlyWhatStandsToTheirLeft) {
  for (const SourceFile& file : code_files()) {
    auto layer = kSees.find(top_folder(file.path));
    if (layer == kSees.end()) continue;
    for (const std::string& name : includes_of(file)) {
      std::string folder = top_folder(name);
      if (kSees.count(folder) == 0 || name.find('/') == std::string::npos || folder == layer->first) continue;
      EXPECT_TRUE(layer->second.count(folder)) << file.path << " includes " << name;
    }
  }
}

TEST(Tidy, PureLedgerSeesNoStore) {
  for (const SourceFile& file : code_files()) {
    if (top_folder(file.path) != "ledger" || file.path.starts_with("ledger/store/")) continue;
    for (const std::string& name : includes_of(file)) {
      EXPECT_FALSE(name.starts_with("ledger/store/")) << file.path << " includes " << name;
      EXPECT_NE(name, "base/clock.h") << file.path << ": time is an argument in the ledger";
    }
  }
}

TEST(Tidy, EachLibraryHasOneDoor) {
  for (const SourceFile& file : code_files()) {
    for (const std::string& name : includes_of(file)) {
      for (const auto& [library, doors] : kDoors) {
        if (!name.starts_with(library)) continue;
        bool is_door = std::any_of(doors.begin(), doors.end(),
                                   [&](const std::string& door) { return file.path.starts_with(door); });
        EXPECT_TRUE(is_door) << file.path << " includes " << name << "; go through " << doors.front();
      }
    }
  }
}

TEST(Tidy, FilesAreReadInOneSitting) {
  for (const SourceFile& file : files_ending_in({".cc", ".h", ".sql", ".sh", ".py", ".js", ".mjs", ".cmake"})) {
    auto lines = static_cast<size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
    EXPECT_LE(lines, kLinesPerFileMax) << file.path;
  }
}

TEST(Tidy, NamesSayWhatThingsAre) {
  static const std::regex kBanned("(^|[_/.])(utils?|helpers?|manager|common|data|info|misc)([_/.]|$)");
  for (const SourceFile& file : code_files()) EXPECT_FALSE(std::regex_search(file.path, kBanned)) << file.path;
}

TEST(Tidy, NothingIsLeftOver) {
  // Spelled in pieces so that this file does not find itself.
  const std::vector<std::string> banned = {std::string("TO") + "DO",
                                           std::string("FIX") + "ME",
                                           std::string("XX") + "X:",
                                           std::string("HA") + "CK",
                                           std::string("std::") + "shared_mutex g_",
                                           std::string("select") + " *"};
  for (const SourceFile& file : files_ending_in({".cc", ".h", ".sql", ".yaml", ".sh", ".py", ".cmake"})) {
    for (const std::string& word : banned)
      EXPECT_EQ(file.text.find(word), std::string::npos) << file.path << " has " << word;
  }
}

TEST(Tidy, HeadersGuardThemselvesAndSourcesBeginWithTheirHeader) {
  std::set<std::string> paths;
  for (const SourceFile& file : code_files()) paths.insert(file.path);
  for (const SourceFile& file : code_files()) {
    if (file.path.ends_with(".h")) {
      EXPECT_NE(file.text.find("#pragma once"), std::string::npos) << file.path;
      continue;
    }
    std::string header = file.path.substr(0, file.path.rfind('.')) + ".h";
    std::vector<std::string> names = includes_of(file);
    if (file.path.ends_with(".cc") && paths.count(header) && !names.empty()) {
      EXPECT_EQ(names.front(), header) << file.path;
    }
  }
}

TEST(Tidy, EveryHeaderIsUsed) {
  std::set<std::string> used;
  for (const SourceFile& file : code_files()) {
    for (const std::string& name : includes_of(file)) used.insert(name);
  }
  for (const SourceFile& file : code_files()) {
    if (file.path.ends_with(".h")) {
      EXPECT_TRUE(used.count(file.path)) << file.path << " is included by nobody";
    }
  }
}

TEST(Tidy, SharedPointersSayWhy) {
  for (const SourceFile& file : code_files()) {
    if (file.path.starts_with("tests/")) continue;
    std::istringstream lines(file.text);
    std::string line, before;
    while (std::getline(lines, line)) {
      if (line.find("make_shared<") != std::string::npos) {
        bool has_reason = line.find("//") != std::string::npos || before.find("//") != std::string::npos;
        EXPECT_TRUE(has_reason) << file.path << ": " << line;
      }
      before = line;
    }
  }
}

// The faults of the network, of EHRs and of time each have a test that carries the number: TEST(Fault7, …), a name that
// holds Fault07, or a file fault_07_… of tests/scenarios.
TEST(Tidy, EachFaultOfAnEndpointHasATestWithItsNumber) {
  static const std::regex kNumbered(R"((TEST|TEST_F|TEST_P)\([^)]*[Ff]ault_?0*([0-9]+)[^0-9])");
  std::set<int> tested;
  for (const SourceFile& file : code_files()) {
    if (!file.path.starts_with("tests/")) continue;
    for (std::sregex_iterator it(file.text.begin(), file.text.end(), kNumbered), end; it != end; ++it)
      tested.insert(std::stoi((*it)[2]));
  }
  const std::string scenarios = std::string(AUTHLEDGER_SOURCE_FOLDER) + "/tests/scenarios";
  for (const auto& entry : std::filesystem::directory_iterator(scenarios)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("fault_")) tested.insert(std::stoi(name.substr(std::string("fault_").size())));
  }
  std::set<int> numbers = {60, 61, 62, 63, 79};
  for (int number = 1; number <= 40; ++number) numbers.insert(number);
  for (const int number : numbers) EXPECT_TRUE(tested.count(number)) << "no test carries Fault" << number;
}

TEST(Tidy, NothingNamesAMachineOrARegistry) {
  for (const SourceFile& file : files_ending_in({".cc", ".h", ".md", ".yaml", ".sh", ".cmake", ".json"})) {
    for (const std::string& word :
         {std::string("/work/") + "main", std::string("deb.debian") + ".org", std::string("registry.npmjs") + ".org"}) {
      EXPECT_EQ(file.text.find(word), std::string::npos) << file.path << " has " << word;
    }
  }
}

}  // namespace
