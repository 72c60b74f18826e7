// Where an EHR takes less and less, a notice goes down the ladder: Flag and Task, Communication, DocumentReference,
// worklist file. FAULTS 1-4, 34 and 67 in each channel, as far as they apply.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "base/crypto.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kNoFlagNoTask = "Flag:create Task:create";
const std::string kMessagesOnly = kNoFlagNoTask + " Communication:update";
const std::string kDocumentsOnly = kNoFlagNoTask + " Communication:create";
const std::string kNothing = kDocumentsOnly + " DocumentReference:create";
const std::string kWithWorklist = "delivery: {visibility_window: 1s, lease: 10s, worklist_file: worklist.csv}\n";
const std::string kOneSecond = "    timeouts: {connect: 1s, request: 1s}\n";

SandboxFaults withheld(const std::string& words) {
  SandboxFaults faults;
  faults.withheld = words;
  return faults;
}

// A patient with 4 units, one of them used: the counts are a warning, and few units are left.
void load_warning(Site& site, const std::string& words) {
  load_patient(site, 4, 1);
  site.ehr().set_faults(withheld(words));
}

std::string worklist(Site& site) {
  return read_file(site.folder().path() + "/worklist.csv");
}

std::string state_of_kind(Site& site, const std::string& kind, const std::string& column = "state") {
  Answer notices(site.run({"notices"}));
  return notices.row("kind", kind)[column].string();
}

void add_visit(Site& site, const std::string& id, const std::string& day) {
  ASSERT_TRUE(site.ehr().load(encounter_json(id, "p1", "90837", day)).ok());
}

void free_all_units(Site& site) {
  for (const std::string& text : site.ehr().resources("Encounter")) {
    JsonDocument document;
    const std::string id = (*document.parse(text))["id"].string();
    ASSERT_TRUE(site.ehr().put(encounter_json(id, "p1", "90837", "2026-10-04", "entered-in-error")).ok());
  }
}

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
  site.ehr().set_faults(withheld(kMessagesOnly));
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
  site.ehr().set_faults(withheld("Flag:create Communication:create DocumentReference:create"));
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

