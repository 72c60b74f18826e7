// The program dies, or is told to stop, at the worst moment. FAULTS 1–5 and 14.

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "base/clock.h"
#include "ledger/store/feed_store.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr Statement kHoldVersions{"hold_versions", "lock table raw_resource in exclusive mode"};
constexpr Statement kCountWaiting{"count_waiting", R"(
  select count(*)
    from pg_locks
   where not granted
     and relation = 'raw_resource'::regclass)"};

// Early, by whatever error; when the create was begun stays as it is.
constexpr Statement kMakeDue{"make_due", R"(
  update notice
     set due_at = now()
   where tenant_id = $1
     and due_at is not null)"};

const std::string kOneSecond = "    timeouts: {connect: 1s, request: 1s}\n";

std::vector<FeedState> feeds_of(Site& site) {
  PgConnection connection = site.database().owner_connection();
  return read_feeds(connection, 1);
}

void make_due(Site& site) {
  PgConnection owner = site.database().owner_connection();
  Transaction transaction(owner, 1);
  transaction.execute(kMakeDue, Parameters().integer(1));
  transaction.commit();
}

FeedState stored_feed(Site& site, const std::string& type) {
  for (const FeedState& feed : feeds_of(site)) {
    if (feed.resource_type == type) return feed;
  }
  return {};
}

TEST(Fault01, KilledAfterTheWriteItAdoptsTheFlag) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.write_then_silent_next = 1, .only_for = "Flag"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return site.ehr().writes() == 1; }));
    sync.signal(SIGKILL);
    EXPECT_EQ(sync.wait().exit_code, -SIGKILL);
  }
  wait_out_lease();
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 1U) << "searched for, not written again";
  Answer notices(site.run({"notices"}));
  EXPECT_EQ(notices.row("kind", "utilization")["state"].text(), "current");
  expect_consistent(site);
}

TEST(Fault02, KilledBeforeTheWriteItWritesOnce) {
  // Without conditional create only the search keeps the second POST from being a duplicate.
  Site site({.conditional_create = false}, kFastDelivery);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.hold_next = 1, .only_for = "Flag", .only_method = "POST"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return count_requests(site, "POST /fhir/Flag") == 1; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  EXPECT_EQ(site.ehr().resources("Flag").size(), 0U);
  wait_out_lease();
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"notices", "created"}), 1);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Fault03, AWriteThatTimedOutButSucceededIsNotRepeated) {
  Site site({.conditional_create = false}, kFastDelivery, kOneSecond);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.write_then_silent_next = 1, .only_for = "Flag"});
  sync_now(site, 4);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  wait_out_lease();
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 1U);
  expect_consistent(site);
}

TEST(Fault04, AnIndexThatLagsIsWaitedForBeforeASecondCreate) {
  Site site({.conditional_create = false}, "delivery: {visibility_window: 2m, lease: 10s}\n", kOneSecond);
  load_patient(site, 12, 3);
  site.ehr().set_faults({.write_then_silent_next = 1, .only_for = "Flag"});
  sync_now(site, 4);
  ASSERT_EQ(site.ehr().resources("Flag").size(), 1U) << "it stands there, and nobody knows";

  // Whoever asks within the window is shown nothing, and takes that for no answer.
  site.ehr().set_faults({.search_lag = std::chrono::minutes(10), .only_for = "Flag"});
  for (size_t searches = 1; searches <= 2; ++searches) {
    make_due(site);
    sync_now(site);
    EXPECT_EQ(count_requests(site, "GET /fhir/Flag"), searches);
    EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 1U);
    EXPECT_EQ(notice_states(site), std::vector<std::string>{"creating"});
  }

  site.ehr().set_faults({});
  let_time_pass(site);
  sync_now(site);
  EXPECT_EQ(count_requests(site, "GET /fhir/Flag"), 3U);
  EXPECT_EQ(count_requests(site, "POST /fhir/Flag"), 1U);
  EXPECT_EQ(notice_states(site), std::vector<std::string>{"current"});
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  expect_consistent(site);
}

TEST(Fault05, KilledInAPageTransactionNothingOfThePageStays) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 0);
  sync_now(site);
  const std::optional<Instant> watermark = stored_feed(site, "Encounter").watermark;
  ASSERT_TRUE(watermark.has_value());
  for (int i = 1; i <= 5; ++i) {
    const std::string day = "2026-10-0" + std::to_string(i);
    ASSERT_TRUE(site.ehr().load(encounter_json("e" + std::to_string(i), "p1", "90837", day)).ok());
  }
  PgConnection owner = site.database().owner_connection(), watcher = site.database().owner_connection();
  {
    Transaction holding(owner, 1);
    holding.execute(kHoldVersions);
    RunningProgram sync(site.command(kSyncNow));
    // The page has written its facts and waits to write what it read.
    ASSERT_TRUE(eventually([&] { return watcher.execute(kCountWaiting).integer(0, 0) > 0; }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  ASSERT_TRUE(eventually([&] { return watcher.execute(kCountWaiting).integer(0, 0) == 0; }));
  EXPECT_EQ(stored_feed(site, "Encounter").watermark, watermark) << "the cursor stands";
  EXPECT_EQ(balance(site, "used"), "0");

  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"facts", "new"}), 5);
  EXPECT_EQ(balance(site, "used"), "5");
  expect_consistent(site);
}

