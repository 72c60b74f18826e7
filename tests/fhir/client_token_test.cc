#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "base/crypto.h"
#include "base/jose.h"
#include "base/text.h"
#include "fhir/scope.h"
#include "fhir/shared_access.h"
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

// A FHIR server with its token endpoint: each token is another one, and `answer` says what it is good for.
class TokenServer {
 public:
  using Answer = std::function<CannedAnswer(const ReceivedRequest&)>;
  explicit TokenServer(Answer answer, std::chrono::milliseconds pause = {})
      : server_([this, answer, pause](const ReceivedRequest& request, int) {
          if (request.target == "/fhir/.well-known/smart-configuration") {
            ++discoveries;
            return canned(200, R"({"token_endpoint":")" + server_.origin() + R"(/token"})", "", "application/json");
          }
          if (request.target != "/token") return answer(request);
          std::this_thread::sleep_for(pause);
          const int token = ++tokens;
          if (refuses) return canned(400, R"({"error":"invalid_client"})", "", "application/json");
          return canned(200, R"({"access_token":"t)" + std::to_string(token) + R"(","expires_in":3600})", "",
                        "application/json");
        }),
        endpoint_(with_client_secret(server_.origin())) {}

  // What a round does: a client of its own. The error's text, "" when it was served.
  std::string round(const std::string& url = "Encounter") {
    const auto client = std::move(*open_fhir_client(endpoint_, "/", clock, {}, &shared_));
    const auto page = client->search_page(url);
    return page ? "" : page.error().message;
  }

  std::atomic<int> tokens = 0, discoveries = 0;
  std::atomic<bool> refuses = false;
  FixedClock clock{*parse_instant("2026-11-01T12:00:00Z")};

 private:
  FaultServer server_;
  EndpointConfig endpoint_;
  SharedAccess shared_;
};

TEST(Fault63, AllRoundsOfAProcessUseOneTokenUntilItEnds) {
  TokenServer server([](const ReceivedRequest&) { return canned(200, searchset({"1"})); });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(server.round(), "");
  EXPECT_EQ(server.tokens, 1);
  EXPECT_EQ(server.discoveries, 1);
  server.clock.set(server.clock.now() + std::chrono::hours(1));
  EXPECT_EQ(server.round(), "");
  EXPECT_EQ(server.tokens, 2) << "it had ended";
  EXPECT_EQ(server.discoveries, 1);
  server.clock.set(server.clock.now() + std::chrono::hours(24));
  EXPECT_EQ(server.round(), "");
  EXPECT_EQ(server.discoveries, 2) << "a token endpoint may move";
}

TEST(Fault63, RoundsAtTheSameTimeAskForOneToken) {
  TokenServer server([](const ReceivedRequest&) { return canned(200, searchset({"1"})); },
                     std::chrono::milliseconds(200));
  {
    std::vector<std::jthread> rounds;
    for (int i = 0; i < 4; ++i) rounds.emplace_back([&] { EXPECT_EQ(server.round(), ""); });
  }
  EXPECT_EQ(server.tokens, 1);
}

TEST(Fault63, WhoTheTokenEndpointDoesNotKnowIsShownToItOnceAMinute) {
  TokenServer server([](const ReceivedRequest&) { return canned(200, searchset({"1"})); });
  server.refuses = true;
  for (int i = 0; i < 5; ++i) EXPECT_NE(server.round().find("invalid_client"), std::string::npos);
  EXPECT_EQ(server.tokens, 1) << "whichever round asked";
  EXPECT_EQ(server.discoveries, 1);
  server.refuses = false;
  server.clock.set(server.clock.now() + std::chrono::seconds(61));
  EXPECT_EQ(server.round(), "");
}

TEST(Fault61, ATokenThatIsRefusedAgainIsRenewedOnceAMinuteByAllRounds) {
  TokenServer server([](const ReceivedRequest& request) {
    return request.headers.at("authorization") == "Bearer t3" ? canned(200, searchset({"1"})) : canned(401, "");
  });
  for (int i = 0; i < 5; ++i) EXPECT_NE(server.round(), "");
  EXPECT_EQ(server.tokens, 2);
  server.clock.set(server.clock.now() + std::chrono::seconds(61));
  EXPECT_EQ(server.round(), "");
  EXPECT_EQ(server.tokens, 3);
  EXPECT_EQ(server.round(), "");
  EXPECT_EQ(server.tokens, 3);
}

