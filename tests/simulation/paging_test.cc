// What an EHR's answers do wrong, end to end: the state after it is that of an EHR that did nothing wrong.
// FAULTS 15–17, 20, 21, 27, 28. The client's own tests (tests/fhir) look at single requests.

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kTwoAPage = "    page_size: 2\n";

// After a fault: one more round reads everything, as if nothing had been.
void expect_recovery(Site& site, const std::string& used) {
  site.ehr().set_faults({});
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), used);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Fault15, ANextLinkToAnotherHostIsNotFollowed) {
  auto foreign = Sandbox::start({});
  ASSERT_TRUE(foreign.ok());
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.foreign_next = (*foreign)->base_url() + "/Encounter?page=2", .only_for = "Encounter"});
  ProgramResult result = sync_now(site, 4);
  EXPECT_EQ((*foreign)->requests(), 0);
  EXPECT_NE(result.errors.find("security_foreign_link"), std::string::npos) << result.errors;
  EXPECT_EQ(balance(site, "used"), "0") << "the page that misleads is not recorded";
  EXPECT_EQ(balance(site, "approved"), "12") << "other feeds go on";
  expect_recovery(site, "3");
}

TEST(Fault16, ARedirectToAnotherHostIsNotFollowed) {
  auto foreign = Sandbox::start({});
  ASSERT_TRUE(foreign.ok());
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.redirect_to = (*foreign)->base_url() + "/Encounter", .only_for = "Encounter"});
  ProgramResult result = sync_now(site, 4);
  EXPECT_EQ((*foreign)->requests(), 0);
  EXPECT_NE(result.errors.find("security_foreign_link"), std::string::npos) << result.errors;
  EXPECT_EQ(balance(site, "used"), "0");
  expect_recovery(site, "3");
}

TEST(Fault17, AThrottledPullWaitsTheSecondsThatItWasTold) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.throttle_next = 1, .retry_after = "2", .only_for = "Encounter"});
  const auto started = std::chrono::steady_clock::now();
  sync_now(site);
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::seconds(2));
  EXPECT_EQ(balance(site, "used"), "3");
}

TEST(Fault17, AThrottledPullWaitsUntilTheDateThatItWasTold) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  const Instant until = std::chrono::floor<std::chrono::seconds>(SystemClock().now()) + std::chrono::seconds(3);
  site.ehr().set_faults({.throttle_next = 1, .retry_after = format_http_date(until), .only_for = "Encounter"});
  sync_now(site);
  EXPECT_GE(SystemClock().now(), until);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 3U)
      << "a test of _lastUpdated, throttled and repeated; a page";
  EXPECT_EQ(balance(site, "used"), "3");
}

TEST(Fault20, EndlessPagesEndTheFeedAndMoveNoCursor) {
  Site site({}, kFastDelivery, kTwoAPage);
  load_patient(site, 12, 5);
  site.ehr().set_faults({.endless_next = true, .only_for = "Encounter"});
  sync_now(site, 4);
  EXPECT_LE(count_requests(site, "GET /fhir/Encounter"), 10U);
  EXPECT_EQ(balance(site, "approved"), "12") << "other feeds go on";
  expect_recovery(site, "5");
}

TEST(Fault21, ARepeatedEntryAndAnOldVersionOfItCountOnce) {
  for (const bool is_stale : {false, true}) {
    Site site({}, kFastDelivery, kTwoAPage);
    load_patient(site, 12, 0);
    for (int i = 1; i <= 5; ++i) {
      const std::string id = "e" + std::to_string(i), day = "2026-10-0" + std::to_string(i);
      ASSERT_TRUE(site.ehr().load(encounter_json(id, "p1", "90837", day, "planned")).ok());
      ASSERT_TRUE(site.ehr().put(encounter_json(id, "p1", "90837", day, "finished")).ok());
    }
    site.ehr().set_faults({.repeat_entries = !is_stale, .stale_repeat = is_stale, .only_for = "Encounter"});
    Answer summary(sync_now(site));
    EXPECT_EQ(summary.number({"pulled", "Encounter"}), 7) << "two of five come twice";
    EXPECT_EQ(balance(site, "used"), "5") << (is_stale ? "the lower version never overwrites" : "once each");
    EXPECT_EQ(balance(site, "reserved"), "0");
    site.ehr().set_faults({});
    expect_consistent(site);
  }
}

