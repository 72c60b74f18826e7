#include <gtest/gtest.h>

#include "fhir/http_curl.h"
#include "fhir/outcome.h"
#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

using std::chrono::seconds;

TEST(ClientBody, APageGivesItsMatchesOutcomesTotalAndServerTime) {
  FaultServer server([](const ReceivedRequest& request, int) {
    EXPECT_EQ(request.headers.at("accept"), "application/fhir+json");
    EXPECT_EQ(request.headers.at("user-agent"), "authledger/0.1");
    EXPECT_EQ(request.target, "/fhir/Encounter?_count=2");
    return canned(200, R"({"resourceType":"Bundle","type":"searchset","total":7,"entry":[
      {"resource":{"resourceType":"Encounter","id":"1"},"search":{"mode":"match"}},
      {"resource":{"resourceType":"Patient","id":"p"},"search":{"mode":"include"}},
      {"resource":{"resourceType":"Encounter","id":"2"}},
      {"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"not-supported"}]},
       "search":{"mode":"outcome"}}]})",
                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter?_count=2");
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(page->resources.size(), 2u);
  EXPECT_EQ(page->resources[1]["id"].text(), "2");
  ASSERT_EQ(page->outcomes.size(), 1u);
  EXPECT_EQ(page->total, 7);
  EXPECT_EQ(page->next, "");
  EXPECT_EQ(page->body_hash.size(), 64u);
  ASSERT_TRUE(page->server_time.has_value());
  EXPECT_EQ(format_instant(*page->server_time), "1994-11-06T08:49:37Z");
}

TEST(ClientBody, WhatIsReadIsAskedForAnew) {
  FaultServer server([](const ReceivedRequest& request, int) {
    const auto found = request.headers.find("cache-control");
    EXPECT_EQ(found == request.headers.end() ? "" : found->second, request.method == "GET" ? "no-cache" : "");
    if (request.target != "/fhir/Encounter/1" && request.method == "GET") return canned(200, searchset({"1"}));
    return canned(200, R"({"resourceType":"Encounter","id":"1"})");
  });
  const auto client = client_at(endpoint_at(server.origin()));
  EXPECT_TRUE(client->search_page("Encounter?patient=p1").ok());
  EXPECT_TRUE(client->read("Encounter", "1").ok());
  EXPECT_TRUE(client->update("Encounter", "1", R"({"resourceType":"Encounter","id":"1"})", "").ok());
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(ClientBody, DeletedResourcesOfAHistoryAreNamed) {
  FaultServer server([](const ReceivedRequest&, int) {
    return canned(200, R"({"resourceType":"Bundle","type":"history","entry":[
      {"request":{"method":"DELETE","url":"Encounter/9"}},
      {"fullUrl":"http://h/fhir/Encounter/8","request":{"method":"DELETE","url":""}},
      {"request":{"method":"DELETE","url":"http://h/fhir/Encounter/7/_history/3"}},
      {"request":{"method":"PUT","url":"Encounter/1"},"resource":{"resourceType":"Encounter","id":"1"}}]})");
  });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter/_history");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->deleted, (std::vector<std::string>{"Encounter/9", "Encounter/8", "Encounter/7"}));
  EXPECT_EQ(page->resources.size(), 1u);
}

TEST(Fault27, AWrongOrAbsentTotalAndOutcomeEntriesDoNotStopThePage) {
  for (const char* total : {"", R"("total":999,)", R"("total":-3,)", R"("total":"many",)"}) {
    FaultServer server([&](const ReceivedRequest&, int) {
      return canned(200, std::string(R"({"resourceType":"Bundle",)") + total +
                             R"("entry":[{"resource":{"resourceType":"Encounter","id":"1"}},
                             {"resource":{"resourceType":"OperationOutcome","issue":[]}}]})");
    });
    const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter");
    ASSERT_TRUE(page.ok()) << total;
    EXPECT_EQ(page->resources.size(), 1u);
    EXPECT_EQ(page->outcomes.size(), 1u);
    EXPECT_EQ(page->total.has_value(), std::string_view(total).find("999") != std::string_view::npos);
  }
}

