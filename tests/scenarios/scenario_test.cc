#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "tests/scenarios/scenario_runner.h"

namespace authledger {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(AUTHLEDGER_SOURCE_FOLDER) / "tests" / "scenarios";
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".scenario") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_scenario(const std::string& name) {
  std::ifstream file(folder() / (name + ".scenario"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, Holds) {
  for (const std::string& failure : ScenarioRunner(read_scenario(GetParam()), "").run()) {
    ADD_FAILURE() << GetParam() << ".scenario, " << failure;
  }
}

// A scenario that passes whatever the rule says tests nothing.
TEST_P(Scenario, FailsWhenItsRuleIsBrokenOnPurpose) {
  const std::string text = read_scenario(GetParam());
  const std::vector<std::string> mutations = mutations_of(text);
  EXPECT_FALSE(mutations.empty()) << "say how to break the rule: broken by …";
  for (const std::string& mutation : mutations) {
    const std::vector<std::string> failures = ScenarioRunner(text, mutation).run();
    EXPECT_FALSE(failures.empty()) << GetParam() << " still holds when broken by " << mutation;
    for (const std::string& failure : failures) {
      EXPECT_NE(failure.find("expected"), std::string::npos) << mutation << ": " << failure;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Scenario, testing::ValuesIn(scenario_names()),
                         [](const testing::TestParamInfo<std::string>& file) { return file.param; });

TEST(ScenarioFolder, HoldsAScenarioForEachRowThatIsDelivered) {
  const std::vector<std::string> names = scenario_names();
  for (const char* row :
       {"01", "03", "04", "05", "06", "07", "08", "09", "10", "12", "13", "14", "16", "18", "19", "20",
        "21", "22", "23", "24", "25", "26", "27", "28", "31", "32", "33", "34", "35", "36", "37", "38",
        "39", "40", "41", "42", "45", "46", "47", "48", "49", "50", "51", "52", "54", "55", "56", "60"}) {
    const std::string prefix = std::string("row_") + row + "_";
    EXPECT_TRUE(std::any_of(names.begin(), names.end(),
                            [&prefix](const std::string& name) { return name.starts_with(prefix); }))
        << "no scenario for row " << row;
  }
}

}  // namespace
}  // namespace authledger
