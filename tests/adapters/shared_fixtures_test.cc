#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "fhir/files.h"
#include "tests/adapters/mapped_resource.h"

// Over the public example data beside the source (FHIR_FACTS names each trap that the files hold).

namespace authledger {
namespace {

std::string shared_fixtures() {
  const char* set = std::getenv("AUTHLEDGER_SHARED");
  return (set ? std::string(set) : std::string(AUTHLEDGER_SOURCE_FOLDER) + "/../shared") + "/fixtures/fhir";
}

class SharedFixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(shared_fixtures())) {
      GTEST_SKIP() << "no fixtures at " << shared_fixtures() << "; set AUTHLEDGER_SHARED to the folder that holds them";
    }
  }

  // Every resource of a file, mapped, by "Type/id".
  std::map<std::string, MappedFacts> map_file(const std::string& file) {
    std::map<std::string, MappedFacts> mapped;
    const Issues issues = read_resource_file(shared_fixtures(), file, [&](const FileResource& found) {
      const std::string name = found.resource["resourceType"].string() + "/" + found.resource["id"].string();
      if (mapper_.maps(found.resource["resourceType"].text())) {
        mapped[name] = mapper_.map(found.resource, {"folder", "http://example.org/fhir"});
      }
      return true;
    });
    // A file may hold no resource of its own (a $credit operation's Parameters); it still must say so.
    for (const Issue& issue : issues)
      EXPECT_NE(issue.message.find("holds no resource"), std::string::npos) << texts_of(issues);
    return mapped;
  }

  std::vector<AuthorizationLineFact> lines_of(const std::string& file, const std::string& name) {
    const auto mapped = map_file(file);
    const auto found = mapped.find(name);
    EXPECT_NE(found, mapped.end()) << file << " holds no " << name;
    if (found == mapped.end()) return {};
    EXPECT_FALSE(has_error(found->second.issues)) << texts_of(found->second.issues);
    return bodies<AuthorizationLineFact>(found->second);
  }

  std::vector<RequestLineFact> requests_of(const std::string& file, const std::string& name) {
    auto mapped = map_file(file);
    EXPECT_FALSE(has_error(mapped[name].issues)) << texts_of(mapped[name].issues);
    return bodies<RequestLineFact>(mapped[name]);
  }

  ResourceMapper mapper_ = compile_mapper();
};

// What a resource became: its facts by kind, else why there is none, then every warning.
std::string outcome_of(const MappedFacts& mapped) {
  std::map<std::string, int> kinds;
  for (const Fact& fact : mapped.facts) ++kinds[std::string(word_of(kind_of(fact.body)))];
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const auto& [kind, count] : kinds) add(std::to_string(count) + " " + kind);
  if (mapped.is_retraction) add("retracted: entered in error");
  for (const Issue& issue : mapped.issues) {
    constexpr const char* kWords[] = {"", "fatal", "error", "warning", "note"};
    add(std::string(kWords[static_cast<size_t>(issue.severity)]) + " at " + issue.element_path + ": " + issue.message);
  }
  return text;
}

