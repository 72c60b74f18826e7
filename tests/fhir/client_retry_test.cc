#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/day.h"
#include "fhir/retry.h"
#include "fhir/shared_access.h"
#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

milliseconds between(const ReceivedRequest& first, const ReceivedRequest& second) {
  return std::chrono::duration_cast<milliseconds>(second.at - first.at);
}

TEST(Fault17, RetryAfterInSecondsIsWaitedInFullThenTheRequestIsRepeated) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return number == 0 ? canned(429, "", "Retry-After: 1\r\n") : canned(200, searchset({"1"}));
  });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter?_count=10");
  ASSERT_TRUE(page.ok()) << page.error().message;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_GE(between(requests[0], requests[1]), milliseconds(1000));
  EXPECT_LT(between(requests[0], requests[1]), milliseconds(2500));
}

TEST(Fault17, RetryAfterAsADateIsTakenAgainstTheServersOwnClock) {
  const Instant server_now = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  FaultServer server([&](const ReceivedRequest&, int number) {
    const std::string headers = fmt::format("Date: {}\r\nRetry-After: {}\r\n", format_http_date(server_now),
                                            format_http_date(server_now + seconds(1)));
    return number == 0 ? canned(503, "", headers) : canned(200, searchset({"1"}));
  });
  ASSERT_TRUE(client_at(endpoint_at(server.origin()))->search_page("Encounter").ok());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_GE(between(requests[0], requests[1]), milliseconds(1000));
  EXPECT_LT(between(requests[0], requests[1]), milliseconds(2500));
}

TEST(Fault17, RetryAfterAsADateWithoutADateHeaderIsTakenAgainstOurClock) {
  FaultServer server([](const ReceivedRequest&, int number) {
    const Instant at =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()) + seconds(2);
    return number == 0 ? canned(429, "", fmt::format("Retry-After: {}\r\n", format_http_date(at)))
                       : canned(200, searchset({"1"}));
  });
  ASSERT_TRUE(client_at(endpoint_at(server.origin()))->search_page("Encounter").ok());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_GE(between(requests[0], requests[1]), milliseconds(950));
}

TEST(Fault17, RetryAfterBeyondTheLimitGivesUpAtOnceAsThrottled) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(429, "", "Retry-After: 3600\r\n"); });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter?patient=secret");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::throttled);
  EXPECT_EQ(page.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(Fault18, ThrottlingWithoutAHeaderBacksOffLongerEachTime) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(429, ""); });
  auto endpoint = endpoint_at(server.origin());
  endpoint.retries_max = 3;
  const auto client = client_at(endpoint);
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::throttled);
  EXPECT_EQ(client->requests(), 4u);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_GE(between(requests[0], requests[1]), milliseconds(125));
  EXPECT_GE(between(requests[1], requests[2]), milliseconds(250));
  EXPECT_GE(between(requests[2], requests[3]), milliseconds(500));
}

TEST(Fault17, JitterComesOnTopAndNeverBefore) {
  std::mt19937_64 random(7);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const milliseconds jitter = jitter_on_top(seconds(30), random);
    EXPECT_GE(jitter, milliseconds(0));
    EXPECT_LE(jitter, seconds(1));
    seen.insert(jitter.count());
  }
  EXPECT_GT(seen.size(), 100U) << "many clients do not return together";
}

TEST(Fault17, APauseBeyondTheLimitHoldsEveryWorkerUntilItIsOver) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return number == 0 ? canned(429, "", "Retry-After: 3600\r\n") : canned(200, searchset({"1"}));
  });
  SharedAccess shared;
  FixedClock clock(*parse_instant("2026-11-01T12:00:00Z"));
  const EndpointConfig endpoint = endpoint_at(server.origin());
  const auto first = std::move(*open_fhir_client(endpoint, "/", clock, {}, &shared));
  const auto second = std::move(*open_fhir_client(endpoint, "/", clock, {}, &shared));
  EXPECT_EQ(first->search_page("Encounter").error().kind, FhirErrorKind::throttled);
  clock.set(clock.now() + std::chrono::minutes(59));
  const auto page = second->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_NE(
      page.error().message.find("not sent: the endpoint gave no service, or asked for a pause; asked again in 60"),
      std::string::npos)
      << page.error().message;
  EXPECT_TRUE(second->is_paused());
  EXPECT_EQ(server.requests().size(), 1U);
  clock.set(clock.now() + std::chrono::minutes(1));
  EXPECT_TRUE(second->search_page("Encounter").ok());
  EXPECT_TRUE(first->search_page("Encounter").ok());
}

