// What the EHR takes back or corrects after it was posted, and what cannot be read. FAULTS 11, 25, 41, 42.

#include <gtest/gtest.h>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

struct Steps {
  size_t uses = 0, reversals = 0;
};

// How often `explain` shows units of a service going to used, and being taken back.
Steps steps_of(Site& site, const std::string& number, const std::string& service) {
  Steps steps;
  Answer explained(site.run({"explain", number}));
  for (JsonView step : explained.root()) {
    if (step["service"].text() != service) continue;
    steps.uses += step["to"].text() == "used" && !step["is_reversal"].boolean();
    steps.reversals += step["is_reversal"].boolean();
  }
  return steps;
}

TEST(Fault11, APoisonResourceIsQuarantinedAndReadOnceTheMappingIsMended) {
  const std::string broken =
      "    overrides:\n      - {mapping: encounter, column: start, path: \"iif(id = 'e2', 'soon', period.start)\"}\n";
  Site site({}, kFastDelivery, broken);
  load_patient(site, 12, 3);
  Answer summary(sync_now(site, 1));
  EXPECT_EQ(summary.number({"facts", "quarantined"}), 1);
  EXPECT_EQ(balance(site, "used"), "2") << "others are unaffected";
  Answer listed(site.run({"quarantine", "list"}));
  EXPECT_EQ(listed.row("resource", "Encounter/e2")["source"].text(), "ehr");
  EXPECT_FALSE(listed.row("resource", "Encounter/e2")["reason"].text().empty());

  std::string config = read_file(site.config_file());
  const size_t at = config.find(broken);
  ASSERT_NE(at, std::string::npos);
  site.folder().write("authledger.yaml", config.erase(at, broken.size()));
  ProgramResult retried = site.run({"quarantine", "retry"});
  EXPECT_EQ(retried.exit_code, 0) << retried.output << retried.errors;
  EXPECT_EQ(site.run({"quarantine", "list"}).exit_code, 0);
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(Fault11, APoisonResourceLeavesQuarantineWhenTheEhrMendsIt) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr().load(encounter_json("e2", "p1", "90837", "2026-13-45")).ok());
  sync_now(site, 1);
  EXPECT_EQ(balance(site, "used"), "1");
  ASSERT_TRUE(site.ehr().put(encounter_json("e2", "p1", "90837", "2026-10-06")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
  EXPECT_EQ(site.run({"quarantine", "list"}).exit_code, 0);
  expect_consistent(site);
}

TEST(Fault25, ADeletedVisitGivesItsUnitBackAndStaysInTheJournal) {
  Site site({}, kFastDelivery);
  load_patient(site, 3, 3);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested", "auth-exhausted"), 1U);
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"facts", "retracted"}), 1);
  EXPECT_EQ(summary.number({"entries"}), 1);
  EXPECT_EQ(balance(site, "used"), "2");
  EXPECT_EQ(balance(site, "available"), "1");
  const Steps steps = steps_of(site, "AUTH-1", "Encounter/e2");
  EXPECT_EQ(steps.uses, 1U) << "what was believed is not removed";
  EXPECT_EQ(steps.reversals, 1U);
  EXPECT_EQ(count_resources(site, "Task", "cancelled", "auth-exhausted"), 1U);
  EXPECT_EQ(count_resources(site, "Flag", "active", "2 of 3 visits used"), 1U);
  expect_consistent(site);
}

TEST(Fault25, AVisitThatCameBackAfterItsDeletionCounts) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  ASSERT_TRUE(site.ehr().put(encounter_json("e2", "p1", "90837", "2026-10-05")).ok());
  ASSERT_TRUE(site.ehr().remove("Encounter", "e3").ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2");
  ASSERT_TRUE(site.ehr().put(encounter_json("e3", "p1", "90837", "2026-10-06")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3");
  expect_consistent(site);
}

TEST(Fault25, AVisitThatCameBackUnderAnEarlierTimeStaysWhenTheHistoryNamesItsDeletionAgain) {
  Site site({}, kFastDelivery);
  site.ehr().set_faults({.clock_behind = std::chrono::hours(1)});
  load_patient(site, 12, 3);
  sync_now(site);
  site.ehr().set_faults({});
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "2");
  site.ehr().set_faults({.clock_behind = std::chrono::seconds(150)});
  ASSERT_TRUE(site.ehr().put(encounter_json("e2", "p1", "90837", "2026-10-05")).ok());
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "3");
  // The overlap is 300 s: the watermark comes to stand between the visit's new version and the deletion before it.
  site.ehr().set_faults({.clock_behind = std::chrono::seconds(-225)});
  sync_now(site);
  const Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"facts", "retracted"}), 0);
  EXPECT_EQ(balance(site, "used"), "3");
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Fault25, AHistoryThatNamesOneDeletionTwiceEndsAsAnyOther) {
  Site site({}, kFastDelivery, "    page_size: 1\n");
  load_patient(site, 12, 2);
  sync_now(site);
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
    ASSERT_TRUE(site.ehr().put(encounter_json("e2", "p1", "90837", "2026-10-05")).ok());
  }
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  const Answer summary(sync_now(site));
  EXPECT_TRUE(feed_of(summary, "Encounter")["complete"].boolean()) << gaps_of(summary, "Encounter");
  EXPECT_EQ(balance(site, "used"), "1");
  expect_consistent(site);
}

