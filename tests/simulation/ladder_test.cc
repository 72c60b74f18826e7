// Where an EHR takes less and less, a notice goes down the ladder: Flag and Task, Communication, DocumentReference,
// worklist file.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "tests/simulation/ladder_site.h"

namespace authledger {
namespace {

// A changed count is written over what stands, and once units are free the warning ends.
void expect_change_and_end(Site& site, const std::string& type, const std::string& open, const std::string& ended) {
  const size_t standing = site.ehr().resources(type).size();
  add_visit(site, "e2", "2026-10-05");
  sync_now(site);
  EXPECT_EQ(count_resources(site, type, open, "2 of 4 visits used"), 1U);
  EXPECT_EQ(site.ehr().resources(type).size(), standing) << "changed, not written anew";
  expect_consistent(site);
  free_all_units(site);
  sync_now(site);
  EXPECT_EQ(count_resources(site, type, ended), 1U) << "units are free again";
  expect_consistent(site);
}

TEST(Ladder, AnEhrThatTakesEverythingGetsAFlagAndATask) {
  Site site({}, kWithWorklist);
  load_warning(site, "");
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U);
  EXPECT_EQ(worklist(site).find('\n') + 1, worklist(site).size()) << "a header alone";
  expect_consistent(site);
}

TEST(Ladder, WithoutFlagAndTaskACommunicationIsKeptTrueAndStopped) {
  Site site({}, kFastDelivery);
  load_warning(site, kNoFlagNoTask);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Communication", "in-progress"), 2U);
  EXPECT_EQ(state_of_kind(site, "units_low", "channel"), "Communication");
  expect_consistent(site);
  expect_change_and_end(site, "Communication", "in-progress", "stopped");
}

TEST(Ladder, WithoutUpdateItIsAMessageForAWarningAndOneWhenItBecomesUrgent) {
  Site site({}, kFastDelivery);
  load_warning(site, kMessagesOnly);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Communication", "completed"), 2U);
  EXPECT_EQ(state_of_kind(site, "utilization"), "sent");
  expect_consistent(site);

  add_visit(site, "e2", "2026-10-05");
  Answer counted(sync_now(site));
  EXPECT_EQ(counted.number({"notices", "created"}), 0) << "a changed count is no new message";
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U);
  EXPECT_EQ(state_of_kind(site, "utilization"), "sent");

  add_visit(site, "e3", "2026-10-06");
  add_visit(site, "e4", "2026-10-07");
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Communication", "", "4 of 4"), 1U) << "it became urgent";
  EXPECT_EQ(state_of_kind(site, "utilization"), "sent");
  expect_consistent(site);

  free_all_units(site);
  const size_t sent = site.ehr().resources("Communication").size();
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Communication").size(), sent) << "nothing of a message is taken back";
  Answer all(site.run({"notices", "--all"}));
  EXPECT_EQ(all.row("kind", "exhausted")["state"].text(), "retired");
  expect_consistent(site);
}

TEST(Ladder, InformationIsNoMessageAndSaysWhyItStandsNowhere) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  withhold(site, kMessagesOnly);
  sync_now(site);
  EXPECT_EQ(site.ehr().writes(), 0);
  Answer listed(site.run({"notices", "--undeliverable"}));
  ASSERT_EQ(listed.root().size(), 1U);
  EXPECT_EQ(listed.root().at(0)["state"].text(), "undeliverable");
  EXPECT_NE(listed.root().at(0)["reason"].text().find("it is information"), std::string::npos);
  expect_consistent(site);
}

TEST(Ladder, WithoutCommunicationANoteInTheChartIsKeptTrueAndSuperseded) {
  Site site({}, kFastDelivery);
  load_warning(site, kDocumentsOnly);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "DocumentReference", "current"), 2U);
  JsonDocument document;
  const JsonView note = *document.parse(site.ehr().resources("DocumentReference").at(0));
  EXPECT_EQ(note["type"]["coding"].at(0)["system"].text(), "http://loinc.org");
  EXPECT_EQ(note["content"].at(0)["attachment"]["contentType"].text(), "text/plain");
  expect_consistent(site);
  expect_change_and_end(site, "DocumentReference", "current", "superseded");
}

