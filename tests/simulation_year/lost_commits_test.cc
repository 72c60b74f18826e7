// The database goes back to what it was: a backup is restored, or a replica that lagged takes over. FAULTS 52 and 58.

#include <gtest/gtest.h>

#include <filesystem>

#include "sync/seal_anchor.h"
#include "tests/simulation_year/invariants.h"
#include "tests/simulation_year/simulated_site.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

// Every row as it was at one moment, put back later: what a restored backup or a lagging replica amounts to. A real
// copy, PostgreSQL's own, of the whole database.
class Backup {
 public:
  explicit Backup(SimulatedSite& site) : site_(site) { copy(site_.database().url(), kept_.url()); }

  void restore() {
    site_.close();
    copy(kept_.url(), site_.database().url());
    site_.reopen();
  }

 private:
  // The owner may read every tenant's rows once its own tables do not force it to name one.
  static void copy(const std::string& from, const std::string& to) {
    const std::string script = R"(
      echo "select format('alter table %I no force row level security', relname)
              from pg_class where relforcerowsecurity \\gexec" | psql --quiet --dbname="$FROM" &&
      psql --quiet --dbname="$TO" --command 'drop owned by current_user cascade' &&
      pg_dump --no-owner --dbname="$FROM" | psql --quiet --set ON_ERROR_STOP=1 --dbname="$TO")";
    const std::string command = "export FROM='" + from + "' TO='" + to + "'; (" + script + ") >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  SimulatedSite& site_;
  EmptyDatabase kept_;
};

void run_until_quiet(SimulatedSite& site) {
  for (int i = 0; i < 4; ++i) {
    site.pass_time(std::chrono::minutes(10));
    site.round();
  }
}

TEST(Fault58, AfterARestoredBackupNoFlagStandsTwiceAndNothingIsLost) {
  SimulatedSite site;
  site.load_patient(4, 1);
  run_until_quiet(site);
  ASSERT_EQ(site.live("Flag"), 1U);
  ASSERT_EQ(site.live("Task", "3 of 4 visits left"), 1U);
  Backup yesterday(site);

  // A day that the backup does not know: another visit, and another patient, both told to the EHR.
  site.pass_time(std::chrono::hours(20));
  site.ehr.put(encounter_json("e2", "p1", "90837", "2026-10-20"));
  ApprovedLine line;
  line.id = "r2";
  line.patient = "p2";
  line.number = "AUTH-2";
  line.first_day = "2026-10-01";
  line.last_day = "2027-03-31";
  site.ehr.put(patient_json("p2"));
  site.ehr.put(claim_response_json(line));
  run_until_quiet(site);
  ASSERT_EQ(site.live("Flag"), 2U);
  ASSERT_EQ(site.live("Task", "2 of 4 visits left"), 1U);

  yesterday.restore();
  EXPECT_EQ(site.units_in(4), 1) << "the backup is of yesterday";
  const RoundSummary summary = site.round();
  EXPECT_NE(summary.divergence.find("the database lacks the seal"), std::string::npos) << summary.divergence;
  run_until_quiet(site);
  EXPECT_EQ(site.units_in(4), 2) << "read again from the EHR";
  EXPECT_EQ(site.live("Flag"), 2U) << "adopted, not written again";
  EXPECT_EQ(site.live("Flag", "2 of 4 visits used"), 1U);
  EXPECT_EQ(site.live("Task"), 1U);
  EXPECT_EQ(site.live("Task", "2 of 4 visits left"), 1U);
  const int64_t writes = site.ehr.writes();
  EXPECT_EQ(site.round().divergence, "") << "said once";
  EXPECT_EQ(site.ehr.writes(), writes);
}

TEST(Fault52, AReplicaThatLacksCommitsIsNoticedByTheAnchorAndWhatItForgotIsClosed) {
  SimulatedSite site;
  site.load_patient(12, 3);
  Backup before_the_first_round(site);
  run_until_quiet(site);
  ASSERT_EQ(site.live("Flag"), 1U);
  ASSERT_TRUE(std::filesystem::exists(anchor_file(site.config())));

  before_the_first_round.restore();
  // The record that the Flag was about is gone from the EHR meanwhile: nothing in the ledger will ever name it.
  site.ehr.remove("ClaimResponse", "r1");
  const RoundSummary summary = site.round();
  EXPECT_NE(summary.divergence.find("were closed"), std::string::npos) << summary.divergence;
  run_until_quiet(site);
  EXPECT_EQ(site.live("Flag"), 0U) << "an artefact of ours has a notice, or is closed";
}

TEST(Fault52, WhileTheEhrCannotBeAskedTheLossIsSaidAgain) {
  SimulatedSite site;
  site.load_patient(12, 3);
  Backup before_the_first_round(site);
  run_until_quiet(site);
  before_the_first_round.restore();
  site.wire.before_request = [](const HttpRequest&) { return WireFault::unavailable; };
  EXPECT_NE(site.round().divergence, "");
  site.wire.before_request = [](const HttpRequest&) { return WireFault::none; };
  EXPECT_NE(site.round().divergence, "");
  run_until_quiet(site);
  EXPECT_EQ(site.live("Flag"), 1U);
  EXPECT_EQ(site.round().divergence, "");
}

// The keys of notices come again with their causes: what stands closed under one was closed by us.
TEST(Fault58, AWarningThatWasRaisedAndClosedInTheLostHoursIsRaisedAgainWhenItsCauseComesBack) {
  SimulatedSite site;
  site.load_patient(4, 0);
  run_until_quiet(site);
  Backup before(site);
  site.ehr.put(encounter_json("e1", "p1", "90837", "2026-10-20"));
  run_until_quiet(site);
  ASSERT_EQ(site.live("Task", "3 of 4 visits left"), 1U);
  site.ehr.put(encounter_json("e1", "p1", "90837", "2026-10-20", "entered-in-error"));
  run_until_quiet(site);
  ASSERT_EQ(site.live("Task"), 0U);
  before.restore();
  run_until_quiet(site);
  site.ehr.put(encounter_json("e1", "p1", "90837", "2026-10-20"));
  run_until_quiet(site);
  EXPECT_EQ(site.live("Task", "3 of 4 visits left"), 1U);
}

TEST(Fault58, AWarningWhoseNextEpisodeWasLostStandsAgain) {
  SimulatedSite site;
  site.load_patient(4, 1);
  run_until_quiet(site);
  ASSERT_EQ(site.live("Task", "3 of 4 visits left"), 1U);
  Backup before(site);
  site.ehr.put(encounter_json("e1", "p1", "90837", "2026-10-20", "entered-in-error"));
  run_until_quiet(site);
  ASSERT_EQ(site.live("Task"), 0U);
  site.ehr.put(encounter_json("e1", "p1", "90837", "2026-10-20"));
  run_until_quiet(site);
  ASSERT_EQ(site.live("Task", "3 of 4 visits left"), 1U);
  before.restore();
  run_until_quiet(site);
  EXPECT_EQ(site.live("Task", "3 of 4 visits left"), 1U);
  EXPECT_EQ(site.live("Task"), 1U);
}

}  // namespace
}  // namespace authledger
