// A wrong rule must not fill a hospital's charts. FAULTS 80.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "ledger/rollout.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr const char* kWrongRule = "rules: {warnings: {units_left: 100}}\n";  // Twelve units are few: a Task for all.

// So many patients, each with twelve approved visits, one of them used: a Flag each, and no Task.
void load_clinic(Site& site, int patients) {
  for (int i = 1; i <= patients; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(site.ehr().load(patient_json("p" + n)).ok());
    ASSERT_TRUE(site.ehr().load(coverage_json("c" + n, "p" + n, "payer-1", "2026-01-01")).ok());
    ASSERT_TRUE(site.ehr()
                    .load(claim_response_json({.id = "r" + n,
                                               .patient = "p" + n,
                                               .number = "AUTH-" + n,
                                               .first_day = "2026-10-01",
                                               .last_day = "2027-03-31",
                                               .units = 12}))
                    .ok());
    ASSERT_TRUE(site.ehr().load(encounter_json("e" + n, "p" + n, "90837", "2026-10-05")).ok());
  }
}

void write_rules(Site& site, const std::string& rules) {
  std::string config = read_file(site.config_file());
  config.erase(std::min(config.find("rules: "), config.size()));
  site.folder().write("authledger.yaml", config + rules);
}

size_t open_tasks(Site& site) {
  return count_resources(site, "Task", "requested");
}

int64_t count_rows(Site& site, const std::string& column, const std::string& text) {
  Answer rows(site.run({"notices"}));
  int64_t count = 0;
  for (JsonView row : rows.root()) count += row[column].text() == text;
  return count;
}

TEST(Fault80, AChangedRuleIsADryRunUntilAPersonReleasesItAndIsTakenBackByOneCommand) {
  Site site({}, kFastDelivery);
  load_clinic(site, 6);
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Flag", "active"), 6U);
  const int64_t writes = site.ehr().writes();

  write_rules(site, kWrongRule);
  Answer first(sync_now(site));
  EXPECT_EQ(first.number({"waiting_rules", "rule_version"}), 2);
  sync_now(site);
  EXPECT_EQ(site.ehr().writes(), writes) << "a dry run writes nothing";
  EXPECT_EQ(count_rows(site, "state", "held"), 6);
  EXPECT_EQ(count_rows(site, "reason", "rule version 2 is a dry run: authledger rules release 2"), 6);
  EXPECT_EQ(site.run({"notices", "--release"}).exit_code, 0) << "releases what a limit held, not a dry run";
  sync_now(site);
  EXPECT_EQ(site.ehr().writes(), writes);
  Answer listed(site.run({"rules", "list"}));
  EXPECT_EQ(listed.row("rule_version", "2")["would_appear"].text(), "6");
  EXPECT_EQ(listed.row("rule_version", "2")["state"].text(), "dry_run");
  EXPECT_EQ(listed.row("rule_version", "1")["decides"].boolean(), true);

  EXPECT_EQ(site.run({"retract", "--rule", "2"}).exit_code, 2) << "it has written nothing";
  ASSERT_EQ(site.run({"rules", "release", "2", "--role", "billing lead", "--reason", "looked right"}).exit_code, 0);
  sync_now(site);
  EXPECT_EQ(open_tasks(site), 6U);
  EXPECT_EQ(count_rows(site, "state", "held"), 0);
  expect_consistent(site);

  const int64_t before = site.ehr().writes();
  Answer shown(site.run({"retract", "--rule", "2", "--on", "2026-11-01"}));
  EXPECT_EQ(shown.row("action", "retire")["kind"].text(), "units_low");
  EXPECT_EQ(site.ehr().writes(), before) << "without --yes it is only shown";
  ProgramResult retracted = site.run({"retract", "--rule", "2", "--yes", "--on", "2026-11-01"});
  EXPECT_EQ(retracted.exit_code, 0) << retracted.errors;
  EXPECT_EQ(Answer(retracted).row("rule_version", "2")["left"].text(), "0");
  EXPECT_EQ(open_tasks(site), 0U);
  EXPECT_EQ(count_resources(site, "Task", "cancelled", "the rule that raised it was taken back"), 6U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 6U) << "never deleted";
  EXPECT_EQ(count_resources(site, "Flag", "active"), 6U) << "what the rules before want too stays";
  expect_consistent(site);
  EXPECT_EQ(open_tasks(site), 0U) << "the next round does not write the same again";

  ASSERT_EQ(site.run({"rules", "release", "2"}).exit_code, 0);
  sync_now(site);
  EXPECT_EQ(open_tasks(site), 6U) << "released again it does";
  expect_consistent(site);
}

