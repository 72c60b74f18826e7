// `authledger map` and `fhirpath` as an integration engineer runs them.

#include <gtest/gtest.h>

#include "tests/support/program.h"

namespace authledger {
namespace {

constexpr const char* kView = R"v({"resource":"Patient","select":[{"column":[{"name":"id","path":"id"},
  {"name":"active","path":"active"},{"name":"given","path":"name.given","collection":true}]}]})v";
constexpr const char* kPatients =
    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true,\"name\":[{\"given\":[\"x\",\"y\"]}]}\n"
    "{\"resourceType\":\"Patient\",\"id\":\"b\"}\n";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct MapSite {
  TemporaryFolder folder;
  std::string view = folder.write("view.json", kView);
  std::string patients = folder.write("patients.ndjson", kPatients);
};

TEST(Map, ComparesRowsWithAGoldenFileAndSaysWhatDiffers) {
  MapSite site;
  // A golden row may leave out what is null, and order its members as it likes.
  std::string golden = site.folder.write(
      "golden.ndjson", "{\"given\":[\"x\",\"y\"],\"id\":\"a\",\"active\":true}\n{\"id\":\"b\",\"given\":[]}\n");
  ProgramResult same = run_authledger({"map", "--expect", golden, site.view, site.patients});
  EXPECT_EQ(same.exit_code, 0) << same.errors;
  EXPECT_EQ(same.output, "2 rows as expected\n");

  std::string other = site.folder.write(
      "other.ndjson",
      "{\"id\":\"a\",\"active\":false,\"given\":[\"x\",\"y\"]}\n{\"id\":\"b\",\"given\":[],\"active\":true}\n");
  ProgramResult differs = run_authledger({"map", "--expect", other, site.view, site.patients});
  EXPECT_EQ(differs.exit_code, 3);
  EXPECT_EQ(differs.output,
            "row 1, column active: expected false, found true\nrow 2, column active: expected true, found null\n");
  EXPECT_TRUE(has(differs.errors, "the rows differ")) << differs.errors;

  std::string fewer = site.folder.write("fewer.ndjson", "{\"id\":\"b\",\"given\":[]}\n");
  ProgramResult more = run_authledger({"map", "--expect", fewer, site.view, site.patients});
  EXPECT_EQ(more.exit_code, 3);
  EXPECT_TRUE(has(more.output, "not expected, found as row 1: {\"active\":true")) << more.output;
  EXPECT_TRUE(has(more.output, "expected 1 rows, found 2")) << more.output;

  ProgramResult none = run_authledger({"map", "--expect", site.folder.path() + "/none", site.view, site.patients});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_TRUE(has(none.errors, "authledger map VIEW FILE > ")) << none.errors;
}

TEST(Map, BadResourcesAreNamedReasonsAndTheRestGoesOn) {
  MapSite site;
  std::string file = site.folder.write("mixed.ndjson", std::string("oops\n") + kPatients);
  for (const char* threads : {"1", "3"}) {
    ProgramResult result = run_authledger({"map", "--threads", threads, site.view, file});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_TRUE(result.errors.starts_with(file + ":1: not valid JSON")) << result.errors;
    EXPECT_EQ(result.output,
              "{\"id\":\"a\",\"active\":true,\"given\":[\"x\",\"y\"]}\n{\"id\":\"b\",\"active\":null,\"given\":[]}\n");
  }
}

TEST(Map, WritesTablesCsvAndJson) {
  MapSite site;
  EXPECT_EQ(run_authledger({"map", "--format", "csv", site.view, site.patients}).output,
            "id,active,given\r\na,true,x; y\r\nb,,\r\n");
  EXPECT_EQ(
      run_authledger({"map", "--format", "json", site.view, site.patients}).output,
      "[\n{\"id\":\"a\",\"active\":true,\"given\":[\"x\",\"y\"]},\n{\"id\":\"b\",\"active\":null,\"given\":[]}\n]\n");
  EXPECT_EQ(run_authledger({"map", "--format", "table", site.view, site.patients}).output,
            "id  active  given\na   true    x; y\nb           \n");
}

TEST(FhirPath, ExplainsWhichElementsGaveAValue) {
  MapSite site;
  ProgramResult result = run_authledger({"fhirpath", "--explain", "name.given.first() | active.not()", site.patients});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(has(result.output, R"({"resource":"Patient/a","value":"x","elements":["Patient.name[0].given[0]"]})"))
      << result.output;
  EXPECT_TRUE(has(result.output, R"("value":false,"elements":["Patient.name[0].given[0]","Patient.active"]})"))
      << result.output;
  ProgramResult wrong = run_authledger({"fhirpath", "name.given.frist()", site.patients});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(has(wrong.errors, "did you mean first()?")) << wrong.errors;
  ProgramResult fails = run_authledger({"fhirpath", "name.given.single()", site.patients});
  EXPECT_EQ(fails.exit_code, 1);
  EXPECT_TRUE(has(fails.errors, site.patients + ":1: expression:1:12: ")) << fails.errors;
  EXPECT_EQ(fails.output, "[]\n") << "the second resource is evaluated all the same";
}

}  // namespace
}  // namespace authledger
