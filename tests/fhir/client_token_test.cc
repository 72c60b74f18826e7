#include <gtest/gtest.h>

#include <fstream>

#include "base/crypto.h"
#include "tests/fhir/fault_server.h"

namespace authledger {
namespace {

EndpointConfig with_client_secret(const std::string& origin) {
  auto endpoint = endpoint_at(origin);
  endpoint.auth.kind = AuthKind::client_secret;
  endpoint.auth.client_id = "ledger";
  endpoint.auth.scope = "system/*.rs";
  endpoint.auth.secret_file = write_temporary("secret", "s:e c\n");
  return endpoint;
}

TEST(ClientToken, BasicSendsUserAndPassword) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(200, searchset({"1"})); });
  auto endpoint = endpoint_at(server.origin());
  endpoint.auth.kind = AuthKind::basic;
  endpoint.auth.user = "anna";
  endpoint.auth.secret_file = write_temporary("password", "geheim\n");
  ASSERT_TRUE(client_at(endpoint)->search_page("Encounter").ok());
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Basic " + base64("anna:geheim"));
}

TEST(ClientToken, AClientSecretTokenIsDiscoveredFetchedOnceAndKept) {
  std::string origin;
  FaultServer server([&](const ReceivedRequest& request, int) {
    if (request.target == "/fhir/.well-known/smart-configuration") {
      return canned(200, R"({"token_endpoint":")" + origin + R"(/token"})", "", "application/json");
    }
    if (request.target == "/token") {
      EXPECT_EQ(request.headers.at("authorization"), "Basic " + base64("ledger:s%3Ae%20c"));
      EXPECT_EQ(request.body, "grant_type=client_credentials&scope=system%2F%2A.rs");
      return canned(200, R"({"access_token":"t1","token_type":"bearer","expires_in":300})", "", "application/json");
    }
    EXPECT_EQ(request.headers.at("authorization"), "Bearer t1");
    return canned(200, searchset({"1"}));
  });
  origin = server.origin();
  const auto client = client_at(with_client_secret(origin));
  ASSERT_TRUE(client->search_page("Encounter").ok());
  ASSERT_TRUE(client->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_EQ(server.requests()[0].headers.count("authorization"), 0u);
}

TEST(Fault61, ARevokedTokenIsRenewedOnceAndNeverInALoop) {
  int tokens = 0;
  FaultServer server([&](const ReceivedRequest& request, int) {
    if (request.target == "/token") {
      return canned(200, R"({"access_token":"t)" + std::to_string(++tokens) + R"("})", "", "application/json");
    }
    return request.headers.at("authorization") == "Bearer t2" ? canned(200, searchset({"1"})) : canned(401, "");
  });
  auto endpoint = with_client_secret(server.origin());
  endpoint.auth.token_url = server.origin() + "/token";
  const auto client = client_at(endpoint);
  EXPECT_TRUE(client->search_page("Encounter").ok());
  EXPECT_EQ(tokens, 2);

  FaultServer never([](const ReceivedRequest& request, int) {
    return request.target == "/token" ? canned(200, R"({"access_token":"t"})", "", "application/json")
                                      : canned(401, "");
  });
  endpoint = with_client_secret(never.origin());
  endpoint.auth.token_url = never.origin() + "/token";
  const auto page = client_at(endpoint)->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
  EXPECT_EQ(never.requests().size(), 4u);
}

TEST(Fault61, ABearerFileThatWasRotatedTakesEffect) {
  FaultServer server([](const ReceivedRequest& request, int) {
    return request.headers.at("authorization") == "Bearer new" ? canned(200, searchset({"1"})) : canned(401, "");
  });
  auto endpoint = endpoint_at(server.origin());
  endpoint.auth.kind = AuthKind::bearer;
  endpoint.auth.secret_file = write_temporary("token", "old\n");
  const auto client = client_at(endpoint);
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
  EXPECT_EQ(server.requests().size(), 1u);
  std::ofstream(endpoint.auth.secret_file) << "new\n";
  EXPECT_TRUE(client->search_page("Encounter").ok());
}

TEST(ClientToken, ATokenEndpointInClearTextOnAnotherHostGetsNoSecret) {
  FaultServer server([](const ReceivedRequest&, int) {
    return canned(200, R"({"token_endpoint":"http://idp.example/token"})", "", "application/json");
  });
  const auto page = client_at(with_client_secret(server.origin()))->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(ClientToken, ARefusedTokenRequestNamesNoSecret) {
  FaultServer server(
      [](const ReceivedRequest&, int) { return canned(400, R"({"error":"invalid_client"})", "", "application/json"); });
  auto endpoint = with_client_secret(server.origin());
  endpoint.auth.token_url = server.origin() + "/token";
  const auto page = client_at(endpoint)->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
  EXPECT_EQ(page.error().message, "ehr: the token endpoint answered 400 without a token");
}

TEST(ClientToken, SmartBackendIsRefusedWithAReason) {
  auto endpoint = endpoint_at("http://127.0.0.1:1");
  endpoint.auth.kind = AuthKind::smart_backend;
  const SystemClock clock;
  const auto client = open_fhir_client(endpoint, "/", clock, {});
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().message.find("smart_backend"), std::string::npos);
}

TEST(ClientToken, AMissingSecretFileIsToldAtTheStart) {
  auto endpoint = endpoint_at("http://127.0.0.1:1");
  endpoint.auth.kind = AuthKind::bearer;
  endpoint.auth.secret_file = "/nonexistent/token";
  const SystemClock clock;
  EXPECT_FALSE(open_fhir_client(endpoint, "/", clock, {}).ok());
}

}  // namespace
}  // namespace authledger
