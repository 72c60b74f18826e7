// A changed mapping maps again what was read before, from an HTTP feed too.

#include <gtest/gtest.h>

#include <thread>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

void add_to_endpoint(Site& site, const std::string& keys) {
  std::string config = read_file(site.config_file());
  const std::string after = "  - name: ehr\n";
  const size_t at = config.find(after);
  ASSERT_NE(at, std::string::npos) << config;
  site.folder().write("authledger.yaml", config.insert(at + after.size(), keys));
}

TEST(MappingChange, ReadsAFeedAgainWhoseBodiesWereNotKept) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "3");
  add_to_endpoint(site, "    overrides: [{mapping: encounter, column: service_codes, path: \"'90999'\"}]\n");
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "0") << "no resource changed, but what it means did";
  expect_consistent(site);
}

TEST(MappingChange, MapsKeptBodiesAgainWithoutAskingForThem) {
  Site site({}, kFastDelivery, "    overlap: 0s\n");
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_EQ(balance(site, "approved"), "12");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HTTP dates count whole seconds.
  sync_now(site);
  add_to_endpoint(site, "    overrides: [{mapping: pas_claim_response, column: quantity, path: \"20\"}]\n");
  Answer summary(sync_now(site));
  EXPECT_FALSE(summary.root()["pulled"]["ClaimResponse"].exists()) << "the EHR sent none";
  EXPECT_EQ(balance(site, "approved"), "20");
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(MappingChange, GoesOnInLaterRoundsWhereOneMayNotSendEnoughRequests) {
  Site site({}, kFastDelivery, "    page_size: 2\n");
  load_patient(site, 12, 8);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "8");
  add_to_endpoint(site,
                  "    requests_per_round_max: 30\n"
                  "    overrides: [{mapping: encounter, column: service_codes, path: \"'90999'\"}]\n");
  for (int round = 0; round < 6; ++round) sync_now(site);
  EXPECT_EQ(balance(site, "used"), "0") << "every page was read once more";
  expect_consistent(site);
}

// Types that only exports can read.
const std::string kOnlyExported =
    "    feeds:\n"
    "      Encounter: {strategy: bulk, requires: [location], mappings: [encounter]}\n"
    "      ClaimResponse: {strategy: bulk, requires: [location], mappings: [pas_claim_response]}\n";

TEST(MappingChange, ExportsAFeedAgainThatOnlyExportsReadAndWhoseBodiesWereNotKept) {
  Site site({.bulk_export = true}, kFastDelivery, kOnlyExported);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "3");
  add_to_endpoint(site, "    overrides: [{mapping: encounter, column: service_codes, path: \"'90999'\"}]\n");
  Answer summary(sync_now(site));
  EXPECT_TRUE(feed_of(summary, "Encounter")["from"].is_null()) << "all of it";
  EXPECT_EQ(balance(site, "used"), "0");
  Answer later(sync_now(site));
  EXPECT_TRUE(feed_of(later, "Encounter")["from"].is_string()) << "once";
  expect_consistent(site);
}

TEST(MappingChange, DropsAnExportOfChangesThatIsUnderWayWhereAllMustBeReadAgain) {
  Site site({.bulk_export = true}, kFastDelivery, kOnlyExported + "    retry_after_max: 3s\n");
  load_patient(site, 12, 3);
  sync_now(site);
  site.ehr().set_faults({.retry_after = "60", .export_polls_pending = 1});
  sync_now(site);
  ASSERT_EQ(count_requests(site, "GET /fhir/$export"), 2U);
  add_to_endpoint(site, "    overrides: [{mapping: encounter, column: service_codes, path: \"'90999'\"}]\n");
  sync_now(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/$export"), 3U);
  EXPECT_EQ(count_requests(site, "DELETE /fhir/$export-status/2"), 1U);
  EXPECT_EQ(balance(site, "used"), "0");
}

TEST(MappingChange, MapsKeptBodiesOfAnExportAgainWithoutAskingForThem) {
  Site site({.bulk_export = true}, kFastDelivery, "    overlap: 0s\n" + kOnlyExported);
  load_patient(site, 12, 3);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HTTP dates count whole seconds.
  sync_now(site);
  add_to_endpoint(site, "    overrides: [{mapping: pas_claim_response, column: quantity, path: \"20\"}]\n");
  Answer summary(sync_now(site));
  EXPECT_EQ(balance(site, "approved"), "20");
  EXPECT_FALSE(summary.root()["pulled"]["ClaimResponse"].exists()) << "the EHR sent none";
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(MappingChange, ReadsDeletionsOfTheTimeBeforeAsWell) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  add_to_endpoint(site, "    overrides: [{mapping: encounter, column: place, path: \"'11'\"}]\n");
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
