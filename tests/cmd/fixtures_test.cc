// A folder of published examples, as a stranger would point authledger at it: each file ends in the ledger or in
// quarantine, and what the payers decided is what the program prints.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/site.h"

namespace authledger {
namespace {

std::string shared_fixtures() {
  const char* set = std::getenv("AUTHLEDGER_SHARED");
  return (set ? std::string(set) : std::string(AUTHLEDGER_SOURCE_FOLDER) + "/../shared") + "/fixtures/fhir";
}

// The program on folders alone: a config, a database, no EHR.
class FolderSite {
 public:
  explicit FolderSite(const std::string& endpoints) {
    folder_.write("database_url", database_.url());
    config_file_ = folder_.write("authledger.yaml",
                                 "tenant: {name: files, time_zone: America/New_York}\n"
                                 "database: {url_file: database_url}\nendpoints:\n" +
                                     endpoints);
  }
  ProgramResult run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words = {"--config", config_file_, "--format", "json"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_authledger(words);
  }

 private:
  TestDatabase database_;
  TemporaryFolder folder_;
  std::string config_file_;
};

// What FHIR_FACTS says that one answer decides. "" stands for null.
struct Expected {
  std::string file, line, number, decision, code, approved, first_day, last_day;
};

const std::vector<Expected>& expected_lines() {
  static const std::vector<Expected> kLines = {
      {"pas-ig/ClaimResponse-PractitionerRequestorResponseExample.json", "1", "AUTH0001", "approved", "3", "1",
       "2005-05-02", "2005-06-02"},
      {"pas-ig/ClaimResponse-PractitionerRequestorAdditionalContentResponseExample.json", "2", "AUTH0001", "approved",
       "0202", "1", "2005-05-02", "2005-05-10"},
      {"pas-ig/Bundle-ReferralPendingAuthorizationResponseBundleExample.json", "1", "", "pended", "", "", "", ""},
      {"inferno-pas-test-kit/denied-a3-v201.json", "1", "", "denied", "", "", "2024-01-30", "2024-02-29"},
      {"inferno-pas-test-kit/denied-a3-v201.json", "2", "", "approved", "", "", "2024-01-30", "2024-02-29"},
      {"inferno-pas-test-kit/denied-placeholder-code.json", "1", "", "unknown", "", "", "2024-01-30", "2024-02-29"},
      {"inferno-pas-test-kit/response-denied-valid.json", "1", "AUTH0001", "denied", "3", "", "2005-05-02",
       "2005-06-02"},
      {"inferno-pas-test-kit/modified-a6-additem-v221.json", "1", "", "approved_modified", "99213", "", "2024-01-30",
       "2024-02-29"},
      {"davinci-prior-auth-ri/ri-claimresponse-only.json", "1", "AUTH0001", "approved", "", "", "2005-05-02",
       "2005-06-02"},
      {"davinci-prior-auth-ri/ri-pended.json", "1", "", "pended", "", "", "", ""},
      {"pdex-hrex/eob-pdex-prior-auth.json", "1", "AUTH0001", "approved", "BB201", "1", "2021-10-01", "2021-10-31"},
  };
  return kLines;
}

std::string endpoint_name(size_t index) {
  return "f" + std::to_string(index);
}

std::string codes_of(JsonView row) {
  return row["service_codes"].size() == 0 ? "" : row["service_codes"].at(0).string();
}

class Fixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(shared_fixtures())) {
      GTEST_SKIP() << "no fixtures at " << shared_fixtures() << "; set AUTHLEDGER_SHARED to the folder that holds them";
    }
  }
};

TEST_F(Fixtures, EndInTheLedgerOrInQuarantineWithAReason) {
  FolderSite site("  - name: files\n    folder: " + shared_fixtures() + "\n");
  ProgramResult first = site.run({"sync"});
  ASSERT_TRUE(first.exit_code == 0 || first.exit_code == 1) << first.exit_code << first.errors;
  Answer summary(first);
  EXPECT_GT(summary.number({"facts", "new"}), 50);
  Answer quarantine(site.run({"quarantine", "list"}));
  // A resource that stands in two files is met twice and has one row.
  EXPECT_GT(quarantine.root().size(), 0U);
  EXPECT_LE(static_cast<int64_t>(quarantine.root().size()), summary.number({"facts", "quarantined"}));
  for (JsonView row : quarantine.root()) {
    EXPECT_FALSE(row["resource"].text().empty());
    EXPECT_FALSE(row["element_path"].text().empty()) << row["resource"].text();
    EXPECT_FALSE(row["reason"].text().empty()) << row["resource"].text();
  }
  EXPECT_TRUE(quarantine.row("resource", "ClaimResponse/ErrorResponseExample").exists());

  ProgramResult second = site.run({"sync"});
  EXPECT_EQ(Answer(second).number({"entries"}), 0) << second.output;
  EXPECT_EQ(site.run({"verify"}).exit_code, 0);
}