TEST(Fault80, TheFirstRulesOfATenantWriteAtOnceAndCanBeTakenBackToo) {
  Site site({}, kFastDelivery + kWrongRule);
  load_clinic(site, 3);
  sync_now(site);
  EXPECT_EQ(open_tasks(site), 3U);
  ASSERT_EQ(site.run({"retract", "--rule", "1", "--yes", "--on", "2026-11-01"}).exit_code, 0);
  EXPECT_EQ(open_tasks(site), 0U);
  EXPECT_EQ(count_resources(site, "Flag", "active"), 0U);
  EXPECT_EQ(balance(site, "used"), "1") << "the ledger goes on";
  // A slip in the config does not bring it back: the changed rules wait.
  write_rules(site, "rules: {rollout: active, warnings: {units_left: 99}}\n");
  expect_consistent(site);
  EXPECT_EQ(open_tasks(site), 0U);
  EXPECT_EQ(count_rows(site, "state", "held"), 6) << "a Flag and a Task of each";
  ASSERT_EQ(site.run({"rules", "release", "2"}).exit_code, 0);
  sync_now(site);
  EXPECT_EQ(open_tasks(site), 3U);
  EXPECT_EQ(count_resources(site, "Flag", "active"), 3U);
  expect_consistent(site);
}

TEST(Fault80, ACanaryWritesForItsShareOfThePatientsOnly) {
  Site site({}, kFastDelivery);
  load_clinic(site, 30);
  sync_now(site);
  write_rules(site, "rules: {rollout: canary 40%, warnings: {units_left: 100}}\n");
  sync_now(site);
  PgConnection owner = site.database().owner_connection();
  constexpr Statement kSubjects{"subject_ids",
                                R"(select subject_id from subject_alias where patient like 'Patient/%')"};
  size_t chosen = 0;
  {
    Transaction transaction(owner, 1);
    const Rows rows = transaction.execute(kSubjects);
    for (size_t row = 0; row < rows.size(); ++row) chosen += is_in_canary(rows.integer(row, 0), 2, 40);
  }
  ASSERT_GT(chosen, 0U);
  ASSERT_LT(chosen, 30U);
  EXPECT_EQ(open_tasks(site), chosen);
  EXPECT_EQ(count_rows(site, "state", "held"), 30 - static_cast<int64_t>(chosen));
  expect_consistent(site);
  EXPECT_EQ(site.run({"rules", "release", "2", "--canary", "20"}).exit_code, 2) << "a canary only grows";

  ASSERT_EQ(site.run({"retract", "--rule", "2", "--yes", "--on", "2026-11-01"}).exit_code, 0);
  EXPECT_EQ(open_tasks(site), 0U);
  expect_consistent(site);
  ASSERT_EQ(site.run({"rules", "release", "2"}).exit_code, 0);
  sync_now(site);
  EXPECT_EQ(open_tasks(site), 30U) << "below 50 patients a share says little";
  expect_consistent(site);
}

TEST(Fault80, RulesThatAreTakenOutOfTheConfigAgainLeaveNoTrace) {
  Site site({}, kFastDelivery);
  load_clinic(site, 3);
  sync_now(site);
  const int64_t writes = site.ehr().writes();
  write_rules(site, kWrongRule);
  sync_now(site);
  ASSERT_EQ(count_rows(site, "state", "held"), 3);
  write_rules(site, "");
  sync_now(site);
  EXPECT_EQ(count_rows(site, "state", "held"), 0);
  Answer listed(site.run({"rules", "list"}));
  EXPECT_EQ(listed.row("rule_version", "3")["state"].text(), "active") << "as before: nothing to look at";
  EXPECT_EQ(site.ehr().writes(), writes);
  expect_consistent(site);
}