// tests/fixtures/shared_fixtures.txt holds what every file gives; AUTHLEDGER_WRITE_GOLDEN=1 writes it.
TEST_F(SharedFixtures, EveryFileGivesWhatTheTableSays) {
  const auto files = list_resource_files(shared_fixtures());
  ASSERT_TRUE(files.ok());
  std::vector<std::string> table;
  for (const std::string& file : *files) {
    std::vector<std::pair<std::string, int>> outcomes;  // In order of appearance.
    const Issues unread = read_resource_file(shared_fixtures(), file, [&](const FileResource& found) {
      const MappedFacts mapped = mapper_.map(found.resource, {"folder", "http://example.org/fhir"});
      EXPECT_TRUE(mapped.facts.empty() || (!mapped.patient.empty() && !has_error(mapped.issues))) << file;
      std::set<std::string> keys;
      for (const Fact& fact : mapped.facts) EXPECT_TRUE(keys.insert(fact.fact_key).second) << fact.fact_key;
      const std::string outcome = found.resource["resourceType"].string() + ": " + outcome_of(mapped);
      const auto known =
          std::find_if(outcomes.begin(), outcomes.end(), [&](const auto& o) { return o.first == outcome; });
      if (known == outcomes.end())
        outcomes.emplace_back(outcome, 1);
      else
        ++known->second;
      return true;
    });
    table.push_back(file);
    for (const auto& [outcome, count] : outcomes) {
      table.push_back("  " + (count > 1 ? std::to_string(count) + " x " : std::string()) + outcome);
    }
    for (const Issue& issue : unread) table.push_back("  " + issue.message);
  }
  const std::string path = std::string(AUTHLEDGER_SOURCE_FOLDER) + "/tests/fixtures/shared_fixtures.txt";
  if (std::getenv("AUTHLEDGER_WRITE_GOLDEN")) {
    std::ofstream file(path);
    for (const std::string& line : table) file << line << '\n';
    return;
  }
  std::ifstream file(path);
  std::vector<std::string> expected;
  for (std::string line; std::getline(file, line);) expected.push_back(line);
  for (size_t i = 0; i < std::max(expected.size(), table.size()); ++i) {
    ASSERT_EQ(i < table.size() ? table[i] : "(nothing)", i < expected.size() ? expected[i] : "(nothing)")
        << path << ":" << i + 1;
  }
}

TEST_F(SharedFixtures, PasApprovedHasItsNumberInTheReviewAction) {
  for (const char* file : {"pas-ig/ClaimResponse-PractitionerRequestorResponseExample.json",
                           "pas-ig/Bundle-ReferralAuthorizationResponseBundleExample.json"}) {
    const auto lines = lines_of(file, "ClaimResponse/PractitionerRequestorResponseExample");
    ASSERT_EQ(lines.size(), 1u) << file;
    EXPECT_EQ(lines[0].decision, Decision::approved);
    EXPECT_EQ(lines[0].authorization_number, "AUTH0001");
    EXPECT_EQ(lines[0].service_codes, std::vector<std::string>{"3"});
    EXPECT_EQ(lines[0].quantity, Quantity::of_units(1));
    EXPECT_EQ(lines[0].measure, Measure::unknown);
    EXPECT_EQ(lines[0].first_day, day_of(2005, 5, 2));
    EXPECT_EQ(lines[0].last_day, day_of(2005, 6, 2));
    EXPECT_EQ(lines[0].issued_on, day_of(2005, 5, 2));
    EXPECT_EQ(lines[0].request, "http://example.org/fhir/Claim/ReferralAuthorizationExample");
    EXPECT_EQ(lines[0].provider, "Practitioner/ReferralPractitionerExample");
  }
}

TEST_F(SharedFixtures, PasPendedHasAReferenceNumberOnlyThoughItsOutcomeIsComplete) {
  const auto lines = lines_of("pas-ig/ClaimResponse-PractitionerRequestorPendingResponseExample.json",
                              "ClaimResponse/PractitionerRequestorPendingResponseExample");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::pended);
  EXPECT_EQ(lines[0].authorization_number, "");
  EXPECT_EQ(lines[0].other_numbers, (std::vector<OtherNumber>{{NumberRole::administration_reference, "PEND0001"}}));
}

TEST_F(SharedFixtures, PasDeniedKeepsItsNumberAndItsPeriod) {
  const auto lines =
      lines_of("inferno-pas-test-kit/response-denied-valid.json", "ClaimResponse/ReferralAuthorizationResponseExample");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::denied);
  EXPECT_EQ(lines[0].authorization_number, "AUTH0001");
  EXPECT_EQ(lines[0].quantity, std::nullopt);
  EXPECT_EQ(lines[0].last_day, day_of(2005, 6, 2));
}