TEST_F(Fixtures, GiveTheDecisionsNumbersCodesQuantitiesAndDaysOfTheirPayers) {
  TemporaryFolder copies;
  std::string endpoints;
  const std::vector<Expected>& lines = expected_lines();
  for (size_t i = 0; i < lines.size(); ++i) {
    std::filesystem::create_directory(copies.path() + "/" + endpoint_name(i));
    copies.write(endpoint_name(i) + "/example.json", read_file(shared_fixtures() + "/" + lines[i].file));
    endpoints += "  - name: " + endpoint_name(i) + "\n    folder: " + copies.path() + "/" + endpoint_name(i) + "\n";
  }
  FolderSite site(endpoints);
  ASSERT_EQ(site.run({"sync"}).exit_code, 0);
  Answer rows(site.run({"authorizations"}));
  for (size_t i = 0; i < lines.size(); ++i) {
    const Expected& expected = lines[i];
    bool is_found = false;
    for (JsonView row : rows.root()) {
      if (row["line"].text() != expected.line || !row["sources"].at(0).text().starts_with(endpoint_name(i) + ":"))
        continue;
      is_found = true;
      EXPECT_EQ(row["authorization_number"].text(), expected.number) << expected.file;
      EXPECT_EQ(row["decision"].text(), expected.decision) << expected.file;
      EXPECT_EQ(codes_of(row), expected.code) << expected.file;
      EXPECT_EQ(row["approved"].text(), expected.approved) << expected.file;
      EXPECT_EQ(row["first_day"].text(), expected.first_day) << expected.file;
      EXPECT_EQ(row["last_day"].text(), expected.last_day) << expected.file;
      if (expected.approved.empty()) {
        EXPECT_EQ(row["supply"].text(), "unknown") << expected.file;
      }
    }
    EXPECT_TRUE(is_found) << expected.file << " line " << expected.line;
  }
}

TEST(FolderSource, CountsWhatAStrangerWroteInNdjsonAndBundles) {
  TemporaryFolder files;
  files.write(
      "payer.ndjson",
      claim_response_json(
          {.id = "r1", .patient = "p1", .number = "AUTH-1", .first_day = "2026-01-01", .last_day = "2026-06-30"}) +
          "\n" +
          R"({"resourceType":"ClaimResponse","id":"r2","status":"active","use":"preauthorization","patient":{"reference":"Patient/p2"},"created":"2025-12-20","insurer":{"reference":"Organization/payer-1"},"outcome":"complete","preAuthRef":"AUTH-2","preAuthPeriod":{"start":"2026-01-01","end":"2026-06-30"}})"
          "\n");
  files.write("visits.json", R"({"resourceType":"Bundle","type":"collection","entry":[
    {"resource":{"resourceType":"Encounter","id":"e1","status":"finished","subject":{"reference":"Patient/p1"},
      "type":[{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90837"}]}],
      "period":{"start":"2026-02-02T10:00:00-05:00","end":"2026-02-02T10:50:00-05:00"}}},
    {"resource":{"resourceType":"Encounter","id":"e2","status":"finished","subject":{"reference":"Patient/p1"},
      "serviceType":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90837"}]},
      "period":{"start":"2026-02-03T10:00:00-05:00","end":"2026-02-03T11:00:00-05:00"}}}]})");
  FolderSite site("  - name: files\n    folder: " + files.path() + "\n");
  ASSERT_EQ(site.run({"sync"}).exit_code, 0);
  Answer rows(site.run({"authorizations", "--on", "2026-03-01"}));
  EXPECT_EQ(rows.row("authorization_number", "AUTH-1")["used"].text(), "2") << "a session is one, whatever its length";
  EXPECT_EQ(rows.row("authorization_number", "AUTH-2")["decision"].text(), "unknown")
      << "a number without a review action";
}

TEST(FolderSource, LetsTheLastOfTwoFilesWinEveryTimeThatTheyAreRead) {
  const std::string planned = encounter_json("e1", "p1", "90837", "2026-02-02", "planned");
  const std::string finished = encounter_json("e1", "p1", "90837", "2026-02-02", "finished");
  TemporaryFolder files;
  files.write("1.json", planned);
  files.write("2.json", finished);
  FolderSite site("  - name: files\n    folder: " + files.path() + "\n");
  ASSERT_EQ(site.run({"sync"}).exit_code, 0);
  for (int round = 0; round < 2; ++round) {
    Answer again(site.run({"sync"}));
    EXPECT_EQ(again.number({"entries"}), 0);
    EXPECT_EQ(Answer(site.run({"services"})).row("key", "Encounter/e1")["state"].text(), "rendered");
  }
}

}  // namespace
}  // namespace authledger
