#include <gtest/gtest.h>

#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

constexpr const char* kTask = R"({"resourceType":"Task","status":"requested"})";

TEST(ClientWrite, ACreateSendsIfNoneExistAndReadsIdAndVersion) {
  FaultServer server([](const ReceivedRequest& request, int) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/fhir/Task");
    EXPECT_EQ(request.body, kTask);
    EXPECT_EQ(request.headers.at("if-none-exist"), "identifier=s|v");
    EXPECT_EQ(request.headers.at("prefer"), "return=representation");
    EXPECT_EQ(request.headers.at("content-type"), "application/fhir+json");
    return canned(201, R"({"resourceType":"Task","id":"t1","meta":{"versionId":"1"}})", "ETag: W/\"one\"\r\n");
  });
  const auto created = client_at(endpoint_at(server.origin()))->create("Task", kTask, "identifier=s|v");
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(created->id, "t1");
  EXPECT_EQ(created->etag, "W/\"one\"");
  EXPECT_TRUE(created->created);
}

TEST(ClientWrite, ACreateWithoutABodyTakesIdAndVersionFromItsLocation) {
  FaultServer server([](const ReceivedRequest&, int) {
    return canned(201, "", "Location: http://other.example/fhir/Task/t2/_history/7\r\n");
  });
  const auto created = client_at(endpoint_at(server.origin()))->create("Task", kTask, "");
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(created->id, "t2");
  EXPECT_EQ(created->etag, "W/\"7\"");
  EXPECT_EQ(created->body, "");
}

TEST(ClientWrite, AConditionalCreateThatFindsOneSaysSo) {
  FaultServer server([](const ReceivedRequest&, int) {
    return canned(200, R"({"resourceType":"Task","id":"old","meta":{"versionId":"3"}})");
  });
  const auto created = client_at(endpoint_at(server.origin()))->create("Task", kTask, "identifier=s|v");
  ASSERT_TRUE(created.ok());
  EXPECT_FALSE(created->created);
  EXPECT_EQ(created->id, "old");
  EXPECT_EQ(created->etag, "W/\"3\"");
}

TEST(ClientWrite, AnUpdateSendsIfMatchAndConflictsAreTold) {
  FaultServer server([](const ReceivedRequest& request, int number) {
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.target, "/fhir/Task/t1");
    EXPECT_EQ(request.headers.at("if-match"), "W/\"3\"");
    if (number == 0) return canned(200, R"({"resourceType":"Task","id":"t1","meta":{"versionId":"4"}})");
    return canned(number == 1 ? 412 : 409, "");
  });
  const auto client = client_at(endpoint_at(server.origin()));
  const auto updated = client->update("Task", "t1", kTask, "W/\"3\"");
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ(updated->etag, "W/\"4\"");
  EXPECT_EQ(client->update("Task", "t1", kTask, "W/\"3\"").error().kind, FhirErrorKind::conflict);
  EXPECT_EQ(client->update("Task", "t1", kTask, "W/\"3\"").error().kind, FhirErrorKind::conflict);
}

TEST(Fault3, AWriteWhoseAnswerIsLostIsNeverRepeated) {
  CannedAnswer reset;
  reset.reset = true;
  CannedAnswer silent = canned(201, "");
  silent.pause = std::chrono::seconds(2);
  CannedAnswer cut = canned(201, R"({"resourceType":"Task","id":"t1"})");
  cut.bytes.resize(cut.bytes.size() - 5);
  cut.keep_open = false;
  for (const CannedAnswer& answer :
       {reset, silent, cut, canned(500, ""), canned(502, ""), canned(503, "", "Retry-After: 0\r\n"), canned(504, ""),
        canned(200, "<html>Sign in</html>", "", "text/html"), canned(201, R"({"resourceType":"Task")"),
        canned(201, "")}) {
    FaultServer server([&](const ReceivedRequest&, int) { return answer; });
    auto endpoint = endpoint_at(server.origin());
    endpoint.request_timeout = std::chrono::seconds(1);
    const auto created = client_at(endpoint)->create("Task", kTask, "");
    ASSERT_FALSE(created.ok()) << answer.bytes;
    EXPECT_EQ(created.error().kind, FhirErrorKind::outcome_unknown) << answer.bytes;
    EXPECT_EQ(server.requests().size(), 1u) << answer.bytes;
  }
}

TEST(Fault3, AWriteOnAKeptConnectionThatDiesIsNotRepeatedBehindOurBack) {
  FaultServer server([](const ReceivedRequest& request, int) {
    CannedAnswer closed;  // Takes the request and says nothing.
    return request.method == "GET" ? canned(200, searchset({"1"})) : closed;
  });
  const auto client = client_at(endpoint_at(server.origin()));
  ASSERT_TRUE(client->search_page("Task").ok());
  const auto updated = client->update("Task", "t1", kTask, "W/\"1\"");
  ASSERT_FALSE(updated.ok());
  EXPECT_EQ(updated.error().kind, FhirErrorKind::outcome_unknown);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(ClientWrite, AThrottledWriteIsRepeatedSinceNothingWasDone) {
  FaultServer server([](const ReceivedRequest&, int number) {
    return number == 0 ? canned(429, "", "Retry-After: 0\r\n") : canned(201, R"({"resourceType":"Task","id":"t1"})");
  });
  EXPECT_TRUE(client_at(endpoint_at(server.origin()))->create("Task", kTask, "").ok());
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(ClientWrite, AWriteToAClosedPortWasNotProcessed) {
  std::string origin;
  {
    origin = FaultServer([](const ReceivedRequest&, int) { return canned(200, ""); }).origin();
  }
  const auto created = client_at(endpoint_at(origin))->create("Task", kTask, "");
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().kind, FhirErrorKind::unreachable);
}

TEST(ClientWrite, ARefusalNamesTheServersCodes) {
  FaultServer server([](const ReceivedRequest&, int) {
    return canned(422, R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]})");
  });
  const auto created = client_at(endpoint_at(server.origin()))->create("Task", kTask, "");
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().kind, FhirErrorKind::refused);
  EXPECT_EQ(created.error().message, "ehr: POST Task: answered 422 (invalid)");
}

TEST(ClientWrite, ALineBreakInAHeaderValueIsNotSent) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(201, ""); });
  const auto created = client_at(endpoint_at(server.origin()))->create("Task", kTask, "a\r\nX-Evil: 1");
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().kind, FhirErrorKind::refused);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace authledger