TEST(Fault61, ATokenThatReachesTooLittleIsRenewedOnceAMinuteThoughItIsGoodElsewhere) {
  TokenServer server([](const ReceivedRequest& request) {
    return request.target == "/fhir/Coverage"
               ? canned(403, "", "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n")
               : canned(200, searchset({"1"}));
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_NE(server.round("Coverage"), "");
    EXPECT_EQ(server.round(), "");
  }
  EXPECT_EQ(server.tokens, 2);
}

TEST(ClientToken, OverClearTextNoTokenEndpointIsTakenOnTrustWithASecret) {
  FaultServer proxy([](const ReceivedRequest&, int) {
    return canned(200, R"({"token_endpoint":"https://evil.example/token"})", "", "application/json");
  });
  auto endpoint = with_client_secret("http://ehr.example");
  endpoint.proxy = proxy.origin();
  const auto page = client_at(endpoint)->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_NE(page.error().message.find("set auth.token_url"), std::string::npos) << page.error().message;
  EXPECT_TRUE(proxy.requests().empty());
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
  EXPECT_EQ(page.error().message,
            "ehr: the token endpoint answered 400 (invalid_client) without a token; is client_id ledger registered "
            "there, and is the secret the present one?");
}

TEST(ClientToken, TheTokenEndpointIsFoundInTheCapabilityStatementToo) {
  std::string origin;
  FaultServer server([&](const ReceivedRequest& request, int) {
    if (request.target == "/fhir/metadata") {
      EXPECT_FALSE(request.headers.contains("authorization"));
      return canned(200, R"({"resourceType":"CapabilityStatement","rest":[{"mode":"server","security":{"extension":[{)"
                         R"("url":"http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",)"
                         R"("extension":[{"url":"authorize","valueUri":"https://x.example/a"},{"url":"token",)"
                         R"("valueUri":")" +
                             origin + R"(/token"}]}]}}]})");
    }
    if (request.target == "/token") {
      EXPECT_NE(request.body.find("&scope=system%2FEncounter.read%20system%2FPatient.read&"), std::string::npos)
          << request.body;
      return canned(200, R"({"access_token":"t1"})", "", "application/json");
    }
    return request.target == "/fhir/Encounter" ? canned(200, searchset({"1"})) : canned(404, "");
  });
  origin = server.origin();
  auto endpoint = endpoint_at(origin);
  endpoint.auth.kind = AuthKind::smart_backend;
  endpoint.auth.client_id = "ledger";
  endpoint.auth.secret_file = write_temporary("key", SigningKey::generate(SigningAlgorithm::es384)->private_jwk());
  endpoint.feeds = {{.resource_type = "Patient"}, {.resource_type = "Encounter"}};
  endpoint.deliver = false;
  const auto page = client_at(endpoint)->search_page("Encounter");
  ASSERT_TRUE(page.ok()) << page.error().message;
}

TEST(ClientToken, AKeyThatNoServerTakesIsToldAtTheStart) {
  auto endpoint = endpoint_at("http://127.0.0.1:1");
  endpoint.auth.kind = AuthKind::smart_backend;
  endpoint.auth.client_id = "ledger";
  endpoint.auth.secret_file = write_temporary("key", "s3cret");
  const SystemClock clock;
  const auto client = open_fhir_client(endpoint, "/", clock, {});
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().message.find("authledger keys new makes one"), std::string::npos);
  EXPECT_EQ(client.error().message.find("s3cret"), std::string::npos);
}

TEST(ClientToken, TheHeadersOfTheConfigGoWithEveryFhirRequestButNotToTheTokenEndpoint) {
  FaultServer server([](const ReceivedRequest& request, int) {
    EXPECT_EQ(request.headers.contains("x-consistency"), request.target != "/token");
    return request.target == "/token" ? canned(200, R"({"access_token":"t"})", "", "application/json")
                                      : canned(200, searchset({"1"}));
  });
  auto endpoint = with_client_secret(server.origin());
  endpoint.auth.token_url = server.origin() + "/token";
  endpoint.headers = {{"X-Consistency", "strong"}};
  EXPECT_TRUE(client_at(endpoint)->search_page("Encounter").ok());
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(Fault15, NoTokenAndNoAssertionLeavesItsOrigin) {
  FaultServer foreign([](const ReceivedRequest&, int) { return canned(200, searchset({"2"})); });
  for (const AuthKind kind : {AuthKind::client_secret, AuthKind::smart_backend}) {
    FaultServer server([&](const ReceivedRequest& request, int) {
      if (request.target == "/token") {
        return canned(200, R"({"access_token":"canary-token"})", "", "application/json");
      }
      if (request.target == "/redirecting") return canned(307, "", "Location: " + foreign.origin() + "/token\r\n");
      return canned(200, searchset({"1"}, foreign.origin() + "/fhir/Encounter?page=2"));
    });
    auto endpoint = with_client_secret(server.origin());
    endpoint.auth.kind = kind;
    if (kind == AuthKind::smart_backend) {
      endpoint.auth.secret_file = write_temporary("key", SigningKey::generate(SigningAlgorithm::es384)->private_jwk());
    }
    endpoint.auth.token_url = server.origin() + "/token";
    const auto page = client_at(endpoint)->search_page("Encounter");
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().kind, FhirErrorKind::foreign_link);
    // A token endpoint that redirects gets no second try elsewhere with the secret or assertion.
    endpoint.auth.token_url = server.origin() + "/redirecting";
    const auto refused = client_at(endpoint)->search_page("Encounter");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, FhirErrorKind::unauthorized);
  }
  EXPECT_TRUE(foreign.requests().empty());
}

