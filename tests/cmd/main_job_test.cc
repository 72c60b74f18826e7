// The main job, end to end: the real program, a real FHIR server, a real PostgreSQL.

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/day.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

// A patient with 12 approved visits, three of them used, around a fixed day.
void load_small_clinic(Site& site) {
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(coverage_json("c1", "p1", "payer-1", "2026-01-01")).ok());
  ASSERT_TRUE(
      site.ehr()
          .load(claim_response_json(
              {.id = "r1", .patient = "p1", .number = "AUTH-1", .first_day = "2026-10-01", .last_day = "2027-03-31"}))
          .ok());
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(site.ehr()
                    .load(encounter_json("e" + std::to_string(i), "p1", "90837", "2026-10-0" + std::to_string(i + 4)))
                    .ok());
  }
}

const std::vector<std::string> kSync = {"sync", "--on", "2026-11-01"};
const std::vector<std::string> kAuthorizations = {"authorizations", "--on", "2026-11-01"};

TEST(MainJob, PullsCountsAndWarnsThenIsStill) {
  Site site;
  load_small_clinic(site);
  ProgramResult first = site.run(kSync);
  ASSERT_EQ(first.exit_code, 0) << first.output << first.errors;
  Answer summary(first);
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 3);
  EXPECT_EQ(summary.number({"facts", "quarantined"}), 0);
  EXPECT_EQ(summary.number({"entries"}), 1);
  EXPECT_EQ(summary.number({"notices", "created"}), 1);

  Answer rows(site.run(kAuthorizations));
  JsonView row = rows.row("authorization_number", "AUTH-1");
  ASSERT_TRUE(row.exists());
  EXPECT_EQ(row["approved"].text(), "12");
  EXPECT_EQ(row["used"].text(), "3");
  EXPECT_EQ(row["available"].text(), "9");
  EXPECT_EQ(row["decision"].text(), "approved");
  EXPECT_EQ(row["window"].text(), "open");
  EXPECT_EQ(row["patient"].text(), "Patient/p1");

  ASSERT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_NE(site.ehr().resources("Flag")[0].find("3 of 12 visits used"), std::string::npos)
      << site.ehr().resources("Flag")[0];

  int64_t writes = site.ehr().writes();
  ProgramResult second = site.run(kSync);
  ASSERT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_EQ(Answer(second).number({"entries"}), 0);
  EXPECT_EQ(Answer(second).number({"facts", "new"}), 0);
  EXPECT_EQ(site.ehr().writes(), writes);
}

TEST(MainJob, AFinishedVisitMovesOneUnitAndAnErrorBringsItBack) {
  Site site;
  load_small_clinic(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("e4", "p1", "90837", "2026-11-01", "planned")).ok());
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  JsonView row;
  Answer before(site.run(kAuthorizations));
  row = before.row("authorization_number", "AUTH-1");
  EXPECT_EQ(row["used"].text(), "3");
  EXPECT_EQ(row["reserved"].text(), "1");

  int64_t writes = site.ehr().writes();
  ASSERT_TRUE(site.ehr().put(encounter_json("e4", "p1", "90837", "2026-11-01", "finished")).ok());
  Answer moved(site.run(kSync));
  EXPECT_EQ(moved.number({"entries"}), 1);
  EXPECT_EQ(moved.number({"notices", "updated"}), 1);
  EXPECT_EQ(moved.number({"notices", "created"}), 0);
  EXPECT_EQ(site.ehr().writes(), writes + 1) << "exactly one Flag is written";
  Answer after(site.run(kAuthorizations));
  row = after.row("authorization_number", "AUTH-1");
  EXPECT_EQ(row["used"].text(), "4");
  EXPECT_EQ(row["reserved"].text(), "0");
  EXPECT_EQ(row["available"].text(), "8");

  ASSERT_TRUE(site.ehr().put(encounter_json("e4", "p1", "90837", "2026-11-01", "entered-in-error")).ok());
  EXPECT_EQ(Answer(site.run(kSync)).number({"entries"}), 1);
  Answer back(site.run(kAuthorizations));
  row = back.row("authorization_number", "AUTH-1");
  EXPECT_EQ(row["used"].text(), "3");
  EXPECT_EQ(row["available"].text(), "9");

  ProgramResult explained = site.run({"explain", "AUTH-1"});
  EXPECT_EQ(explained.exit_code, 0) << explained.errors;
  size_t uses = 0, reversals = 0;
  Answer steps(explained);
  for (JsonView step : steps.root()) {
    if (step["service"].text() != "Encounter/e4") continue;
    uses += step["to"].text() == "used";
    reversals += step["is_reversal"].boolean();
  }
  EXPECT_EQ(uses, 1U) << explained.output;
  EXPECT_GE(reversals, 1U) << explained.output;
  EXPECT_EQ(site.run({"verify"}).exit_code, 0);
  EXPECT_EQ(site.run({"replay"}).exit_code, 0);
}