TEST_F(SharedFixtures, PasMixesDecisionsInOneAnswer) {
  const auto lines =
      lines_of("inferno-pas-test-kit/denied-a3-v201.json", "ClaimResponse/45e176b5-c381-42df-9264-ffd74a38ef92");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].decision, Decision::denied);
  EXPECT_EQ(lines[1].decision, Decision::approved);
  EXPECT_TRUE(lines[1].quantity_as_requested);
  EXPECT_EQ(lines[1].last_day, day_of(2024, 2, 29));
  const auto placeholder = lines_of("inferno-pas-test-kit/denied-placeholder-code.json",
                                    "ClaimResponse/45e176b5-c381-42df-9264-ffd74a38ef92");
  EXPECT_EQ(placeholder.at(0).decision, Decision::unknown);
  EXPECT_EQ(placeholder.at(0).decision_code, "DENIEDCODE");
}

TEST_F(SharedFixtures, PasModifiedTakesItsCodeFromTheAddedItem) {
  const auto lines = lines_of("inferno-pas-test-kit/modified-a6-additem-v221.json",
                              "ClaimResponse/6a5e1b90-3f6c-4a0f-9c2a-3d2f9b1d77aa");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::approved_modified);
  EXPECT_EQ(lines[0].service_codes, std::vector<std::string>{"99213"});
  EXPECT_EQ(lines[0].quantity, std::nullopt);
  EXPECT_FALSE(lines[0].quantity_as_requested);
  EXPECT_EQ(lines[0].first_day, day_of(2024, 1, 30));
  EXPECT_EQ(lines[0].last_day, day_of(2024, 2, 29));
  EXPECT_EQ(lines[0].request, "");
}

TEST_F(SharedFixtures, PasMustSupportJoinsItemAndAddedItem) {
  const auto lines = lines_of("inferno-pas-test-kit/approved-mustsupport-v221.json",
                              "ClaimResponse/a1b2c3d4-0001-0000-0000-000000000001");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::approved);
  EXPECT_EQ(lines[0].authorization_number, "1");
  EXPECT_EQ(lines[0].service_codes, std::vector<std::string>{"G0153"});
  EXPECT_EQ(lines[0].quantity, Quantity::of_units(1));
  EXPECT_EQ(lines[0].measure, Measure::visit);
  EXPECT_EQ(lines[0].provider, "Mock Item Provider");
  EXPECT_EQ(lines[0].diagnosis_codes, std::vector<std::string>{"J06.9"});
  EXPECT_EQ(lines[0].first_day, day_of(2024, 1, 30));
}

TEST_F(SharedFixtures, PasAdditionalContentIsALineOfItsOwn) {
  const auto lines = lines_of("pas-ig/ClaimResponse-PractitionerRequestorAdditionalContentResponseExample.json",
                              "ClaimResponse/PractitionerRequestorAdditionalContentResponseExample");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].line, "2");
  EXPECT_EQ(lines[1].service_codes, (std::vector<std::string>{"3", "0202"}));
  EXPECT_EQ(lines[1].first_day, day_of(2005, 5, 2));
  EXPECT_EQ(lines[1].last_day, day_of(2005, 5, 10));
  EXPECT_EQ(lines[1].quantity, Quantity::of_units(1));
}

TEST_F(SharedFixtures, PasErrorIsNoDenialButQuarantined) {
  auto mapped = map_file("pas-ig/ClaimResponse-ErrorResponseExample.json");
  ASSERT_EQ(mapped.size(), 1u);
  EXPECT_TRUE(mapped.begin()->second.facts.empty());
  EXPECT_TRUE(has_error(mapped.begin()->second.issues));
}

