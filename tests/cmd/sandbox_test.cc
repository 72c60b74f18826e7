// The sandbox command, as scripts use it.

#include "sandbox/sandbox.h"

#include <gtest/gtest.h>

#include "tests/support/program.h"

namespace authledger {
namespace {

TEST(SandboxCommand, WritesTheClinicOfADayIntoAFileAndEnds) {
  TemporaryFolder folder;
  const std::string file = folder.path() + "/clinic.ndjson";
  const ProgramResult result = run_authledger({"sandbox", "--today", "2026-06-15", "--write", file});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(read_file(file), sample_clinic("2026-06-15", 1));
  EXPECT_EQ(result.output, "");
}

TEST(SandboxCommand, SaysWhatItCannotWrite) {
  const ProgramResult result = run_authledger({"sandbox", "--write", "/nowhere/clinic.ndjson"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("cannot write /nowhere/clinic.ndjson"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace authledger
