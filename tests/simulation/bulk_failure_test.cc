// Exports that fail as a whole: they are begun anew, and not for ever. FAULTS 29, 31.

#include <gtest/gtest.h>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kVisits = "    feeds:\n      Encounter: {strategy: bulk, mappings: [encounter]}\n";

size_t exports_begun(Site& site) {
  return count_requests(site, "GET /fhir/$export");
}

constexpr int64_t kTenant = 1;

int64_t pause_minutes(Site& site) {
  constexpr Statement kMinutes{"minutes",
                               "select ceil(extract(epoch from until_at - now()) / 60)::bigint from bulk_pause"};
  PgConnection connection = site.database().connection();
  int64_t minutes = -1;
  transact(connection, kTenant, [&](Transaction& transaction) {
    const Rows rows = transaction.execute(kMinutes);
    if (rows.size() == 1) minutes = rows.integer(0, 0);
  });
  return minutes;
}

void end_pause(Site& site) {
  constexpr Statement kEnd{"end_pause", "update bulk_pause set until_at = now()"};
  PgConnection connection = site.database().connection();
  transact(connection, kTenant, [&](Transaction& transaction) { transaction.execute(kEnd); });
}

TEST(Fault31, AnExportThatFailedIsBegunAnewAfterThreeRoundsAndTheFailedOneIsDeleted) {
  Site site({.bulk_export = true}, kFastDelivery, kVisits);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_status_fails_next = 3});
  for (int round = 0; round < 3; ++round) {
    Answer answer(sync_now(site, 4));
    EXPECT_FALSE(feed_of(answer, "Encounter")["complete"].boolean());
    EXPECT_NE(gaps_of(answer, "Encounter").find("answered 500 (exception)"), std::string::npos);
    EXPECT_EQ(exports_begun(site), 1U) << "a poll that failed may have been that alone";
  }
  EXPECT_EQ(count_requests(site, "DELETE /fhir/$export-status/1"), 1U);
  sync_now(site);
  EXPECT_EQ(exports_begun(site), 2U);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(Fault31, ExportsThatFailAgainAndAgainAreBegunWithGrowingPauses) {
  Site site({.bulk_export = true}, kFastDelivery, kVisits);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_status_fails_next = 9});
  for (int round = 0; round < 6; ++round) sync_now(site, 4);
  EXPECT_EQ(exports_begun(site), 2U);
  Answer waiting(sync_now(site, 4));
  EXPECT_EQ(exports_begun(site), 2U);
  EXPECT_NE(gaps_of(waiting, "Encounter").find("2 exports in a row came to nothing"), std::string::npos)
      << gaps_of(waiting, "Encounter");
  EXPECT_EQ(pause_minutes(site), 15);
  end_pause(site);
  for (int round = 0; round < 3; ++round) sync_now(site, 4);
  EXPECT_EQ(exports_begun(site), 3U);
  EXPECT_EQ(pause_minutes(site), 30);
  end_pause(site);
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  ASSERT_TRUE(site.ehr().load(encounter_json("later", "p1", "90837", "2026-10-20")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "4");
}

TEST(Bulk, APlaceToAskThatIsRelativeIsTakenAgainstTheRequest) {
  for (const char* place : {"/fhir", "."}) {
    Site site({.bulk_export = true}, kFastDelivery, kVisits);
    load_patient(site, 12, 3);
    site.ehr().set_faults({.export_place = place});
    sync_now(site);
    EXPECT_EQ(exports_begun(site), 1U) << place;
    EXPECT_EQ(balance(site, "used"), "3");
  }
}

TEST(Fault15, APlaceToAskOfAnotherOriginIsRefusedAtTheKickOff) {
  Site site({.bulk_export = true}, kFastDelivery, kVisits);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.export_place = "http://hapi-internal.example:8080/fhir"});
  for (int round = 0; round < 2; ++round) {
    Answer answer(sync_now(site, 4));
    EXPECT_NE(gaps_of(answer, "Encounter")
                  .find("wants to be asked for it at http://hapi-internal.example:8080, which is not"),
              std::string::npos)
        << gaps_of(answer, "Encounter");
  }
  sync_now(site, 4);
  EXPECT_EQ(exports_begun(site), 2U) << "each begins work at the server that nobody will fetch";
}

TEST(Fault29, AFileThatIsNeverGivenIsAskedForInThreeRoundsAndThenTheExportAnew) {
  Site site({.bulk_export = true}, kFastDelivery, kVisits + "    retries_max: 0\n    timeouts: {request: 1s}\n");
  load_patient(site, 12, 3);
  site.ehr().set_faults({.hold_next = 3, .only_for = "$export-file"});
  for (int round = 0; round < 3; ++round) {
    Answer answer(sync_now(site, 4));
    EXPECT_NE(gaps_of(answer, "Encounter").find("could not be read"), std::string::npos);
  }
  EXPECT_EQ(count_requests(site, "GET /fhir/$export-file/1/0"), 3U);
  sync_now(site);
  EXPECT_EQ(exports_begun(site), 2U);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