TEST(Fault18, TheBackOffGrowsToItsLimitWithJitterInEachStep) {
  std::mt19937_64 random(7);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const milliseconds full = std::min<milliseconds>(seconds(30), milliseconds(250) * (1 << std::min(attempt, 16)));
    std::set<int64_t> seen;
    for (int i = 0; i < 50; ++i) {
      const milliseconds wait = back_off(attempt, random);
      EXPECT_GE(wait, full / 2);
      EXPECT_LE(wait, full);
      seen.insert(wait.count());
    }
    EXPECT_GT(seen.size(), 20U);
  }
}

TEST(Fault18, AfterThreeRequestsWithoutServiceTheCircuitOpensAndOneTrialClosesIt) {
  bool serves = false;
  FaultServer server(
      [&](const ReceivedRequest&, int) { return serves ? canned(200, searchset({"1"})) : canned(503, ""); });
  EndpointConfig endpoint = endpoint_at(server.origin());
  endpoint.retries_max = 0;
  SharedAccess shared;
  FixedClock clock(*parse_instant("2026-11-01T12:00:00Z"));
  const auto open = [&] { return std::move(*open_fhir_client(endpoint, "/", clock, {}, &shared)); };
  const auto first = open(), second = open();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE((i % 2 == 0 ? first : second)->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 3U) << "the other seven were not sent";
  EXPECT_TRUE(first->is_paused());
  EXPECT_EQ(second->search_page("Encounter").error().kind, FhirErrorKind::unreachable);

  clock.set(clock.now() + seconds(2));
  EXPECT_FALSE(first->is_paused());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(first->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 4U) << "one trial";
  clock.set(clock.now() + seconds(3));
  EXPECT_FALSE(first->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 4U) << "the pause has doubled";

  serves = true;
  clock.set(clock.now() + seconds(1));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(second->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 9U);
}

TEST(Fault18, AnAnswerOfAnyOtherKindLeavesTheCircuitClosed) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return number % 3 == 2 ? canned(404, "") : canned(number % 3 == 0 ? 503 : 429, "");
  });
  EndpointConfig endpoint = endpoint_at(server.origin());
  endpoint.retries_max = 0;
  const auto client = client_at(endpoint);
  for (int i = 0; i < 12; ++i) EXPECT_FALSE(client->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 12U);
}

TEST(Fault18, AClockThatStepsBackEndsAPauseInsteadOfStretchingIt) {
  CircuitBreaker circuit;
  const Instant now = *parse_instant("2026-11-01T12:00:00Z");
  for (int i = 0; i < 3; ++i) circuit.gave_up(now);
  EXPECT_EQ(circuit.wait_left(now), seconds(2));
  EXPECT_FALSE(circuit.is_open(now - std::chrono::hours(1)));
  EXPECT_EQ(circuit.wait_left(now - std::chrono::hours(1)), std::nullopt);
}

TEST(ClientRetry, A503IsRepeatedUpToTheLimitAndThenAServerError) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(503, ""); });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::server_error);
  EXPECT_EQ(page.error().status, 503);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(ClientRetry, AResetConnectionIsRepeatedForAGet) {
  FaultServer server([](const ReceivedRequest&, int number) {
    CannedAnswer reset;
    reset.reset = true;
    return number == 0 ? reset : canned(200, searchset({"1"}));
  });
  EXPECT_TRUE(client_at(endpoint_at(server.origin()))->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(ClientRetry, AClosedPortIsUnreachable) {
  std::string origin;
  {
    origin = FaultServer([](const ReceivedRequest&, int) { return canned(200, ""); }).origin();
  }
  const auto page = client_at(endpoint_at(origin))->search_page("Encounter?patient=secret");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
  EXPECT_EQ(page.error().message.find("secret"), std::string::npos);
}

TEST(ClientRetry, StopEndsAWaitAtOnce) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(429, "", "Retry-After: 5\r\n"); });
  std::stop_source stop;
  const auto client = client_at(endpoint_at(server.origin()), stop.get_token());
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(200));
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(2));
}

TEST(ClientRetry, StopEndsARunningTransferQuickly) {
  FaultServer server([](const ReceivedRequest&, int) {
    CannedAnswer slow = canned(200, searchset({"1"}));
    slow.pause = seconds(4);
    return slow;
  });
  std::stop_source stop;
  auto endpoint = endpoint_at(server.origin());
  endpoint.request_timeout = seconds(30);
  const auto client = client_at(endpoint, stop.get_token());
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(200));
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(2500));
}

TEST(ClientRetry, TheEndpointsOwnPaceIsKept) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(200, searchset({"1"})); });
  auto endpoint = endpoint_at(server.origin());
  endpoint.requests_per_second_max = 10;
  const auto client = client_at(endpoint);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(client->search_page("Encounter").ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(500));
}

TEST(ClientRetry, OneConnectionServesManyRequests) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(200, searchset({"1"})); });
  const auto client = client_at(endpoint_at(server.origin()));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().back().connection, 0);
}

}  // namespace
}  // namespace authledger