TEST(ClientRate, A429WithoutRetryAfterWaitsAsLongAsTheConfigSays) {
  FaultServer server(
      [](const ReceivedRequest&, int number) { return number == 0 ? canned(429, "") : canned(200, searchset({"1"})); });
  auto endpoint = endpoint_at(server.origin());
  endpoint.pause_after_429 = std::chrono::seconds(1);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(client_at(endpoint)->search_page("Encounter").ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(ClientRate, TwoClientsOfOneEndpointShareItsLimit) {
  FaultServer server([](const ReceivedRequest&, int) { return canned(200, searchset({"1"})); });
  auto endpoint = endpoint_at(server.origin());
  endpoint.requests_per_second_max = 10;
  SharedAccess shared;
  const SystemClock clock;
  const auto open = [&] { return std::move(*open_fhir_client(endpoint, "/", clock, {}, &shared)); };
  const auto first = open(), second = open();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(first->search_page("Encounter").ok());
    ASSERT_TRUE(second->search_page("Encounter").ok());
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
}

TEST(Scope, OnlyWhatIsUsedIsAskedForInBothVersions) {
  EndpointConfig endpoint;
  endpoint.feeds = {{.resource_type = "Encounter", .strategy = FeedConfig::Strategy::per_patient},
                    {.resource_type = "Claim", .strategy = FeedConfig::Strategy::off}};
  endpoint.roster.kind = RosterKind::group;
  EXPECT_EQ(needed_scope(endpoint, ScopeVersion::v2),
            "system/Encounter.rs system/Flag.crus system/Group.rs system/Task.crus");
  EXPECT_EQ(needed_scope(endpoint, ScopeVersion::v1),
            "system/Encounter.read system/Flag.read system/Flag.write system/Group.read system/Task.read "
            "system/Task.write");
}

TEST(Scope, WhoAsksForSubscriptionsAsksForTheRightToThem) {
  EndpointConfig endpoint;
  endpoint.feeds = {{.resource_type = "Encounter"}};
  endpoint.deliver = false;
  EXPECT_EQ(needed_scope(endpoint, ScopeVersion::v2), "system/Encounter.rs");
  endpoint.subscriptions.hook_url = "https://authledger.example/hooks/ehr";
  EXPECT_EQ(needed_scope(endpoint, ScopeVersion::v2), "system/Encounter.rs system/Subscription.crus");
  EXPECT_EQ(needed_scope(endpoint, ScopeVersion::v1),
            "system/Encounter.read system/Subscription.read system/Subscription.write");
}

TEST(Scope, WhatWasNotGrantedIsFoundAcrossVersionsAndWildcards) {
  const auto missing = [](const char* wanted, const char* granted) {
    return join(scopes_not_granted(wanted, granted), " ");
  };
  EXPECT_EQ(missing("system/Encounter.rs", "system/*.read"), "");
  EXPECT_EQ(missing("system/Encounter.rs", "system/*.*"), "");
  EXPECT_EQ(missing("system/Encounter.read", "system/Encounter.cruds"), "");
  EXPECT_EQ(missing("system/Task.crus", "system/Task.r system/Task.cus"), "");
  EXPECT_EQ(missing("system/Task.crus", "system/Task.rs"), "system/Task.crus");
  EXPECT_EQ(missing("system/Encounter.rs", "system/Encounter.rs?class=AMB"), "system/Encounter.rs");
  EXPECT_EQ(missing("system/Encounter.rs system/Flag.rs", "user/*.cruds system/Flag.rs"), "system/Encounter.rs");
  EXPECT_EQ(missing("https://ehr.example/.default", ""), "https://ehr.example/.default");
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