TEST(MainJob, AsKnownAtStillShowsWhatWasBelieved) {
  Site site;
  load_small_clinic(site);
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  std::string then = format_instant(SystemClock().now());
  ASSERT_TRUE(site.ehr().load(encounter_json("e9", "p1", "90837", "2026-10-20")).ok());
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  Answer now_rows(site.run(kAuthorizations)), then_rows(site.run({"authorizations", "--as-known-at", then}));
  EXPECT_EQ(now_rows.row("authorization_number", "AUTH-1")["used"].text(), "4");
  EXPECT_EQ(then_rows.row("authorization_number", "AUTH-1")["used"].text(), "3");
  ProgramResult future = site.run({"authorizations", "--as-known-at", "2199-01-01T00:00:00Z"});
  EXPECT_EQ(future.exit_code, 2) << "an instant that transactions may still post below is refused";
}

TEST(MainJob, ADayLongPastEndsAndADayAheadWarns) {
  Site site;
  load_small_clinic(site);
  Answer past(site.run({"sync", "--on", "2026-10-06"}));
  EXPECT_EQ(past.number({"subjects"}), 1);
  EXPECT_EQ(past.number({"entries"}), 1);
  Answer again(site.run({"sync", "--on", "2026-10-06"}));
  EXPECT_EQ(again.number({"entries"}), 0);
  // Within fourteen days of the end the expiring Task joins the Flag.
  ASSERT_EQ(site.run({"sync", "--on", "2027-03-25"}).exit_code, 0);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U);
}

TEST(MainJob, ChecksWhetherAServiceIsCovered) {
  Site site;
  load_small_clinic(site);
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  EXPECT_EQ(site.run({"check", "--patient", "p1", "--code", "90837", "--on", "2027-01-10"}).exit_code, 0);
  EXPECT_EQ(site.run({"check", "--patient", "p1", "--code", "90837", "--on", "2027-01-10", "--units", "10"}).exit_code,
            3);
  EXPECT_EQ(site.run({"check", "--patient", "p1", "--code", "90853", "--on", "2027-01-10"}).exit_code, 3);
  EXPECT_EQ(site.run({"check", "--patient", "p1", "--code", "90837", "--on", "2027-04-01"}).exit_code, 3);
}

TEST(MainJob, BadInputIsNamedAndChangesNothing) {
  Site site;
  EXPECT_EQ(site.run({"sync", "--on", "soon"}).exit_code, 2);
  EXPECT_EQ(site.run({"frobnicate"}).exit_code, 2);
  EXPECT_EQ(site.run({"sync", "--endpoint", "nowhere"}).exit_code, 2);
  EXPECT_EQ(run_authledger({"--config", "/nonexistent.yaml", "sync"}).exit_code, 2);
}

TEST(MainJob, AnUnreachableEndpointEndsWithFour) {
  Site site;
  site.folder().write(
      "gone.yaml",
      "tenant:\n  name: test-clinic\n  time_zone: America/New_York\ndatabase:\n  url_file: database_url\n"
      "endpoints:\n  - name: ehr\n    base_url: http://127.0.0.1:9/fhir\n    retries_max: 0\n");
  ProgramResult result = run_authledger({"--config", site.folder().path() + "/gone.yaml", "sync"});
  EXPECT_EQ(result.exit_code, 4) << result.errors;
}

}  // namespace
}  // namespace authledger
