// plan --rules: what other rules would change, shown and not done.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/site.h"

namespace authledger {
namespace {

const std::vector<std::string> kSync = {"sync", "--on", "2026-11-01"};

// Twelve visits of 90837 approved through 2026-10-31, two used, then one of 90834 that nothing covers.
void load_patient(Site& site) {
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(coverage_json("c1", "p1", "payer-1", "2026-01-01")).ok());
  ASSERT_TRUE(
      site.ehr()
          .load(claim_response_json(
              {.id = "r1", .patient = "p1", .number = "AUTH-1", .first_day = "2026-10-01", .last_day = "2026-12-31"}))
          .ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("e1", "p1", "90837", "2026-10-05")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("e2", "p1", "90837", "2026-10-12")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("e3", "p1", "90834", "2026-10-19")).ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("e4", "p1", "90834", "2026-10-22")).ok());
}

// Every table with the number and a digest of its rows.
std::map<std::string, std::string> database_state(Site& site) {
  PgConnection owner = site.database().owner_connection();
  std::vector<std::string> tables;
  Transaction transaction(owner, 1);
  constexpr Statement kTables{"tables", R"(
    select c.relname::text
      from pg_class as c
     where c.relnamespace = 'public'::regnamespace
       and c.relkind = 'r')"};
  const Rows rows = transaction.execute(kTables);
  std::map<std::string, std::string> state;
  for (size_t row = 0; row < rows.size(); ++row) {
    const std::string table = rows.string(row, 0), name = "digest_" + table;
    const std::string sql = fmt::format(
        "select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from only {} as t",
        table);
    state[table] = transaction.execute({name.c_str(), sql.c_str()}).string(0, 0);
  }
  return state;
}

TEST(PlanRules, ShowsWhatChangesAndLeavesEveryTableAsItWas) {
  Site site;
  load_patient(site);
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  const std::map<std::string, std::string> before = database_state(site);
  ASSERT_GT(before.size(), 15U);
  ASSERT_NE(before.at("notice").substr(0, 2), "0 ");
  const int64_t writes = site.ehr().writes();

  const std::string file =
      site.folder().write("family.yaml",
                          "families: [{name: psychotherapy, authorized_code: \"90837\", codes: [\"90834\"]}]\n"
                          "warnings: {units_left: 9}\n");
  ProgramResult planned = site.run({"plan", "--rules", file, "--on", "2026-11-01"});
  ASSERT_EQ(planned.exit_code, 0) << planned.errors;
  Answer rows(planned);
  EXPECT_EQ(rows.row("key", "AUTH-1/1")["what"].text(), "authorization");
  EXPECT_NE(rows.row("key", "AUTH-1/1")["before"].string().find("used 2"), std::string::npos);
  EXPECT_NE(rows.row("key", "AUTH-1/1")["after"].string().find("used 4"), std::string::npos);
  EXPECT_EQ(rows.row("key", "Encounter/e3")["before"].text(), "1 uncovered (code_mismatch)");
  EXPECT_EQ(rows.row("key", "Encounter/e3")["after"].text(), "1 from AUTH-1/1");
  EXPECT_EQ(rows.row("what", "gap")["before"].text(), "4 days without authority") << "October 19 to 22";
  EXPECT_EQ(rows.row("what", "gap")["after"].text(), "0 days without authority");
  EXPECT_EQ(rows.row("kind", "uncovered services")["before"].text(), "2");
  EXPECT_EQ(rows.row("kind", "uncovered services")["after"].text(), "0");
  EXPECT_EQ(rows.row("kind", "notices uncovered_service")["after"].text(), "2");
  EXPECT_EQ(rows.row("kind", "notices units_low")["after"].text(), "1");
  EXPECT_EQ(rows.row("kind", "EHR writes")["before"].text(), "0");
  EXPECT_EQ(rows.row("kind", "EHR writes")["after"].text(), "4") << "two Tasks retired, one new, the Flag's text";

  // Also a config with other rules leaves no version behind before a round takes it up.
  std::string config = read_file(site.config_file());
  site.folder().write("authledger.yaml", config + "rules: {files: [family.yaml]}\n");
  ASSERT_EQ(site.run({"plan", "--waiting", "--on", "2026-11-01"}).exit_code, 0);
  ASSERT_EQ(site.run({"plan"}).exit_code, 0);
  ASSERT_EQ(site.run({"authorizations"}).exit_code, 0);
  EXPECT_EQ(database_state(site), before);
  EXPECT_EQ(site.ehr().writes(), writes);
}

TEST(PlanRules, ShowsFewRowsInATableAndTheCountsOfAll) {
  Site site;
  load_patient(site);
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  const std::string file = site.folder().write("few.yaml", "warnings: {units_left: 100, days_left: 90}\n");
  ProgramResult planned =
      run_authledger({"--config", site.config_file(), "plan", "--rules", file, "--on", "2026-11-01", "--limit", "1"});
  ASSERT_EQ(planned.exit_code, 0) << planned.errors;
  EXPECT_NE(planned.output.find("more rows: --limit N shows more"), std::string::npos) << planned.output;
  EXPECT_NE(planned.output.find("expiring                1 notices appear"), std::string::npos) << planned.output;
  EXPECT_NE(planned.output.find("units_low               1 notices appear"), std::string::npos) << planned.output;
}

TEST(PlanRules, NamesRulesThatConflict) {
  Site site;
  load_patient(site);
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  const std::string file =
      site.folder().write("conflict.yaml",
                          "payer_rules:\n  - {name: a, payer: Acme, codes: [\"90837\"], authorization_required: true}\n"
                          "  - {name: b, payer: Acme, codes: [\"90837\"], authorization_required: false}\n");
  ProgramResult planned = site.run({"plan", "--rules", file, "--on", "2026-11-01"});
  EXPECT_EQ(planned.exit_code, 2) << "the config check would refuse them";
  EXPECT_NE(planned.errors.find("state different authorization_required"), std::string::npos) << planned.errors;
  EXPECT_TRUE(Answer(planned).row("what", "conflict").exists());
}

}  // namespace
}  // namespace authledger