TEST(Fault27, AWrongTotalAndAnOutcomeEntryChangeNothing) {
  Site site({}, kFastDelivery, kTwoAPage);
  load_patient(site, 12, 5);
  site.ehr().set_faults({.outcome_in_searchset = true, .only_for = "Encounter"});
  ProgramResult result = sync_now(site);
  Answer summary(result);
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 5);
  EXPECT_EQ(summary.number({"facts", "quarantined"}), 0);
  EXPECT_NE(result.errors.find("search_outcome"), std::string::npos) << result.errors;
  EXPECT_NE(result.output.find("Bundle.total says 12, 5 came"), std::string::npos) << "the certificate notes it";
  expect_recovery(site, "5");
}

TEST(Fault28, ALoginPageOrACutBodyIsAskedForAgain) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.truncate_next = 1, .html_next = 1, .only_for = "Encounter"});
  sync_now(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/Encounter"), 4U) << "a test of _lastUpdated, two repeats, a page";
  expect_recovery(site, "3");
}

TEST(Fault29, ABundleOfTenGigabytesIsRefusedInConstantMemoryAndOthersGoOn) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.oversized_next = 1, .only_for = "Encounter?"});
  const ProgramResult result = sync_now(site);
  EXPECT_EQ(balance(site, "used"), "3") << "what was tested with it says nothing of the feed, which is then read";
  site.ehr().set_faults({.oversized_next = 100, .only_for = "Encounter?"});
  const ProgramResult flooded = sync_now(site, 4);
  EXPECT_NE(flooded.output.find("page_bytes_max"), std::string::npos) << flooded.output;
#if !defined(__SANITIZE_ADDRESS__)  // Which keeps what is freed, and shadows the rest.
  EXPECT_LT(flooded.resident_megabytes_max, 300);
#endif
  EXPECT_EQ(balance(site, "approved"), "12") << "other feeds go on";
  expect_recovery(site, "3");
}

TEST(Fault29, ABodyThatDripsIsGivenUpAfterTheTimeoutOfTheConfig) {
  Site site({}, kFastDelivery, "    timeouts: {connect: 1s, request: 2s}\n    retries_max: 0\n");
  load_patient(site, 12, 3);
  sync_now(site);
  ASSERT_TRUE(site.ehr().load(encounter_json("e4", "p1", "90837", "2026-10-20")).ok());
  site.ehr().set_faults({.drip_next = 100, .only_for = "Encounter?"});
  const auto started = std::chrono::steady_clock::now();
  sync_now(site, 4);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  EXPECT_EQ(balance(site, "used"), "3");
  expect_recovery(site, "4");
}

// One visit whose `note` is whatever a broken or hostile server writes.
std::string page_with(const std::string& note) {
  return R"({"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Encounter","id":"bad",)"
         R"("status":"finished","subject":{"reference":"Patient/p1"},"note":)" +
         note + "}}]}";
}

TEST(Fault30, WhatIsNoCleanJsonIsRefusedAndTheFeedStandsStill) {
  const std::string refused[] = {std::string(100'000, '[') + std::string(100'000, ']'),
                                 R"("x","note":"y")",
                                 R"("a\u0000b")",
                                 "\"\xC0\xAF\"",
                                 R"("\ud800")",
                                 "1e400",
                                 "\"cut"};
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  for (const std::string& note : refused) {
    site.ehr().set_faults({.body_next = 100, .body = page_with(note), .only_for = "Encounter?"});
    const ProgramResult result = sync_now(site, 4);
    EXPECT_EQ(balance(site, "used"), "0") << note.substr(0, 40);
    EXPECT_EQ(balance(site, "approved"), "12") << "other feeds go on";
  }
  expect_recovery(site, "3");
}

TEST(Fault30, AGiantTextAndMinusZeroAreNoReasonToStop) {
  for (const std::string& note : {"\"" + std::string(size_t{10} << 20, 'x') + "\"", std::string("-0")}) {
    Site site({}, kFastDelivery);
    load_patient(site, 12, 3);
    sync_now(site);
    site.ehr().set_faults({.body_next = 1, .body = page_with(note), .only_for = "Encounter?"});
    const ProgramResult result = site.run(kSyncNow);
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << "read, or in quarantine: " << result.errors;
    expect_recovery(site, "3");
  }
}

TEST(Fault28, ALoginPageThatStaysMovesNoCursor) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.html_next = 100, .only_for = "Encounter"});
  sync_now(site, 4);
  EXPECT_EQ(balance(site, "used"), "0");
  EXPECT_EQ(balance(site, "approved"), "12") << "other feeds go on";
  expect_recovery(site, "3");
}

}  // namespace
}  // namespace authledger
