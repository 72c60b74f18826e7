#include "server/http_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "fhir/http_curl.h"
#include "server/health.h"
#include "tests/server/free_port.h"

namespace authledger {
namespace {

HttpResponse fetch(const std::string& url, const std::string& method = "GET") {
  auto client = open_http_client(HttpOptions{}, {});
  EXPECT_TRUE(client.ok());
  auto response = (*client)->send({method, url, {}, ""});
  EXPECT_TRUE(response.ok()) << response.error().message;
  return response ? *response : HttpResponse{};
}

TEST(HttpServer, AnswersOnAFreePortAndStopsCleanly) {
  std::string address;
  {
    auto server = HttpServer::start("127.0.0.1:0");
    ASSERT_TRUE(server.ok()) << server.error().message;
    address = (*server)->address();
    (*server)->route("GET", "/echo", [](const ServerRequest& request) {
      return ServerResponse{200, "text/plain", request.query.at("q")};
    });
    const auto answer = fetch("http://" + address + "/echo?q=a%20b");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "a b");
    EXPECT_EQ(answer.header("content-type"), "text/plain");
  }
  auto again = HttpServer::start(address);
  EXPECT_TRUE(again.ok()) << again.error().message;
}

TEST(HttpServer, UnknownPagesAndMethodsAreAnsweredAsJson) {
  auto server = HttpServer::start("127.0.0.1:0");
  ASSERT_TRUE(server.ok());
  (*server)->route("GET", "/here", [](const ServerRequest&) { return ServerResponse{}; });
  const std::string base = "http://" + (*server)->address();
  const auto missing = fetch(base + "/there");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, R"({"error":"no such page"})");
  const auto method = fetch(base + "/here", "POST");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.header("allow"), "GET");
}

TEST(HttpServer, AHandlerThatThrowsIsAnInternalErrorWithoutDetail) {
  auto server = HttpServer::start("127.0.0.1:0");
  ASSERT_TRUE(server.ok());
  (*server)->route("GET", "/", [](const ServerRequest&) -> ServerResponse { throw std::runtime_error("detail"); });
  const auto answer = fetch("http://" + (*server)->address() + "/");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"({"error":"internal error"})");
}

TEST(HttpServer, StopsWhileAKeptConnectionIsOpen) {
  auto client = open_http_client(HttpOptions{}, {});
  ASSERT_TRUE(client.ok());
  const auto start = std::chrono::steady_clock::now();
  {
    auto server = HttpServer::start("127.0.0.1:0");
    ASSERT_TRUE(server.ok());
    EXPECT_TRUE((*client)->send({"GET", "http://" + (*server)->address() + "/", {}, ""}).ok());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(HttpServer, OnlyLoopbackAddressesAreListenedOn) {
  for (const char* listen : {"0.0.0.0:0", "192.168.1.10:80", "[::]:80", "[::1]:8089", "example.org:80", "127.0.0.1",
                             "127.0.0.1:x", ":80", "127.0.0.1:99999"}) {
    const auto server = HttpServer::start(listen);
    EXPECT_FALSE(server.ok()) << listen;
  }
  const auto server = HttpServer::start("0.0.0.0:8089");
  EXPECT_NE(server.error().message.find("loopback"), std::string::npos);
}

TEST(HttpServer, APortInUseIsToldClearly) {
  const OccupiedPort occupied;
  const std::string address = "127.0.0.1:" + std::to_string(occupied.port());
  const auto server = HttpServer::start(address);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find(address), std::string::npos);
}

TEST(Health, TellsLiveReadyAndWhyNot) {
  auto server = HttpServer::start("127.0.0.1:0");
  ASSERT_TRUE(server.ok());
  ServerHealth state;
  add_health_routes(**server, state);
  const std::string base = "http://" + (*server)->address();
  EXPECT_EQ(fetch(base + "/health/live").status, 200);
  auto ready = fetch(base + "/health/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, R"({"status":"not_ready","reasons":["the database does not answer"]})");
  state.set_database_ok(true);
  EXPECT_EQ(fetch(base + "/health/ready").status, 503);
  state.set_last_round(1'750'000'000, false, 2.5);
  ready = fetch(base + "/health/ready");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, R"({"status":"ready"})");
  state.set_database_ok(false);
  EXPECT_EQ(fetch(base + "/health/ready").status, 503);
}

TEST(Health, MetricsAreInPrometheusTextWithUnitsAndCounts) {
  auto server = HttpServer::start("127.0.0.1:0");
  ASSERT_TRUE(server.ok());
  ServerHealth state;
  add_health_routes(**server, state);
  state.set_last_round(1'750'000'000, true, 2.5);
  state.set_feed_age("ehr/Encounter", 61);
  state.set_subjects(10, 2, 1);
  state.add_pulled("Encounter", 5);
  state.add_pulled("Encounter", 2);
  state.add_facts("new", 3);
  state.add_notices("created", 1);
  state.add_entries(4);
  state.add_requests("ehr", 9);
  const auto answer = fetch("http://" + (*server)->address() + "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.header("content-type").starts_with("text/plain"));
  for (const char* line :
       {"authledger_resources_pulled_total{resource_type=\"Encounter\"} 7", "authledger_facts_total{outcome=\"new\"} 3",
        "authledger_notices_total{outcome=\"created\"} 1", "authledger_journal_entries_total 4",
        "authledger_fhir_requests_total{endpoint=\"ehr\"} 9", "authledger_subjects_parked 1",
        "authledger_feed_age_seconds{feed=\"ehr/Encounter\"} 61", "authledger_round_duration_seconds 2.5",
        "authledger_rounds_total{outcome=\"complete\"} 1", "authledger_database_up 0"}) {
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << "\n" << answer.body;
  }
}

}  // namespace
}  // namespace authledger