TEST(Fault25, ADeletionIsReadAfterARoundThatCouldNotLearnWhatTheEndpointOffers) {
  Site site({}, kFastDelivery, "    retries_max: 0\n");
  load_patient(site, 12, 2);
  sync_now(site);
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  site.ehr().set_faults({.unavailable_next = 1, .only_for = "metadata"});
  sync_now(site, 4);
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "1") << "no watermark passed the deletion";
  expect_consistent(site);
}

TEST(Fault25, AHistoryThatIsDeclaredAndNotGivenKeepsNobodyFromTheVisits) {
  for (const SandboxFaults& faults : {SandboxFaults{.unavailable_next = 1'000'000, .only_for = "_history"},
                                      SandboxFaults{.html_next = 1'000'000, .only_for = "_history"}}) {
    Site site({}, kFastDelivery, "    retries_max: 0\n    overlap: 0s\n");
    load_patient(site, 12, 2);
    sync_now(site);
    ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
    site.ehr().set_faults(faults);
    ASSERT_TRUE(site.ehr().load(encounter_json("new", "p1", "90837", "2026-10-20")).ok());
    const Answer summary(sync_now(site));
    EXPECT_EQ(balance(site, "used"), "3");
    EXPECT_NE(gaps_of(summary, "Encounter").find("history"), std::string::npos);
    sync_now(site);
    site.ehr().set_faults({});
    sync_now(site);
    EXPECT_EQ(balance(site, "used"), "2") << "deletions are asked for since they were told of last";
    expect_consistent(site);
  }
}

TEST(Fault23, AServerThatNumbersAnewIsBelievedOnceItIsAsked) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 2);
  for (const char* status : {"planned", "finished"}) {
    ASSERT_TRUE(site.ehr().put(encounter_json("e1", "p1", "90837", "2026-10-04", status)).ok());
  }
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "2");
  site.ehr().forget("Encounter", "e1");  // Restored from elsewhere: version 1, and later than version 3.
  ASSERT_TRUE(site.ehr().put(encounter_json("e1", "p1", "90837", "2026-10-04", "cancelled")).ok());
  const Answer summary(sync_now(site));
  EXPECT_EQ(balance(site, "used"), "1");
  EXPECT_NE(gaps_of(summary, "Encounter").find("numbers anew"), std::string::npos);
  ASSERT_TRUE(site.ehr().put(encounter_json("e1", "p1", "90837", "2026-10-04")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2") << "version 2 after version 1";
  ASSERT_TRUE(site.ehr().remove("Encounter", "e2").ok());
  sync_now(site);
  ASSERT_EQ(balance(site, "used"), "1");
  site.ehr().forget("Encounter", "e2");
  ASSERT_TRUE(site.ehr().put(encounter_json("e2", "p1", "90837", "2026-10-05")).ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "2") << "deleted as version 2, there again as version 1";
  expect_consistent(site);
}

TEST(Fault41, AReversedVisitClosesTheWarningWithItsReason) {
  for (const char* status : {"entered-in-error", "cancelled"}) {
    Site site({}, kFastDelivery);
    load_patient(site, 3, 3);
    sync_now(site);
    ASSERT_EQ(count_resources(site, "Task", "requested", "auth-exhausted"), 1U);
    ASSERT_TRUE(site.ehr().put(encounter_json("e3", "p1", "90837", "2026-10-06", status)).ok());
    sync_now(site);
    EXPECT_EQ(balance(site, "used"), "2");
    EXPECT_EQ(balance(site, "available"), "1");
    EXPECT_EQ(count_resources(site, "Task", "requested", "auth-exhausted"), 0U);
    EXPECT_EQ(count_resources(site, "Task", "cancelled", "statusReason"), 1U);
    EXPECT_EQ(count_resources(site, "Task", "requested", "auth-units-low"), 1U);
    const Steps steps = steps_of(site, "AUTH-1", "Encounter/e3");
    EXPECT_EQ(steps.uses, 1U);
    EXPECT_EQ(steps.reversals, 1U);
    expect_consistent(site);
  }
}

TEST(Fault42, AChangedCodeIsReversedAndPostedAgain) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr()
                  .load(claim_response_json({.id = "r2",
                                             .patient = "p1",
                                             .number = "AUTH-2",
                                             .code = "90834",
                                             .first_day = "2026-10-01",
                                             .last_day = "2027-03-31"}))
                  .ok());
  sync_now(site);
  EXPECT_EQ(balance(site, "used", "AUTH-1"), "1");
  ASSERT_TRUE(site.ehr().put(encounter_json("e1", "p1", "90834", "2026-10-04")).ok());
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"entries"}), 1);
  EXPECT_EQ(balance(site, "used", "AUTH-1"), "0");
  EXPECT_EQ(balance(site, "used", "AUTH-2"), "1");
  const Steps before = steps_of(site, "AUTH-1", "Encounter/e1"), after = steps_of(site, "AUTH-2", "Encounter/e1");
  EXPECT_EQ(before.uses, 1U);
  EXPECT_EQ(before.reversals, 1U);
  EXPECT_EQ(after.uses, 1U);
  EXPECT_EQ(after.reversals, 0U);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
