// Where an EHR takes less and less: FAULTS 1-4, 34 and 67 in each channel of the ladder, as far as they apply.

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/simulation/ladder_site.h"

namespace authledger {
namespace {

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
    load_warning(site, channel.words, {.write_then_silent_next = 1, .only_for = channel.type});
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
    load_warning(site, channel.words, {.write_then_silent_next = 1, .only_for = channel.type});
    sync_now(site, 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    withhold(site, channel.words);
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
    // The search shows nothing for longer than the window that the site believes in.
    load_warning(
        site, channel.words,
        {.write_then_silent_next = 1, .search_lag = std::chrono::milliseconds(600'000), .only_for = channel.type});
    sync_now(site, 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    sync_now(site);
    const size_t wanted = std::string(channel.type) == "Task" ? 1 : 2;
    EXPECT_EQ(count_resources(site, channel.type, channel.open), wanted + 1);
    withhold(site, channel.words);
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

TEST(Fault01, KilledAfterAMessageWasTakenItIsNotSentTwice) {
  Site site({}, kFastDelivery);
  load_warning(site, kUnsearched, {.write_then_silent_next = 1, .only_method = "POST"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return site.ehr().writes() == 1; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  wait_out_lease();
  sync_now(site, 1);
  EXPECT_EQ(site.ehr().resources("Communication").size(), 2U) << "one of each notice";
  expect_consistent(site);
}

// AWS HealthLake's shape: an idempotency key in place of conditional create, and a search that lags.
TEST(Fault04, AnIdempotencyKeyAnswersARepeatedCreateWithTheOriginal) {
  SandboxOptions options;
  options.conditional_create = false;
  options.idempotency_header = "x-amz-fhir-idempotency-key";
  Site site(options, kFastDelivery, kOneSecond + "    writes: {idempotency_header: x-amz-fhir-idempotency-key}\n");
  load_patient(site, 12, 3);
  // Longer than anybody waits: the search shows nothing, so it is created again, which the key makes harmless.
  withhold(site, "",
           {.write_then_silent_next = 1, .search_lag = std::chrono::milliseconds(600'000), .only_for = "Flag"});
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
  withhold(site, kNothing);
  sync_now(site);
  EXPECT_NE(worklist(site).find(",'=HYPERLINK(1),"), std::string::npos) << worklist(site);
  EXPECT_EQ(worklist(site).find(",=HYPERLINK"), std::string::npos);
}

}  // namespace
}  // namespace authledger
