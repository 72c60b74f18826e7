#include "sync/shared_limits.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "ledger/store/tenant_store.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

EndpointConfig ehr_of(int requests_per_minute) {
  EndpointConfig endpoint;
  endpoint.name = "ehr";
  endpoint.requests_per_minute_max = requests_per_minute;
  return endpoint;
}

// What one process has; each has connections and locks of its own.
struct Process {
  Process(const std::string& url, int64_t tenant, const EndpointConfig& endpoint)
      : limit(endpoint, std::make_shared<SharedLimits>(url, tenant)) {}
  std::optional<std::chrono::nanoseconds> reserve(std::chrono::nanoseconds wait_max) {
    return limit.reserve(steady_clock::now(), wait_max);
  }
  RateLimit limit;
};

class SharedLimitsTest : public testing::Test {
 protected:
  TestDatabase database_;
  PgConnection connection_ = database_.connection();
  const int64_t tenant_ = ensure_tenant(connection_, "clinic", "America/New_York");
};

TEST_F(SharedLimitsTest, ProcessesBookFromOneBudget) {
  const EndpointConfig endpoint = ehr_of(60);
  Process one(database_.url(), tenant_, endpoint), two(database_.url(), tenant_, endpoint),
      three(database_.url(), tenant_, endpoint);
  const auto begun = steady_clock::now();
  {
    std::vector<std::jthread> workers;
    for (Process* process : {&one, &two, &three}) {
      workers.emplace_back([process] {
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(process->reserve(24h));
      });
    }
  }
  const auto wait = one.reserve(24h);
  ASSERT_TRUE(wait);
  // The 61st of a minute of 60; of a process alone it would be the 21st, which waits for a third of that.
  EXPECT_GE(*wait, 60s - (steady_clock::now() - begun));
  EXPECT_LE(*wait, 62s);
}

TEST_F(SharedLimitsTest, WhatNobodyWaitsForIsNotBooked) {
  Process one(database_.url(), tenant_, ehr_of(1)), two(database_.url(), tenant_, ehr_of(1));
  ASSERT_TRUE(one.reserve(0s));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(two.reserve(10s));
  const auto wait = two.reserve(24h);
  ASSERT_TRUE(wait);
  EXPECT_LE(*wait, 60s);
  EXPECT_GE(*wait, 30s);
}

TEST_F(SharedLimitsTest, APauseHoldsTheOtherProcessToo_Fault17) {
  const EndpointConfig endpoint = ehr_of(600);
  Process one(database_.url(), tenant_, endpoint), two(database_.url(), tenant_, endpoint);
  one.limit.hold(steady_clock::now(), 40s);
  EXPECT_FALSE(two.reserve(20s));
  const auto wait = two.reserve(1min);
  ASSERT_TRUE(wait);
  EXPECT_GE(*wait, 20s);
}

TEST_F(SharedLimitsTest, ACorrectedLimitDoesNotWaitForWhatTheFormerOneBooked) {
  EndpointConfig endpoint;
  endpoint.name = "ehr";
  endpoint.requests_per_day_max = 1;
  Process mistaken(database_.url(), tenant_, endpoint);
  ASSERT_TRUE(mistaken.reserve(0s));
  ASSERT_FALSE(mistaken.reserve(2min)) << "a day long";
  endpoint.requests_per_day_max = 1000;
  Process corrected(database_.url(), tenant_, endpoint);
  EXPECT_FALSE(corrected.reserve(2min)) << "so far others may have booked";
  const auto wait = corrected.reserve(10min);
  ASSERT_TRUE(wait);
  // 120 s, which a request waits at most, and the place after that.
  EXPECT_LE(*wait, 120s + 96s);
}

TEST_F(SharedLimitsTest, WhatAClockThatWasAheadBookedIsNotWaitedFor) {
  Process one(database_.url(), tenant_, ehr_of(60));
  ASSERT_TRUE(one.reserve(0s));
  PgConnection owner = database_.owner_connection();
  constexpr Statement kADayAhead{"a_day_ahead", R"(
    update request_limit
       set next_minute = next_minute + interval '1 day',
           held_until = now() + interval '1 day'
     where tenant_id = $1)"};
  {
    Transaction transaction(owner, tenant_);
    ASSERT_EQ(transaction.execute(kADayAhead, Parameters().integer(tenant_)).affected(), 1);
    transaction.commit();
  }
  EXPECT_FALSE(one.reserve(60s)) << "so far others may have booked";
  const auto wait = one.reserve(3min);
  ASSERT_TRUE(wait);
  // 120 s, which a request waits at most, and the place after that.
  EXPECT_LE(*wait, 122s);
  EXPECT_GE(*wait, 100s) << "and not the 180 s: what is too far ahead was forgotten at the first try";
}

TEST_F(SharedLimitsTest, TenantsAndEndpointsHaveTheirOwn) {
  const int64_t other = ensure_tenant(connection_, "other clinic", "America/New_York");
  Process one(database_.url(), tenant_, ehr_of(1)), of_other(database_.url(), other, ehr_of(1));
  ASSERT_TRUE(one.reserve(0s));
  EXPECT_TRUE(of_other.reserve(0s));
  EndpointConfig payer = ehr_of(1);
  payer.name = "payer";
  Process asks_payer(database_.url(), tenant_, payer);
  EXPECT_TRUE(asks_payer.reserve(0s));
  EXPECT_FALSE(one.reserve(0s));
}

}  // namespace
}  // namespace authledger