TEST(Ladder, WhatStandsIsKeptAndRetiredWhereItStandsWhenThePlanChanges) {
  Site site({}, kFastDelivery);
  load_warning(site, "Flag:create");
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Task", "requested"), 1U);
  ASSERT_EQ(count_resources(site, "Communication", "in-progress"), 1U);
  // From now on new ones are Communications and Flags: neither leaves the other behind.
  site.ehr().set_faults(withheld("Task:create"));
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

// The channels that can be searched and updated, with what is withheld so that they are taken, and how a person ends
// one.
struct KeptChannel {
  const char* type;
  std::string words, open, ended;
};
std::vector<KeptChannel> kept_channels() {
  return {{"Task", "", "requested", "completed"},
          {"Communication", kNoFlagNoTask, "in-progress", "completed"},
          {"DocumentReference", kDocumentsOnly, "current", "superseded"}};
}

TEST(Fault01, KilledAfterTheWriteItAdoptsInEveryChannel) {
  for (const KeptChannel& channel : kept_channels()) {
    SCOPED_TRACE(channel.type);
    Site site({.conditional_create = false}, kFastDelivery);
    load_warning(site, channel.words);
    SandboxFaults faults = withheld(channel.words);
    faults.write_then_silent_next = 1;
    faults.only_for = channel.type;
    site.ehr().set_faults(faults);
    {
      RunningProgram sync(site.command(kSyncNow));
      ASSERT_TRUE(eventually([&] { return count_resources(site, channel.type) == 1; }));
      sync.signal(SIGKILL);
      sync.wait();
    }
    const size_t wanted = std::string(channel.type) == "Task" ? 1 : 2;
    // Meanwhile another channel opens: what was begun is looked for where it was begun.
    site.ehr().set_faults({});
    wait_out_lease();
    sync_now(site);
    EXPECT_EQ(count_resources(site, channel.type), 1U);
    EXPECT_EQ(count_requests(site, std::string("POST /fhir/") + channel.type), 1U) << "searched for, not written again";
    EXPECT_EQ(count_resources(site, "Flag") + count_resources(site, "Task") + count_resources(site, channel.type),
              wanted + (wanted == 1 ? 2 : 0U));
    expect_consistent(site);
  }
}

TEST(Fault03, AnUnansweredWriteIsFoundAgainInEveryChannel) {
  for (const KeptChannel& channel : kept_channels()) {
    SCOPED_TRACE(channel.type);
    Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
    load_warning(site, channel.words);
    SandboxFaults faults = withheld(channel.words);
    faults.write_then_silent_next = 1;
    faults.only_for = channel.type;
    site.ehr().set_faults(faults);
    sync_now(site, 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    site.ehr().set_faults(withheld(channel.words));
    const size_t created = count_requests(site, std::string("POST /fhir/") + channel.type);
    sync_now(site);
    EXPECT_EQ(count_requests(site, std::string("POST /fhir/") + channel.type), created);
    EXPECT_EQ(count_resources(site, channel.type, channel.open), created);
    expect_consistent(site);
  }
}

TEST(Fault04, WhatALaggingSearchMadeADuplicateIsRetiredInEveryChannel) {
  for (const KeptChannel& channel : kept_channels()) {
    SCOPED_TRACE(channel.type);
    Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
    load_warning(site, channel.words);
    // The search shows nothing for longer than the window that the site believes in.
    SandboxFaults faults = withheld(channel.words);
    faults.write_then_silent_next = 1;
    faults.search_lag = std::chrono::milliseconds(600'000);
    faults.only_for = channel.type;
    site.ehr().set_faults(faults);
    sync_now(site, 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    sync_now(site);
    const size_t wanted = std::string(channel.type) == "Task" ? 1 : 2;
    EXPECT_EQ(count_resources(site, channel.type, channel.open), wanted + 1);
    site.ehr().set_faults(withheld(channel.words));
    wait_out_lease();
    sync_now(site);
    EXPECT_EQ(count_resources(site, channel.type, channel.open), wanted) << "the further one is closed";
    expect_consistent(site);
  }
}

TEST(Fault34, WhatAPersonEndedStaysEndedInEveryChannel) {
  for (const KeptChannel& channel : kept_channels()) {
    SCOPED_TRACE(channel.type);
    Site site({}, kFastDelivery);
    load_warning(site, channel.words + (std::string(channel.type) == "Task" ? "Flag:create Communication:create "
                                                                              "DocumentReference:create"
                                                                            : ""));
    sync_now(site, std::string(channel.type) == "Task" ? 1 : 0);
    for (const std::string& text : site.ehr().resources(channel.type)) {
      JsonDocument document;
      edit(site, channel.type, (*document.parse(text))["id"].string(), "\"status\":\"" + channel.open + "\"",
           "\"status\":\"" + channel.ended + "\"");
    }
    add_visit(site, "e2", "2026-10-05");
    sync_now(site);
    EXPECT_EQ(count_resources(site, channel.type, channel.open), 0U);
    EXPECT_EQ(state_of_kind(site, "units_low"), "closed_by_person");
    expect_consistent(site);
  }
}

// Oracle Health's shape: messages that cannot be searched for, changed or taken back, and that need a recipient.
const std::string kUnsearched = kMessagesOnly + " Communication:identifier";

TEST(Ladder, AMessageThatWasNotAnsweredAndCannotBeFoundIsNotSentTwice) {
  Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
  load_warning(site, kUnsearched);
  SandboxFaults faults = withheld(kUnsearched);
  faults.write_then_silent_next = 1;
  faults.only_method = "POST";
  site.ehr().set_faults(faults);
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  sync_now(site);
  EXPECT_EQ(count_requests(site, "POST /fhir/Communication"), 2U);
  Answer notices(site.run({"notices"}));
  for (JsonView row : notices.root()) EXPECT_EQ(row["state"].text(), "sent");
  expect_consistent(site);
}

TEST(Ladder, AMessageThatWasRefusedForNowIsSentLater) {
  Site site({.conditional_create = false}, kFastDelivery, "    retries_max: 0\n");
  load_warning(site, kUnsearched);
  SandboxFaults faults = withheld(kUnsearched);
  faults.throttle_next = 2;
  faults.only_for = "Communication";
  site.ehr().set_faults(faults);
  sync_now(site, 4);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 0U);
  std::this_thread::sleep_for(std::chrono::milliseconds(10100));
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U);
  expect_consistent(site);
}

TEST(Fault02, KilledWhileAMessageWasUnderWayItIsNotSentTwice) {
  Site site({}, kFastDelivery);
  load_warning(site, kUnsearched);
  SandboxFaults faults = withheld(kUnsearched);
  faults.write_then_silent_next = 1;
  faults.only_method = "POST";
  site.ehr().set_faults(faults);
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return site.ehr().writes() == 1; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  wait_out_lease();
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U) << "one of each notice";
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

// AWS HealthLake's shape: an idempotency key in place of conditional create, and a search that lags.
TEST(Fault04, AnIdempotencyKeyAnswersARepeatedCreateWithTheOriginal) {
  SandboxOptions options;
  options.conditional_create = false;
  options.idempotency_header = "x-amz-fhir-idempotency-key";
  Site site(options, kFastDelivery, kOneSecond + "    writes: {idempotency_header: x-amz-fhir-idempotency-key}\n");
  load_patient(site, 12, 3);
  SandboxFaults faults;
  faults.write_then_silent_next = 1;
  // Longer than anybody waits: the search shows nothing, so it is created again, which the key makes harmless.
  faults.search_lag = std::chrono::milliseconds(600'000);
  faults.only_for = "Flag";
  site.ehr().set_faults(faults);
  sync_now(site, 4);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  sync_now(site);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 2U);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(state_of_kind(site, "utilization"), "current");
  site.ehr().set_faults({});
  expect_consistent(site);
}

TEST(Fault67, ACellOfTheWorklistIsNoFormula) {
  Site site({}, kWithWorklist);
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(coverage_json("c1", "p1", "payer-1", "2026-01-01")).ok());
  ASSERT_TRUE(site.ehr()
                  .load(claim_response_json({.id = "r1",
                                             .patient = "p1",
                                             .number = "=HYPERLINK(1)",
                                             .first_day = "2026-10-01",
                                             .last_day = "2027-03-31",
                                             .units = 3}))
                  .ok());
  site.ehr().set_faults(withheld(kNothing));
  sync_now(site);
  EXPECT_NE(worklist(site).find(",'=HYPERLINK(1),"), std::string::npos) << worklist(site);
  EXPECT_EQ(worklist(site).find(",=HYPERLINK"), std::string::npos);
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