TEST(Fault80, ARetractionThatIsKilledIsFinishedByTheSameCommandAndLeavesPeoplesEdits) {
  Site site({}, kFastDelivery);
  load_clinic(site, 8);
  sync_now(site);
  write_rules(site, "rules: {rollout: active, warnings: {units_left: 100}}\n");
  sync_now(site);
  ASSERT_EQ(open_tasks(site), 8U);
  const std::vector<std::string> tasks = site.ehr().resources("Task");
  const auto id_of = [](const std::string& text) {
    JsonDocument document;
    return (*document.parse(text))["id"].string();
  };
  edit(site, "Task", id_of(tasks[0]), R"("status":"requested")", R"("status":"completed")");
  edit(site, "Task", id_of(tasks[1]), R"("status":"requested")",
       R"("status":"in-progress","owner":{"reference":"Practitioner/dr-1"})");

  site.ehr().set_faults({.slow_next = 100, .slow_for = std::chrono::milliseconds(100), .only_method = "PUT"});
  const std::vector<std::string> retract = {"retract", "--rule", "2", "--yes", "--on", "2026-11-01"};
  {
    RunningProgram running(site.command(retract));
    ASSERT_TRUE(eventually([&] { return count_resources(site, "Task", "cancelled") >= 2; }));
    running.signal(SIGKILL);
    running.wait();
  }
  EXPECT_LT(count_resources(site, "Task", "cancelled"), 7U);
  site.ehr().set_faults({});
  wait_out_lease();
  ProgramResult finished = site.run(retract);
  EXPECT_EQ(finished.exit_code, 0) << finished.output << finished.errors;
  EXPECT_EQ(count_resources(site, "Task", "cancelled"), 7U);
  EXPECT_EQ(count_resources(site, "Task", "completed"), 1U) << "a person closed it";
  EXPECT_EQ(count_resources(site, "Task", "cancelled", "Practitioner/dr-1"), 1U) << "its owner stays";
  expect_consistent(site);

  // The delivery log says by which rules each write was made. Of the write whose process died before it could say so,
  // the next run says that nothing was left to do, as it does of the Task that a person had completed.
  PgConnection owner = site.database().owner_connection();
  constexpr Statement kActions{"delivery_actions", R"(
    select count(*) filter (where action = 1 and rule_version = 2),
           count(*) filter (where action = 4 and rule_version = 1),
           count(distinct notice_key) filter (where action in (4, 5) and rule_version = 1)
      from delivery
     where channel = 'Task')"};
  Transaction transaction(owner, 1);
  const Rows rows = transaction.execute(kActions);
  EXPECT_EQ(rows.integer(0, 0), 8);
  EXPECT_GE(rows.integer(0, 1), 6);
  EXPECT_LE(rows.integer(0, 1), 7);
  EXPECT_EQ(rows.integer(0, 2), 8);
}

TEST(Fault80, ARunBeyondTheLimitIsHeldUntilAPersonReleasesIt) {
  Site site({}, "delivery: {visibility_window: 1s, lease: 10s, writes_per_run_max: 20}\n");
  load_clinic(site, 25);
  ProgramResult held = sync_now(site, 4);
  EXPECT_NE(held.errors.find("25 writes are pending, the limit is 20"), std::string::npos) << held.errors;
  EXPECT_EQ(Answer(held).number({"notices", "held"}), 25);
  EXPECT_EQ(Answer(sync_now(site)).number({"notices", "held"}), 25) << "said by every round";
  EXPECT_EQ(site.ehr().writes(), 0);
  EXPECT_EQ(count_rows(site, "reason", "25 writes are pending, the limit is 20 (delivery.writes_per_run_max)"), 25);

  ASSERT_EQ(site.run({"notices", "--release"}).exit_code, 0);
  Answer delivered(sync_now(site));
  EXPECT_EQ(delivered.number({"notices", "created"}), 25) << "the limit does not hold again what a person released";
  EXPECT_EQ(site.ehr().writes(), 25);
  expect_consistent(site);
}