TEST(Ladder, WithoutAnyRoadIntoTheEhrTheWorklistFileHoldsWhatIsWanted) {
  Site site({}, kWithWorklist);
  load_warning(site, kNothing);
  Answer first(sync_now(site));
  EXPECT_EQ(first.number({"notices", "created"}), 2);
  EXPECT_EQ(site.ehr().writes(), 0);
  struct stat status {};
  const std::string path = site.folder().path() + "/worklist.csv";
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto inode = status.st_ino;
  EXPECT_NE(worklist(site).find(",units_low,2,Patient/p1,AUTH-1,"), std::string::npos) << worklist(site);
  EXPECT_EQ(state_of_kind(site, "units_low", "channel"), "worklist");
  EXPECT_EQ(state_of_kind(site, "units_low"), "current");
  Answer second(sync_now(site));
  EXPECT_EQ(second.number({"notices", "unchanged"}), 2);
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_ino, inode) << "what says the same is not written again";

  add_visit(site, "e2", "2026-10-05");
  sync_now(site);
  EXPECT_NE(worklist(site).find("2 of 4 visits used"), std::string::npos) << worklist(site);
  free_all_units(site);
  sync_now(site);
  EXPECT_EQ(worklist(site).find(",units_low,"), std::string::npos) << worklist(site);
  expect_consistent(site);
}

TEST(Ladder, TheWorklistAloneNeedsNothingOfAnEhrThatSaysNothingOfItself) {
  Site site({},
            "delivery: {visibility_window: 1s, lease: 10s, worklist_file: worklist.csv, "
            "channels: {all: [worklist], utilization: [Flag]}}\n",
            "    retries_max: 0\n");
  std::vector<std::string> without_delivery = kSyncNow;
  without_delivery.emplace_back("--no-deliver");
  load_warning(site, "");
  ASSERT_EQ(site.run(without_delivery).exit_code, 0);
  withhold(site, "", {.unavailable_next = 1'000'000, .only_for = "metadata"});
  Answer listed(sync_now(site, 4));
  EXPECT_EQ(listed.number({"notices", "created"}), 1);
  EXPECT_NE(worklist(site).find(",units_low,2,Patient/p1,AUTH-1,"), std::string::npos) << worklist(site);
  EXPECT_EQ(state_of_kind(site, "utilization"), "wanted") << "it waits for the EHR";
  site.ehr().set_faults({});
  Answer delivered(sync_now(site));
  EXPECT_EQ(delivered.number({"notices", "created"}), 1);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Ladder, WhatHasNoRoadAtAllIsListedWithTheReasonAndGoesAsSoonAsOneOpens) {
  Site site({}, kFastDelivery);
  load_warning(site, kNothing);
  Answer first(sync_now(site, 1));
  EXPECT_EQ(first.number({"notices", "undeliverable"}), 2);
  Answer again(sync_now(site, 0));
  EXPECT_EQ(again.number({"notices", "undeliverable"}), 2) << "said once as news, then counted";
  Answer listed(site.run({"notices", "--undeliverable"}));
  EXPECT_EQ(listed.root().size(), 2U);
  const std::string reason = listed.row("kind", "units_low")["reason"].string();
  EXPECT_NE(reason.find("does not offer create on Task"), std::string::npos) << reason;
  EXPECT_NE(reason.find("delivery.worklist_file"), std::string::npos) << reason;
  // The administrator grants Tasks.
  withhold(site, "Flag:create Communication:create DocumentReference:create");
  Answer granted(sync_now(site));
  EXPECT_EQ(granted.number({"notices", "undeliverable"}), 1);
  EXPECT_EQ(count_resources(site, "Task", "requested"), 1U);
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Flag", "active"), 1U);
  expect_consistent(site);
}

TEST(Ladder, ARowOfTheWorklistMovesIntoTheEhrOnceThatTakesIt) {
  Site site({}, kWithWorklist);
  load_warning(site, kNothing);
  sync_now(site);
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U);
  EXPECT_EQ(worklist(site).find("AUTH-1"), std::string::npos) << worklist(site);
  expect_consistent(site);
}

SandboxFaults no_right_to_create() {
  SandboxFaults faults;
  faults.fail_next = 1'000'000;
  faults.fail_status = 403;
  faults.only_method = "POST";
  return faults;
}

