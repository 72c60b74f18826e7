#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/conformance/suite.h"

namespace authledger {
namespace {

// Folder of a suite, or "" where ../shared is not at hand.
std::string suite_folder(const std::string& name) {
  const char* shared = std::getenv("AUTHLEDGER_SHARED");
  std::string folder =
      (shared ? std::string(shared) : std::string(AUTHLEDGER_SOURCE_FOLDER) + "/../shared") + "/conformance/" + name;
  return std::filesystem::is_directory(folder) ? folder : "";
}

std::string failures(const std::vector<conformance::Verdict>& verdicts) {
  std::string text;
  for (const conformance::Verdict& verdict : verdicts) {
    if (!verdict.is_passed) text += verdict.id + ": " + verdict.reason + "\n";
  }
  return text;
}

TEST(Conformance, EveryFhirPathTestAtHandPasses) {
  std::string folder = suite_folder("fhirpath");
  if (folder.empty())
    GTEST_SKIP() << "the public FHIRPath suite is not at ../shared/conformance/fhirpath (or $AUTHLEDGER_SHARED)";
  auto verdicts = conformance::run_fhirpath(folder, false);
  ASSERT_TRUE(verdicts.ok()) << verdicts.error().message;
  EXPECT_GE(verdicts->size(), 561u);
  EXPECT_EQ(conformance::passed(*verdicts), verdicts->size()) << failures(*verdicts);
}

TEST(Conformance, TheStricterRuleLosesOneFhirPathTestAtMost) {
  std::string folder = suite_folder("fhirpath");
  if (folder.empty())
    GTEST_SKIP() << "the public FHIRPath suite is not at ../shared/conformance/fhirpath (or $AUTHLEDGER_SHARED)";
  auto verdicts = conformance::run_fhirpath(folder, true);
  ASSERT_TRUE(verdicts.ok()) << verdicts.error().message;
  // LowBoundaryDecimal15 asks for a negative zero, which a decimal does not have.
  EXPECT_GE(conformance::passed(*verdicts) + 1, verdicts->size()) << failures(*verdicts);
}

TEST(Conformance, EverySqlOnFhirTestAtHandPasses) {
  std::string folder = suite_folder("sql-on-fhir");
  if (folder.empty())
    GTEST_SKIP() << "the SQL on FHIR suite is not at ../shared/conformance/sql-on-fhir (or $AUTHLEDGER_SHARED)";
  auto verdicts = conformance::run_sql_on_fhir(folder, false);
  ASSERT_TRUE(verdicts.ok()) << verdicts.error().message;
  EXPECT_GE(verdicts->size(), 79u);
  EXPECT_EQ(conformance::passed(*verdicts), verdicts->size()) << failures(*verdicts);
}

}  // namespace
}  // namespace authledger
