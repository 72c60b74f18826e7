#include "server/http_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "fhir/http_curl.h"
#include "server/health.h"
#include "tests/server/free_port.h"
#include "tests/support/raw_http.h"

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
  for (const char* name : {"POST", "OPTIONS", "TRACE"}) {
    const auto method = fetch(base + "/here", name);
    EXPECT_EQ(method.status, 405) << name;
    EXPECT_EQ(method.header("allow"), "GET, HEAD") << name;
    EXPECT_EQ(method.body, R"({"error":"this page does not take that method"})") << name;
  }
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

// Takes what is sent below /in/ with the right word, a hundred bytes at most, and says how many came.
class BodyServer {
 public:
  BodyServer() : server_(std::move(*HttpServer::start("127.0.0.1:0"))) {
    server_->route("GET", "/here", [](const ServerRequest&) { return ServerResponse{}; });
    server_->route_below(
        "/in/", 100,
        [](const ServerRequest& request) -> std::optional<ServerResponse> {
          if (request.headers.contains("x-word")) return std::nullopt;
          return error_response(401, "not authorized");
        },
        [](const ServerRequest& request, const HttpServer::Reply& reply) {
          reply({200, "text/plain", std::to_string(request.body.size())});
        });
  }
  int port() const { return std::stoi(server_->address().substr(server_->address().rfind(':') + 1)); }

 private:
  std::unique_ptr<HttpServer> server_;
};

TEST(HttpServer, AnAnswerThatNeedsNoBodyDoesNotWaitForIt) {
  const BodyServer server;
  const std::vector<std::pair<std::string, int>> refused = {
      {"POST /in/x HTTP/1.1\r\nContent-Length: 50\r\n", 401},
      {"POST /in/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 401},
      {"POST /in/x HTTP/1.1\r\nContent-Length: 50\r\nExpect: 100-continue\r\n", 401},
      {"POST /in/x HTTP/1.1\r\nX-Word: a\r\nContent-Length: 101\r\n", 413},
      {"POST /in/x HTTP/1.1\r\nX-Word: a\r\nContent-Length: some\r\n", 400},
      {"POST /in/x HTTP/1.1\r\nX-Word: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {"POST /in/x HTTP/1.1\r\nX-Word: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501},
      {"POST /here HTTP/1.1\r\nContent-Length: 50\r\n", 405},
      {"GET /here HTTP/1.1\r\nContent-Length: 50\r\n", 200},
      {"POST /there HTTP/1.1\r\nContent-Length: 50\r\n", 404},
  };
  for (const auto& [head, status] : refused) {
    RawConnection connection(server.port());
    ASSERT_TRUE(connection.send(head + "Host: a\r\n\r\n")) << head;
    const RawAnswer answer = connection.receive();
    EXPECT_EQ(answer.status, status) << head;
    EXPECT_NE(answer.head.find("Connection: close"), std::string::npos) << head << answer.head;
    EXPECT_TRUE(connection.is_closed()) << head;
  }
}

TEST(HttpServer, ABodyThatComesWithARefusalIsAnsweredCleanly) {
  const BodyServer server;
  for (int i = 0; i < 50; ++i) {
    RawConnection connection(server.port());
    ASSERT_TRUE(connection.send("POST /in/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
    ASSERT_TRUE(connection.send(std::string(100'000, 'x')));
    EXPECT_EQ(connection.receive().status, 401);
  }
}

size_t resident_bytes() {
  size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(HttpServer, ABodyThatNobodyWantsIsNotKept) {
  const BodyServer server;
  const std::string part(size_t{1} << 20, 'x');
  for (const char* head : {"POST /in/x HTTP/1.1\r\nContent-Length: 900000000\r\n",
                           "POST /here HTTP/1.1\r\n"
                           "Content-Length: 900000000\r\n"}) {
    RawConnection connection(server.port());
    const size_t before = resident_bytes();
    ASSERT_TRUE(connection.send(std::string(head) + "Host: a\r\n\r\n"));
    for (int i = 0; i < 200 && connection.send(part); ++i) continue;
    EXPECT_LT(resident_bytes(), before + (size_t{64} << 20)) << head;
  }
  RawConnection endless(server.port());
  ASSERT_TRUE(endless.send("POST /in/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n"));
  const size_t before = resident_bytes();
  int parts = 0;
  while (parts < 200 && endless.send(part)) ++parts;
  EXPECT_LT(parts, 200) << "cut off";
  EXPECT_LT(resident_bytes(), before + (size_t{64} << 20));
}

TEST(HttpServer, ChunkedBodiesAreTakenUpToTheLimit) {
  const BodyServer server;
  const std::string head = "POST /in/x HTTP/1.1\r\nHost: a\r\nX-Word: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawConnection connection(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(connection.send(head + "3c\r\n" + std::string(60, 'x') + "\r\n"));
    ASSERT_TRUE(connection.send("28\r\n" + std::string(40, 'y') + "\r\n0\r\n\r\n"));
    const RawAnswer whole = connection.receive();
    EXPECT_EQ(whole.status, 200) << "over the same connection";
    EXPECT_EQ(whole.body, "100");
  }
  ASSERT_TRUE(connection.send(head + "3c\r\n" + std::string(60, 'x') + "\r\n29\r\n" + std::string(41, 'y') + "\r\n"));
  EXPECT_EQ(connection.receive().status, 413) << "before its end";
  EXPECT_TRUE(connection.is_closed());
}

TEST(HttpServer, HeadIsAnsweredLikeGetWithoutABody) {
  const BodyServer server;
  RawConnection connection(server.port());
  for (const auto& [path, status] : {std::pair{"/here", 200}, {"/there", 404}, {"/in/x", 401}}) {
    ASSERT_TRUE(connection.send(fmt::format("HEAD {} HTTP/1.1\r\nHost: a\r\n\r\n", path)));
    EXPECT_EQ(connection.receive(true).status, status) << path;
  }
  ASSERT_TRUE(connection.send("GET /there HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(connection.receive().body, R"({"error":"no such page"})") << "nothing of the former answers is left";
}

TEST(HttpServer, StopsWhileBodiesAreStillComing) {
  std::optional<BodyServer> server(std::in_place);
  const int port = server->port();
  std::vector<RawConnection> connections;
  for (const char* word : {"X-Word: a", "X-Other: a"}) {
    for (const char* framing : {"Content-Length: 50", "Transfer-Encoding: chunked"}) {
      ASSERT_TRUE(connections.emplace_back(port).send(
          fmt::format("POST /in/x HTTP/1.1\r\nHost: a\r\n{}\r\n{}\r\n\r\n5\r\nx", word, framing)));
    }
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto start = std::chrono::steady_clock::now();
  server.reset();
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
