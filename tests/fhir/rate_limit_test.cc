#include "fhir/rate_limit.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace authledger {
namespace {

using namespace std::chrono_literals;
using Time = PacedLimit::Time;
constexpr Time kStart{1000h};

// The times at which a worker that never rests is let through.
std::vector<Time> greedy(RateLimit& limit, Time now, int count) {
  std::vector<Time> times;
  for (int i = 0; i < count; ++i) {
    now += *limit.reserve(now, 24h);
    times.push_back(now);
  }
  return times;
}

int most_in_any(const std::vector<Time>& times, std::chrono::nanoseconds period) {
  size_t most = 0;
  for (size_t first = 0, last = 0; first < times.size(); ++first) {
    while (last < times.size() && times[last] < times[first] + period) ++last;
    most = std::max(most, last - first);
  }
  return static_cast<int>(most);
}

TEST(RateLimit, NeverLetsMoreThroughThanTheMinuteAllowsAndUsesItUp) {
  for (const int per_minute : {1, 2, 9, 60, 250, 6000}) {
    EndpointConfig endpoint;
    endpoint.requests_per_minute_max = per_minute;
    RateLimit limit(endpoint);
    const std::vector<Time> times = greedy(limit, kStart, per_minute * 5);
    EXPECT_LE(most_in_any(times, 1min), per_minute) << per_minute;
    EXPECT_GE(most_in_any(times, 1min), per_minute - 1) << per_minute;
  }
}

TEST(RateLimit, ARestLetsABurstThroughButNoMoreThanTheLimit) {
  EndpointConfig endpoint;
  endpoint.requests_per_minute_max = 250;
  RateLimit limit(endpoint);
  std::vector<Time> times = greedy(limit, kStart, 250);
  EXPECT_EQ(times[24], kStart);  // A tenth at once.
  EXPECT_GT(times[25], kStart);
  for (const Time time : greedy(limit, times.back() + 10min, 500)) times.push_back(time);
  EXPECT_LE(most_in_any(times, 1min), 250);
}

TEST(RateLimit, PerSecondIsSpacedEvenly) {
  EndpointConfig endpoint;
  endpoint.requests_per_second_max = 10;
  RateLimit limit(endpoint);
  const std::vector<Time> times = greedy(limit, kStart, 30);
  for (size_t i = 1; i < times.size(); ++i) EXPECT_EQ(times[i] - times[i - 1], 100ms);
}

TEST(RateLimit, AllLimitsHoldAtOnce) {
  EndpointConfig endpoint;
  endpoint.requests_per_second_max = 10;
  endpoint.requests_per_minute_max = 60;
  endpoint.requests_per_day_max = 5000;
  RateLimit limit(endpoint);
  const std::vector<Time> times = greedy(limit, kStart, 6000);
  EXPECT_LE(most_in_any(times, 1s), 10);
  EXPECT_LE(most_in_any(times, 1min), 60);
  EXPECT_LE(most_in_any(times, 24h), 5000);
}

TEST(RateLimit, ABudgetThatIsUsedUpIsToldAndBooksNothing) {
  EndpointConfig endpoint;
  endpoint.requests_per_day_max = 1;
  RateLimit limit(endpoint);
  EXPECT_EQ(limit.reserve(kStart, 2min), 0ns);
  EXPECT_EQ(limit.reserve(kStart, 2min), std::nullopt);
  EXPECT_EQ(limit.reserve(kStart + 24h, 2min), 0ns);
}

TEST(RateLimit, WithoutLimitsNobodyWaits) {
  RateLimit limit(EndpointConfig{});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limit.reserve(kStart, 0s), 0ns);
}

TEST(Fault17, APauseHoldsAllWorkersOfAnEndpoint) {
  RateLimits limits;
  EndpointConfig ehr, payer;
  ehr.name = "ehr";
  payer.name = "payer";
  limits.of(ehr)->hold(kStart, 30s);
  EXPECT_EQ(limits.of(ehr)->reserve(kStart, 1min), 30s);
  EXPECT_EQ(limits.of(payer)->reserve(kStart, 1min), 0ns);
}

TEST(RateLimit, ThreadsShareOneBudget) {
  EndpointConfig endpoint;
  endpoint.requests_per_minute_max = 100;
  RateLimit limit(endpoint);
  std::mutex mutex;
  std::vector<Time> times;
  {
    std::vector<std::jthread> workers;
    for (int worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          const Time at = kStart + *limit.reserve(kStart, 24h);
          const std::lock_guard lock(mutex);
          times.push_back(at);
        }
      });
    }
  }
  std::sort(times.begin(), times.end());
  EXPECT_LE(most_in_any(times, 1min), 100);
  EXPECT_EQ(times.size(), 400u);
}

}  // namespace
}  // namespace authledger