TEST(Ladder, ARowStaysOnTheWorklistUntilItsNoticeStandsInTheEhr) {
  Site site({}, kWithWorklist, "    retries_max: 0\n");
  load_warning(site, kNothing);
  sync_now(site);
  const std::string listed = worklist(site);
  ASSERT_NE(listed.find(",units_low,2,Patient/p1,AUTH-1,"), std::string::npos) << listed;
  // The CapabilityStatement offers what our rights do not hold.
  withhold(site, "", no_right_to_create());
  sync_now(site, 4);
  EXPECT_EQ(worklist(site), listed);
  EXPECT_EQ(state_of_kind(site, "units_low"), "creating");
  Answer stuck(site.run({"notices", "--undeliverable"}));
  EXPECT_EQ(stuck.root().size(), 2U);
  EXPECT_NE(stuck.row("kind", "units_low")["reason"].text().find("not taken by the endpoint yet"), std::string::npos);
  add_visit(site, "e2", "2026-10-05");
  let_time_pass(site);
  sync_now(site, 4);
  EXPECT_NE(worklist(site).find("2 of 4 visits used"), std::string::npos) << worklist(site);
  // Now it is taken, and the worker dies with the first create.
  withhold(site, "", {.hold_next = 1, .only_method = "POST"});
  let_time_pass(site);
  const size_t created = count_requests(site, "POST /fhir/Flag") + count_requests(site, "POST /fhir/Task");
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually(
        [&] { return count_requests(site, "POST /fhir/Flag") + count_requests(site, "POST /fhir/Task") > created; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  sync_now(site);
  EXPECT_NE(worklist(site).find("2 of 4 visits used"), std::string::npos) << "its lease has not ended";
  wait_out_lease();
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Flag", "active") + count_resources(site, "Task", "requested"), 2U);
  EXPECT_EQ(worklist(site).find("AUTH-1"), std::string::npos) << worklist(site);
  EXPECT_EQ(Answer(site.run({"notices", "--undeliverable"})).root().size(), 0U);
  expect_consistent(site);
}

TEST(Ladder, WhatTheEhrRefusesAtFirstStandsOnTheWorklistWhereTheSiteNamesIt) {
  Site site({},
            "delivery: {visibility_window: 1s, lease: 10s, worklist_file: worklist.csv, channels: {utilization: "
            "[Flag]}}\n",
            "    retries_max: 0\n");
  load_warning(site, "", no_right_to_create());
  sync_now(site, 4);
  EXPECT_NE(worklist(site).find(",units_low,2,Patient/p1,AUTH-1,"), std::string::npos) << worklist(site);
  EXPECT_EQ(worklist(site).find(",utilization,"), std::string::npos) << worklist(site);
  site.ehr().set_faults({});
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(worklist(site).find("AUTH-1"), std::string::npos) << worklist(site);
  expect_consistent(site);
}

TEST(Ladder, WhatStandsIsKeptAndRetiredWhereItStandsWhenThePlanChanges) {
  Site site({}, kFastDelivery);
  load_warning(site, "Flag:create");
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Task", "requested"), 1U);
  ASSERT_EQ(count_resources(site, "Communication", "in-progress"), 1U);
  // From now on new ones are Communications and Flags: neither leaves the other behind.
  withhold(site, "Task:create");
  add_visit(site, "e2", "2026-10-05");
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "requested", "2 of 4"), 1U) << "changed where it stands";
  EXPECT_EQ(count_resources(site, "Communication", "in-progress", "2 of 4 visits used"), 1U);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 0U);
  free_all_units(site);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Task", "cancelled"), 1U);
  expect_consistent(site);
}

TEST(Ladder, AMessageThatWasNotAnsweredAndCannotBeFoundIsNotSentTwice) {
  Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
  load_warning(site, kUnsearched, {.write_then_silent_next = 1, .only_method = "POST"});
  sync_now(site, 1);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  sync_now(site);
  EXPECT_EQ(count_requests(site, "POST /fhir/Communication"), 2U);
  std::vector<std::string> states = notice_states(site);
  std::sort(states.begin(), states.end());
  EXPECT_EQ(states, (std::vector<std::string>{"sent", "unconfirmed"}));
  expect_consistent(site);
}

TEST(Ladder, AMessageThatWasRefusedForNowIsSentLater) {
  Site site({.conditional_create = false}, kFastDelivery, "    retries_max: 0\n");
  load_warning(site, kUnsearched, {.throttle_next = 2, .only_for = "Communication"});
  sync_now(site, 4);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 0U);
  std::this_thread::sleep_for(std::chrono::milliseconds(10100));
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U);
  expect_consistent(site);
}