TEST(Fault28, ALoginPageOrCutJsonOrWrongTypeIsRejectedAfterRetries) {
  const CannedAnswer answers[] = {canned(200, "<html>Sign in</html>", "", "text/html"),
                                  canned(200, searchset({"1"}).substr(0, 40)),
                                  canned(200, searchset({"1"}), "", "text/plain"),
                                  canned(200, R"({"resourceType":"Encounter","id":"1"})"),
                                  canned(200, R"({"resourceType":"OperationOutcome","issue":[{"code":"login"}]})"),
                                  canned(200, "")};
  for (const CannedAnswer& answer : answers) {
    FaultServer server([&](const ReceivedRequest&, int) { return answer; });
    const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter");
    ASSERT_FALSE(page.ok()) << answer.bytes;
    EXPECT_EQ(page.error().kind, FhirErrorKind::bad_answer);
    EXPECT_EQ(server.requests().size(), 3u);
  }
}

TEST(Fault28, ALoginPageThatPassesIsForgotten) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return number == 0 ? canned(200, "<html>", "", "text/html") : canned(200, searchset({"1"}));
  });
  EXPECT_TRUE(client_at(endpoint_at(server.origin()))->search_page("Encounter").ok());
}

TEST(Fault28, ABodyShorterThanItsLengthIsRepeatedThenUnreachable) {
  FaultServer server([](const ReceivedRequest&, int) {
    CannedAnswer cut = canned(200, searchset({"1"}));
    cut.bytes.resize(cut.bytes.size() - 10);
    cut.keep_open = false;
    return cut;
  });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(Fault29, AGzipBombEndsAtThePageLimit) {
  const std::string bomb = gzip(std::string(size_t{64} << 20, ' '));
  ASSERT_LT(bomb.size(), size_t{100'000});
  FaultServer server([&](const ReceivedRequest&, int) { return canned(200, bomb, "Content-Encoding: gzip\r\n"); });
  auto endpoint = endpoint_at(server.origin());
  endpoint.page_bytes_max = size_t{1} << 20;
  const auto page = client_at(endpoint)->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::bad_answer);
  EXPECT_NE(page.error().message.find("page_bytes_max"), std::string::npos) << page.error().message;
}

TEST(Fault29, AGzipPageIsReadDecoded) {
  FaultServer server([](const ReceivedRequest& request, int) {
    EXPECT_NE(request.headers.at("accept-encoding").find("gzip"), std::string::npos);
    return canned(200, gzip(searchset({"1"})), "Content-Encoding: gzip\r\n");
  });
  const auto page = client_at(endpoint_at(server.origin()))->search_page("Encounter");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page->resources.size(), 1u);
}

// A second of less than a thousand bytes is too slow for it.
Result<std::unique_ptr<HttpClient>> impatient_client(seconds request_timeout) {
  HttpOptions options;
  options.request_timeout = request_timeout;
  options.body_bytes_per_second_min = 1000;
  options.slow_window = seconds(1);
  return open_http_client(options, {});
}

TEST(Fault29, ABodyThatComesByteByByteIsGivenUpBeforeTheTotalTimeout) {
  FaultServer server([](const ReceivedRequest&, int) {
    CannedAnswer slow = canned(200, searchset({"1", "2", "3"}));
    slow.bytes_per_send = 20;
    slow.pause = std::chrono::milliseconds(400);
    return slow;
  });
  const auto client = impatient_client(seconds(60));
  ASSERT_TRUE(client.ok());
  const auto start = std::chrono::steady_clock::now();
  const auto answer = (*client)->send({"GET", server.origin() + "/", {}, ""});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, HttpErrorKind::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(6));
}

// A file is fetched without a limit of the whole time; these are its other limits.
TEST(Fault29, AFileThatNeverBeginsOrStopsInItsMiddleIsGivenUp) {
  const std::string whole = canned(200, std::string(4000, 'x')).bytes;
  const size_t head_bytes = whole.size() - 4000;
  for (const size_t sent : {size_t{0}, head_bytes, head_bytes + 100}) {
    FaultServer server([&](const ReceivedRequest&, int) {
      CannedAnswer stalled;
      stalled.bytes = whole.substr(0, sent);
      stalled.keep_open = true;  // Silence, not an end.
      return stalled;
    });
    const auto client = impatient_client(seconds(1));
    ASSERT_TRUE(client.ok());
    std::string taken;
    HttpRequest request{"GET", server.origin() + "/", {}, ""};
    request.take_body = [&](const HttpResponse&, std::string_view bytes) {
      taken += bytes;
      return true;
    };
    const auto start = std::chrono::steady_clock::now();
    const auto answer = (*client)->send(request);
    ASSERT_FALSE(answer.ok()) << sent;
    EXPECT_EQ(answer.error().kind, HttpErrorKind::timeout) << sent;
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(6)) << sent;
    EXPECT_EQ(taken.size(), sent > head_bytes ? sent - head_bytes : 0U);
  }
}