TEST(Fault05, KilledBetweenPagesItGoesOnAsIfUndisturbed) {
  const std::string two_a_page = "    page_size: 2\n";
  Site undisturbed({}, kFastDelivery, two_a_page), site({}, kFastDelivery, two_a_page);
  load_patient(undisturbed, 12, 7);
  load_patient(site, 12, 7);
  sync_now(undisturbed);

  site.ehr().set_faults({.hold_next = 1, .only_for = "_page_token"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return count_requests(site, "GET /fhir/Encounter") == 3; }));
    // The second page is asked for while the first is being recorded.
    ASSERT_TRUE(eventually([&] { return !stored_feed(site, "Encounter").resume_link.empty(); }));
    sync.signal(SIGKILL);
    sync.wait();
  }
  const FeedState feed = stored_feed(site, "Encounter");
  EXPECT_FALSE(feed.watermark.has_value()) << "the run has not ended";
  EXPECT_NE(feed.resume_link.find("_page_token"), std::string::npos);

  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"pulled", "Encounter"}), 5) << "the first page is not read again";
  EXPECT_EQ(site.run({"authorizations", "--on", "2026-11-01"}).output,
            undisturbed.run({"authorizations", "--on", "2026-11-01"}).output);
  expect_consistent(site);
}

TEST(Fault13, AFailedAttemptMovesNoWatermarkAndASuccessMovesItToItsStartLessTheOverlap) {
  Site site({}, kFastDelivery, "    page_size: 2\n    overlap: 10m\n    retries_max: 0\n");
  load_patient(site, 12, 5);
  const auto round = [&](int exit_code) {
    const Instant started = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    sync_now(site, exit_code);
    return started;
  };
  const Instant first = round(0);
  const Instant watermark = stored_feed(site, "Encounter").watermark.value_or(Instant::min());
  EXPECT_GE(watermark, first - std::chrono::minutes(10));
  EXPECT_LE(watermark, SystemClock().now() - std::chrono::minutes(10));
  const std::optional<Instant> success = stored_feed(site, "Encounter").last_success_at;

  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HTTP dates count whole seconds.
  // The first page comes, the second does not, three times.
  site.ehr().set_faults({.unavailable_next = 1000, .only_for = "_page_token"});
  for (int attempt = 0; attempt < 3; ++attempt) {
    round(4);
    EXPECT_EQ(stored_feed(site, "Encounter").watermark, watermark);
    EXPECT_EQ(stored_feed(site, "Encounter").last_success_at, success);
  }
  // What came meanwhile, before the last of them began, is not passed over.
  ASSERT_TRUE(site.ehr().load(encounter_json("late", "p1", "90837", "2026-10-20")).ok());
  round(4);
  site.ehr().set_faults({});
  const Instant last = round(0);
  const Instant moved = stored_feed(site, "Encounter").watermark.value_or(Instant::min());
  // A run that goes on from a resume link began when its first page was read.
  EXPECT_GT(moved, watermark);
  EXPECT_LE(moved, last + std::chrono::seconds(1) - std::chrono::minutes(10));
  sync_now(site);
  EXPECT_EQ(balance(site, "used"), "6");
  expect_consistent(site);
}

TEST(Fault14, SigtermDuringAPullEndsWithZeroAndTheNextRunCompletes) {
  // A lease of minutes: the next run must not have to wait for it.
  Site site({}, "delivery: {visibility_window: 1s, lease: 2m}\n", "    page_size: 1\n");
  load_patient(site, 12, 8);
  site.ehr().set_faults({.slow_next = 100, .slow_for = std::chrono::milliseconds(150), .only_for = "Encounter"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return count_requests(site, "GET /fhir/Encounter") == 3; }));
    sync.signal(SIGTERM);
    ProgramResult stopped = sync.wait();
    EXPECT_EQ(stopped.exit_code, 0) << stopped.errors;
  }
  EXPECT_LT(count_requests(site, "GET /fhir/Encounter"), 8U);
  site.ehr().set_faults({});
  const auto started = std::chrono::steady_clock::now();
  sync_now(site);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  EXPECT_EQ(balance(site, "used"), "8");
  expect_consistent(site);
}

TEST(Fault14, SigtermDuringADeliveryLeavesNoLeaseAndNoDuplicate) {
  Site site({.conditional_create = false}, "delivery: {visibility_window: 1s, lease: 2m}\n");
  load_patient(site, 3, 1);  // A Flag and a Task.
  site.ehr().set_faults({.slow_next = 1, .slow_for = std::chrono::milliseconds(1500), .only_method = "POST"});
  {
    RunningProgram sync(site.command(kSyncNow));
    ASSERT_TRUE(eventually([&] { return site.ehr().writes() == 1; }));
    sync.signal(SIGTERM);
    ProgramResult stopped = sync.wait();
    EXPECT_EQ(stopped.exit_code, 0) << stopped.errors;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  sync_now(site);
  EXPECT_EQ(site.ehr().resources("Flag").size(), 1U);
  EXPECT_EQ(site.ehr().resources("Task").size(), 1U);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
