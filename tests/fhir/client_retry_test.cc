#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/day.h"
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