TEST(Fault29, AFileTakesAsLongAsItComes) {
  FaultServer server([](const ReceivedRequest&, int) {
    CannedAnswer steady = canned(200, std::string(3000, 'x'));
    steady.bytes_per_send = 500;
    steady.pause = std::chrono::milliseconds(200);
    return steady;
  });
  const auto client = impatient_client(seconds(1));
  ASSERT_TRUE(client.ok());
  size_t taken = 0;
  HttpRequest request{"GET", server.origin() + "/", {}, ""};
  request.take_body = [&](const HttpResponse&, std::string_view bytes) {
    taken += bytes.size();
    return true;
  };
  EXPECT_TRUE((*client)->send(request).ok());
  EXPECT_EQ(taken, 3000U);
}

TEST(Fault29, ASilentServerTimesOut) {
  FaultServer server([](const ReceivedRequest&, int) {
    CannedAnswer silent = canned(200, "{}");
    silent.pause = seconds(3);
    return silent;
  });
  auto endpoint = endpoint_at(server.origin());
  endpoint.request_timeout = seconds(1);
  endpoint.retries_max = 0;
  const auto page = client_at(endpoint)->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unreachable);
}

TEST(Fault29, EndlessHeadersEndAtTheLimit) {
  FaultServer server([](const ReceivedRequest&, int) {
    std::string headers;
    for (int i = 0; i < 5000; ++i) headers += "X-Fill-" + std::to_string(i) + ": " + std::string(80, 'x') + "\r\n";
    return canned(200, searchset({"1"}), headers);
  });
  EXPECT_FALSE(client_at(endpoint_at(server.origin()))->search_page("Encounter").ok());
}

TEST(ClientBody, ReadChecksThatItGotWhatItAskedFor) {
  FaultServer server([](const ReceivedRequest& request, int) {
    if (request.target == "/fhir/Patient/a")
      return canned(200, R"({"resourceType":"Patient","id":"a","meta":{"versionId":"4"}})");
    if (request.target == "/fhir/Patient/b") return canned(200, R"({"resourceType":"Patient","id":"other"})");
    return canned(410, R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"deleted",
                          "diagnostics":"Jane Canary was removed","details":{"coding":[{"code":"MSG_DELETED"}],"text":"Jane Canary"}}]})");
  });
  const auto client = client_at(endpoint_at(server.origin()));
  const auto found = client->read("Patient", "a");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->etag, "W/\"4\"");
  const auto other = client->read("Patient", "b");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, FhirErrorKind::bad_answer);
  const auto gone = client->read("Patient", "c");
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().kind, FhirErrorKind::not_found);
  EXPECT_EQ(gone.error().message, "ehr: GET Patient: answered 410 (deleted MSG_DELETED)");
  EXPECT_EQ(client->read("Patient", "..").error().kind, FhirErrorKind::refused);
}

TEST(Outcome, FreeTextIsNeverKept) {
  JsonDocument document;
  const auto outcome = document.parse(R"({"resourceType":"OperationOutcome","issue":[
    {"severity":"information","code":"Jane Canary","diagnostics":"Jane Canary"},
    {"severity":"fatal","code":"exception","details":{"coding":[{"code":"4113"},{"code":"born 1970-01-01 in X"}]}}]})");
  ASSERT_TRUE(outcome.ok());
  const Issues issues = read_outcome(*outcome);
  ASSERT_EQ(issues.size(), 2u);
  EXPECT_EQ(issues[0].severity, Severity::information);
  EXPECT_EQ(issues[0].message, "no code");
  EXPECT_EQ(issues[1].element_path, "OperationOutcome.issue[1]");
  EXPECT_EQ(issues[1].message, "exception 4113");
}

TEST(ClientBody, QueryValuesAreEncoded) {
  EXPECT_EQ(query_value("http://x.example/a|b c&d=é"), "http%3A%2F%2Fx.example%2Fa%7Cb%20c%26d%3D%C3%A9");
  EXPECT_EQ(query_value("ge2026-01-01T00:00:00Z"), "ge2026-01-01T00%3A00%3A00Z");
}

}  // namespace
}  // namespace authledger