TEST(Fault80, ARuleThatWouldWriteToMostPatientsIsHeldAndItsRetractionIsNot) {
  Site site({}, "delivery: {visibility_window: 1s, lease: 10s, patients_share_max: 0.4}\n");
  load_clinic(site, 60);
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Flag", "active"), 60U);
  write_rules(site, "rules: {rollout: active, warnings: {units_left: 100}}\n");
  ProgramResult held = sync_now(site, 4);
  EXPECT_NE(held.errors.find("patients would get a write, the limit is 40 %"), std::string::npos) << held.errors;
  EXPECT_EQ(open_tasks(site), 0U);
  ASSERT_EQ(site.run({"notices", "--release"}).exit_code, 0);
  sync_now(site);
  ASSERT_EQ(open_tasks(site), 60U);

  ProgramResult retracted = site.run({"retract", "--rule", "2", "--yes", "--on", "2026-11-01"});
  EXPECT_EQ(retracted.exit_code, 0) << retracted.output << retracted.errors;
  EXPECT_EQ(open_tasks(site), 0U) << "a person asked for it: no limit stands in the way";
  expect_consistent(site);
}

TEST(Fault80, WhatHasNoRoadIntoTheEhrCountsForNoLimitUntilOneOpens) {
  Site site({}, "delivery: {visibility_window: 1s, lease: 10s, writes_per_run_max: 20}\n");
  load_clinic(site, 25);
  SandboxFaults faults;
  faults.withheld = "Flag:create Task:create Communication:create DocumentReference:create";
  site.ehr().set_faults(faults);
  Answer first(sync_now(site, 1));
  EXPECT_EQ(first.number({"notices", "held"}), 0);
  EXPECT_EQ(first.number({"notices", "undeliverable"}), 25);
  for (int i = 1; i <= 25; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(site.ehr().load(encounter_json("f" + n, "p" + n, "90837", "2026-10-06")).ok());
  }
  EXPECT_EQ(Answer(sync_now(site)).number({"notices", "held"}), 0) << "other counts are written nowhere";
  site.ehr().set_faults({});
  EXPECT_EQ(Answer(sync_now(site, 4)).number({"notices", "held"}), 25);
  EXPECT_EQ(site.ehr().writes(), 0);
}

TEST(Fault80, ALimitHoldsWhatGoesIntoTheEhrAndLetsTheWorklistBe) {
  Site site({},
            "delivery: {visibility_window: 1s, lease: 10s, writes_per_run_max: 20, worklist_file: worklist.csv, "
            "channels: {utilization: [Flag], operations: [worklist]}}\n");
  write_rules(site, "rules: {warnings: {units_left: 100}}\n");
  load_clinic(site, 25);
  Answer held(sync_now(site, 4));
  EXPECT_EQ(held.number({"notices", "held"}), 25) << "the Flags";
  EXPECT_EQ(count_rows(site, "channel", "worklist"), 25);
  EXPECT_EQ(site.ehr().writes(), 0);
}

// As a mistake would leave them: Flags for 100,000 patients, wanted and not yet written.
constexpr const char* kHundredThousand = R"(
  set authledger.tenant_id = 1;
  insert into subject (tenant_id, subject_id) select 1, 1000 + n from generate_series(1, 100000) as n;
  insert into subject_alias (tenant_id, patient, source, subject_id, recorded_at)
  select 1, 'Patient/flood-' || n, 'ehr', 1000 + n, now() from generate_series(1, 100000) as n;
  insert into notice (tenant_id, notice_key, subject_id, topic, kind, episode, is_open, severity, notice_text,
                      desired_hash, rule_version, due_at)
  select 1, 'flood-' || n, 1000 + n, 't', 1, 1, true, 1, 'text', sha256('text'), 1, now() from generate_series(1, 100000) as n;
)";

TEST(Fault80, AHundredThousandFlagsAreHeldByTheLimitAsItShips) {
  Site site({}, kFastDelivery);
  load_clinic(site, 1);
  sync_now(site);
  const int64_t writes = site.ehr().writes();
  site.database().owner_connection().execute_script(kHundredThousand);
  ProgramResult held = sync_now(site, 4);
  EXPECT_NE(held.errors.find("100000 writes are pending, the limit is 10000"), std::string::npos) << held.errors;
  EXPECT_EQ(Answer(held).number({"notices", "held"}), 100000);
  EXPECT_EQ(site.ehr().writes(), writes);
  EXPECT_EQ(Answer(sync_now(site)).number({"notices", "held"}), 100000);
  EXPECT_EQ(site.ehr().writes(), writes);
}

}  // namespace
}  // namespace authledger