TEST_F(SharedFixtures, TheReferenceImplementationsOlderShapesAreRead) {
  const auto middle = lines_of("davinci-prior-auth-ri/ri-claimresponse-only.json", "ClaimResponse/1");
  ASSERT_EQ(middle.size(), 1u);
  EXPECT_EQ(middle[0].decision, Decision::approved);
  EXPECT_FALSE(middle[0].authorization_number.empty());
  EXPECT_EQ(middle[0].last_day, day_of(2005, 6, 2));
  const auto pended =
      lines_of("davinci-prior-auth-ri/ri-pended.json", "ClaimResponse/68a03b6d-b792-4de3-95e6-abf36eacb9bc");
  ASSERT_EQ(pended.size(), 1u);
  EXPECT_EQ(pended[0].decision, Decision::pended);
  EXPECT_EQ(pended[0].payer, "Unknown");
  const auto requests =
      requests_of("davinci-prior-auth-ri/ri-claim-update-1.json", "Claim/ee7f76f8-5e4e-4733-8f85-3fe3c29cf30f");
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].change, LineChange::cancelled);
  EXPECT_EQ(requests[1].change, std::nullopt);
  EXPECT_EQ(requests[0].prior_request, "http://example.org/fhir/Claim/451fe716-4701-4cdf-b5bb-a6eedbe43bbb");
}

TEST_F(SharedFixtures, PasUpdatesRestateChangeAndCancelItems) {
  const auto changed =
      requests_of("inferno-pas-test-kit/update-2-modify-and-cancel-item.json", "Claim/ReferralAuthorizationUpdate2");
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0].change, LineChange::changed);
  EXPECT_EQ(changed[1].change, LineChange::cancelled);
  EXPECT_EQ(changed[0].service_codes, (std::vector<std::string>{"3", "0105"}));
  EXPECT_EQ(changed[0].first_day, day_of(2016, 9, 9));
  EXPECT_TRUE(changed[0].expedited);
  const auto all = requests_of("inferno-pas-test-kit/update-3-cancel-all.json", "Claim/ReferralAuthorizationUpdate3");
  ASSERT_EQ(all.size(), 2u);
  for (const auto& line : all) EXPECT_EQ(line.change, LineChange::cancelled);
  EXPECT_EQ(all[0].prior_request, "http://davinci-pas.org/fhir/Claim/ReferralAuthorizationUpdate2");
}

TEST_F(SharedFixtures, ARepeatedSequenceKeepsBothItemsApart) {
  const auto lines =
      requests_of("inferno-pas-test-kit/request-multiple-items-v110.json", "Claim/ReferralAuthorizationExample");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].line, "1");
  EXPECT_EQ(lines[1].line, "1.2");
}

TEST_F(SharedFixtures, InquiriesSayNothing) {
  EXPECT_TRUE(requests_of("pas-ig/Claim-PASClaimInquiryExample.json", "Claim/PASClaimInquiryExample").empty());
  EXPECT_TRUE(
      requests_of("inferno-pas-test-kit/inquire-request-v110.json", "Claim/ReferralAuthorizationExample").empty());
}

TEST_F(SharedFixtures, PdexExampleIsApprovedThoughItsOutcomeIsQueued) {
  const auto lines = lines_of("pdex-hrex/eob-pdex-prior-auth.json", "ExplanationOfBenefit/PDexPriorAuth1");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].decision, Decision::approved);
  EXPECT_EQ(lines[0].authorization_number, "AUTH0001");
  EXPECT_EQ(lines[0].service_codes, std::vector<std::string>{"BB201"});
  EXPECT_EQ(lines[0].first_day, day_of(2021, 10, 1));
  EXPECT_EQ(lines[0].last_day, day_of(2021, 10, 31));
  EXPECT_EQ(lines[0].quantity, Quantity::of_units(1)) << "total eligible, never total.amount";
  EXPECT_EQ(lines[0].payer_used_quantity, std::nullopt);
  EXPECT_EQ(lines[0].issued_at, parse_instant("2024-07-23T17:26:23.217Z"));
}

}  // namespace
}  // namespace authledger