TEST(Ladder, AMessageIsNotSentAgainWhenAnUrgentOneWasRefusedMeanwhile) {
  Site site({.conditional_create = false}, kFastDelivery, "    retries_max: 0\n");
  load_warning(site, kUnsearched);
  sync_now(site);
  const std::string key = state_of_kind(site, "utilization", "key");
  ASSERT_EQ(count_resources(site, "Communication", "", key + ".2"), 1U);
  add_visit(site, "e2", "2026-10-05");
  add_visit(site, "e3", "2026-10-06");
  add_visit(site, "e4", "2026-10-07");
  withhold(site, kUnsearched, {.throttle_next = 1'000'000, .only_method = "POST"});
  sync_now(site, 4);
  ASSERT_TRUE(site.ehr().put(encounter_json("e4", "p1", "90837", "2026-10-07", "entered-in-error")).ok());
  ASSERT_TRUE(site.ehr().put(encounter_json("e3", "p1", "90837", "2026-10-06", "entered-in-error")).ok());
  withhold(site, kUnsearched);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Communication", "", key), 1U) << "people have it at this severity";
  EXPECT_EQ(state_of_kind(site, "utilization"), "sent");
  expect_consistent(site);
  add_visit(site, "e5", "2026-10-08");
  add_visit(site, "e6", "2026-10-09");
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Communication", "", key + ".3"), 1U) << "it is urgent after all";
  expect_consistent(site);
}

TEST(Ladder, ACommunicationGoesToARecipientThatTheEndpointTakes) {
  const std::string asks = "    writes: {recipient_types: [Practitioner, Group]}\n";
  SandboxOptions options;
  options.recipient_types = {"Practitioner", "Group"};
  Site without(options, kFastDelivery, asks);
  load_warning(without, kUnsearched + " DocumentReference:create");
  sync_now(without, 1);
  Answer listed(without.run({"notices", "--undeliverable"}));
  EXPECT_NE(listed.row("kind", "units_low")["reason"].text().find("set delivery.recipient"), std::string::npos);
  EXPECT_EQ(count_requests(without, "POST /fhir/Communication"), 0U) << "what would be refused is not tried";

  Site site(options, "delivery: {visibility_window: 1s, lease: 10s, recipient: Group/renewals}\n", asks);
  load_warning(site, kUnsearched);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Communication", "completed", "Group/renewals"), 2U);
  expect_consistent(site);
}

constexpr const char* kChart =
    R"({"resourceType":"Patient","id":"chart-1","identifier":[{"system":"urn:example:mrn","value":"p1"}]})";

// Known from a folder alone, so that no resource of the EHR can be about the patient.
const std::string kFolderToo =
    "    join_patients_by: [\"urn:example:mrn\"]\n"
    "  - {name: files, folder: files, join_patients_by: [\"urn:example:mrn\"]}\n";

void write_patient_files(Site& site) {
  site.folder().write("files/p1.ndjson", patient_json("p1") + "\n" +
                                             coverage_json("c1", "p1", "payer-1", "2026-01-01") + "\n" +
                                             claim_response_json({.id = "r1",
                                                                  .patient = "p1",
                                                                  .number = "AUTH-1",
                                                                  .first_day = "2026-10-01",
                                                                  .last_day = "2027-03-31",
                                                                  .units = 3}) +
                                             "\n");
}

TEST(Ladder, APatientWhomTheEhrDoesNotKnowIsForTheWorklistUntilItDoes) {
  Site without({}, kFastDelivery, kFolderToo);
  write_patient_files(without);
  sync_now(without, 1);
  Answer listed(without.run({"notices", "--undeliverable"}));
  EXPECT_EQ(listed.row("kind", "units_low")["reason"].text(),
            "the patient is not known on the delivering endpoint; no worklist file is configured "
            "(delivery.worklist_file)");
  Site site({}, kWithWorklist, kFolderToo);
  write_patient_files(site);
  sync_now(site);
  EXPECT_NE(worklist(site).find(",units_low,2,Patient/p1,"), std::string::npos) << worklist(site);
  for (Site* each : {&without, &site}) {
    ASSERT_TRUE(each->ehr().load(kChart).ok());
    sync_now(*each);
    EXPECT_EQ(count_resources(*each, "Task", "requested", "Patient/chart-1"), 1U);
    EXPECT_EQ(count_resources(*each, "Flag", "active", "Patient/chart-1"), 1U);
    expect_consistent(*each);
  }
  EXPECT_EQ(worklist(site).find("AUTH-1"), std::string::npos) << worklist(site);
}

TEST(Ladder, TheOrderIsTheSitesForAKindAndForARole) {
  Site site({},
            "delivery:\n  visibility_window: 1s\n  lease: 10s\n  worklist_file: worklist.csv\n"
            "  channels: {utilization: [Communication], operations: [worklist]}\n");
  load_warning(site, "");
  sync_now(site);
  EXPECT_EQ(state_of_kind(site, "utilization", "channel"), "Communication");
  EXPECT_EQ(state_of_kind(site, "units_low", "channel"), "worklist");
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
