// SMART Backend Services end to end: authledger's client against the sandbox's authorization server over HTTP. The
// server verifies with OpenSSL alone what the client signs with libjose.

#include <algorithm>
#include <fstream>

#include "tests/sandbox/smart_client.h"

namespace authledger {
namespace {

class SmartFlow : public testing::TestWithParam<SigningAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Each, SmartFlow, testing::Values(SigningAlgorithm::rs384, SigningAlgorithm::es384),
                         [](const auto& tested) { return std::string(word_of(tested.param)); });

TEST_P(SmartFlow, ATokenIsDiscoveredFetchedOnceAndKept) {
  const SmartSite site(GetParam());
  const auto client = site.client();
  for (int i = 0; i < 3; ++i) {
    const auto page = client->search_page("Encounter");
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_EQ(page->resources.size(), 6u);
  }
  EXPECT_EQ(site.sandbox->tokens_issued(), 1);
  EXPECT_EQ(client->requests(), 5u);  // Discovery, token, three pages.
}

TEST(SmartFlow, TheSecretOfAClientIsTakenFromHeaderAndBody) {
  for (const SecretPlace place : {SecretPlace::header, SecretPlace::body}) {
    SmartSite site;
    // The sandbox compares the header as it stands, so the parts are chosen to be their own form-encoding.
    site.authorization.client_secret = "plain-secret";
    site.sandbox->set_authorization(site.authorization);
    site.endpoint.auth.kind = AuthKind::client_secret;
    site.endpoint.auth.secret_in = place;
    site.endpoint.auth.secret_file = site.folder.write("secret", "plain-secret\n");
    EXPECT_TRUE(site.client()->search_page("Encounter").ok());
    site.endpoint.auth.secret_file = site.folder.write("secret", "old-secret\n");
    const std::string message = site.refusal();
    EXPECT_NE(message.find("is the secret the present one?"), std::string::npos) << message;
    EXPECT_EQ(message.find("old-secret"), std::string::npos);
  }
}

TEST(SmartFlow, AScopeThatIsNotWrittenFollowsFromTheFeeds) {
  SmartSite site;
  site.endpoint.auth.scope.clear();
  site.endpoint.feeds = {{.resource_type = "Encounter"},
                         {.resource_type = "Claim", .strategy = FeedConfig::Strategy::off}};
  site.endpoint.deliver = false;
  const auto client = site.client();
  EXPECT_TRUE(client->search_page("Encounter").ok());
  EXPECT_FALSE(client->search_page("Claim").ok());
  EXPECT_FALSE(client->create("Encounter", R"({"resourceType":"Encounter","status":"planned"})", "").ok());
}

TEST(SmartFlow, AnUnregisteredKeyIsOneClearSentenceWithoutIt) {
  SmartSite site;
  const std::string other = SigningKey::generate(SigningAlgorithm::es384)->private_jwk();
  site.endpoint.auth.secret_file = site.folder.write("key.jwk", other);
  const std::string message = site.refusal();
  EXPECT_EQ(message,
            "ehr: the token endpoint answered 401 (invalid_client) without a token; is client_id ledger "
            "registered there with the public key that `authledger keys show` prints, and is its token URL " +
                site.sandbox->base_url().substr(0, site.sandbox->base_url().rfind('/')) + "/auth/token?");
  EXPECT_EQ(site.sandbox->tokens_issued(), 0);
}

TEST(SmartFlow, ATokenUrlThatIsNotTheServersOwnIsRefusedForItsAudience) {
  SmartSite site;
  // The same endpoint under another name: the server wants its own spelling in `aud`.
  const std::string base = site.sandbox->base_url();
  const std::string port = base.substr(base.rfind(':'), base.rfind('/') - base.rfind(':'));
  site.endpoint.auth.token_url = "http://localhost" + port + "/auth/token";
  EXPECT_NE(site.refusal().find("invalid_client"), std::string::npos);
  site.endpoint.auth.token_url = "http://127.0.0.1" + port + "/auth/token";
  EXPECT_TRUE(site.client()->search_page("Encounter").ok());
}

TEST(Fault39, AServerWhoseClockIsAnHourOffIsFollowedByItsOwnDate) {
  for (const int minutes : {-60, -4, 4, 60}) {
    SmartSite site;
    site.authorization.clock_ahead = std::chrono::minutes(minutes);
    site.sandbox->set_authorization(site.authorization);
    EXPECT_TRUE(site.client()->search_page("Encounter").ok()) << minutes;
    EXPECT_EQ(site.sandbox->tokens_issued(), 1) << minutes;
  }
}

TEST(Fault61, ATokenThatIsRevokedBetweenTwoPagesIsRenewedOnceAndNothingIsLost) {
  const SmartSite site;
  const auto client = site.client();
  std::string url = "Encounter?_count=2";
  std::vector<std::string> seen;
  while (!url.empty()) {
    const auto page = client->search_page(url);
    ASSERT_TRUE(page.ok()) << page.error().message;
    for (const JsonView resource : page->resources) seen.push_back(resource["id"].string());
    site.sandbox->revoke_tokens();
    url = page->next;
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<std::string>{"e1", "e2", "e3", "e4", "e5", "e6"}));
  EXPECT_EQ(site.sandbox->tokens_issued(), 3);
}

TEST(Fault61, ATokenThatExpiresSoonerThanItSaidIsRenewedOnce) {
  SmartSite site;
  site.authorization.token_life = std::chrono::seconds(1);
  site.authorization.stated_life = std::chrono::seconds(3600);
  site.sandbox->set_authorization(site.authorization);
  const auto client = site.client();
  ASSERT_TRUE(client->search_page("Encounter?_count=2").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_TRUE(client->search_page("Encounter?_count=2").ok());
  EXPECT_EQ(site.sandbox->tokens_issued(), 2);
}

TEST(Fault61, ATokenIsRenewedBeforeItEnds) {
  SmartSite site;
  site.authorization.token_life = std::chrono::seconds(3);
  site.sandbox->set_authorization(site.authorization);
  const auto client = site.client();
  ASSERT_TRUE(client->search_page("Encounter").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  const uint64_t before = client->requests();
  ASSERT_TRUE(client->search_page("Encounter").ok());
  EXPECT_EQ(client->requests() - before, 2u);  // A token and the page: no 401 between them.
}

TEST(Fault61, ARegistrationThatEndsStopsAfterOneRenewalWithAClearSentence) {
  SmartSite site;
  const auto client = site.client();
  ASSERT_TRUE(client->search_page("Encounter").ok());
  site.authorization.jwks = R"({"keys":[]})";
  site.sandbox->set_authorization(site.authorization);
  site.sandbox->revoke_tokens();
  const uint64_t before = client->requests();
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
  EXPECT_NE(page.error().message.find("the token endpoint answered 401 (invalid_client)"), std::string::npos)
      << page.error().message;
  EXPECT_EQ(client->requests() - before, 2u);  // The page, one token request.
}

TEST(Fault61, ATokenThatIsNeverTakenIsNotRenewedForEveryRequest) {
  SmartSite site;
  site.authorization.token_life = std::chrono::seconds(0);
  site.authorization.stated_life = std::chrono::seconds(3600);
  site.sandbox->set_authorization(site.authorization);
  const auto client = site.client();
  for (int i = 0; i < 5; ++i) {
    const auto page = client->search_page("Encounter");
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
    EXPECT_NE(page.error().message.find("answered 401"), std::string::npos) << page.error().message;
  }
  EXPECT_EQ(site.sandbox->tokens_issued(), 2);
}

TEST(Fault61, AScopeThatWasReducedIsNamedAfterOneRenewal) {
  SmartSite site;
  const auto client = site.client();
  const std::string task = R"({"resourceType":"Task","status":"requested","intent":"order"})";
  ASSERT_TRUE(client->create("Task", task, "").ok());
  site.authorization.scope_max = "system/Encounter.rs";
  site.sandbox->set_authorization(site.authorization);
  site.sandbox->revoke_tokens();
  for (int i = 0; i < 3; ++i) {
    const auto created = client->create("Task", task, "");
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().kind, FhirErrorKind::unauthorized);
    EXPECT_NE(created.error().message.find("not system/Task.crus"), std::string::npos) << created.error().message;
  }
  EXPECT_EQ(site.sandbox->resources("Task").size(), 1u);
  EXPECT_LE(site.sandbox->tokens_issued(), 3);
  EXPECT_TRUE(client->search_page("Encounter").ok());  // What is still granted still works.
}

std::string joined_jwks(const SigningKey& first, const SigningKey& second) {
  const std::string one = first.public_jwks(), other = second.public_jwks();
  return one.substr(0, one.rfind(']')) + "," + other.substr(other.find('[') + 1);
}

TEST(Fault63, OurKeyIsRotatedWhileBothAreRegisteredAndNoRequestIsLost) {
  SmartSite site;
  const auto client = site.client();
  ASSERT_TRUE(client->search_page("Encounter").ok());
  const SigningKey next = std::move(*SigningKey::generate(SigningAlgorithm::es384));
  site.authorization.jwks = joined_jwks(site.key, next);
  site.sandbox->set_authorization(site.authorization);
  site.sandbox->revoke_tokens();
  EXPECT_TRUE(client->search_page("Encounter").ok()) << "the old key is still taken";
  // The file is changed under the running client; then the old key is taken off the server.
  site.folder.write("key.jwk", next.private_jwk());
  site.sandbox->revoke_tokens();
  EXPECT_TRUE(client->search_page("Encounter").ok()) << "and the new one already";
  site.authorization.jwks = next.public_jwks();
  site.sandbox->set_authorization(site.authorization);
  site.sandbox->revoke_tokens();
  EXPECT_TRUE(client->search_page("Encounter").ok());
  EXPECT_EQ(site.sandbox->tokens_issued(), 4);
  site.folder.write("key.jwk", site.key.private_jwk());
  EXPECT_NE(site.refusal().find("`authledger keys show` prints"), std::string::npos);
}

TEST(Fault63, AKeyThatTheServerDoesNotKnowIsShownToItOnceAMinute) {
  SmartSite site;
  site.authorization.jwks = R"({"keys":[]})";
  site.sandbox->set_authorization(site.authorization);
  FixedClock clock(SystemClock().now());
  const auto client = std::move(*open_fhir_client(site.endpoint, site.folder.path(), clock, {}));
  const auto asked = [&] {
    const std::vector<std::string> log = site.sandbox->request_log();
    return std::count(log.begin(), log.end(), "POST /auth/token");
  };
  for (int i = 0; i < 50; ++i) {
    const auto page = client->search_page("Encounter");
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().kind, FhirErrorKind::unauthorized);
    EXPECT_NE(page.error().message.find("401 (invalid_client)"), std::string::npos) << page.error().message;
  }
  EXPECT_EQ(asked(), 1);
  clock.set(clock.now() + std::chrono::seconds(61));
  site.authorization.clock_ahead = std::chrono::seconds(61);
  site.sandbox->set_authorization(site.authorization);
  EXPECT_FALSE(client->search_page("Encounter").ok());
  EXPECT_EQ(asked(), 2);
  // Another key is shown at once.
  const SigningKey next = std::move(*SigningKey::generate(SigningAlgorithm::es384));
  site.authorization.jwks = next.public_jwks();
  site.sandbox->set_authorization(site.authorization);
  site.folder.write("key.jwk", next.private_jwk());
  EXPECT_TRUE(client->search_page("Encounter").ok());
  EXPECT_EQ(asked(), 3);
}

void answer_a_login_page_for_the_next_token(SmartSite& site) {
  SandboxFaults faults;
  faults.html_next = 1;
  faults.only_for = "/auth/token";
  site.sandbox->set_faults(faults);
}

TEST(Fault28, ALoginPageInPlaceOfATokenPassesAndIsNoRefusal) {
  SmartSite site;
  answer_a_login_page_for_the_next_token(site);
  const auto client = site.client();
  const auto page = client->search_page("Encounter");
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, FhirErrorKind::bad_answer);
  EXPECT_TRUE(client->search_page("Encounter").ok());
}

// Else a message that cannot be searched for would count as sent.
TEST(Fault28, AWriteWithoutATokenWasNotSentWhateverTheTokenEndpointSaid) {
  SmartSite site;
  answer_a_login_page_for_the_next_token(site);
  const auto client = site.client();
  const auto made = client->create("Task", R"({"resourceType":"Task","status":"requested","intent":"order"})", "");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, FhirErrorKind::unreachable);
}

TEST(SmartFlow, AnswersThatAreLostNeverBringTheSameAssertionTwice) {
  SmartSite site;
  site.endpoint.request_timeout = std::chrono::seconds(1);
  SandboxFaults faults;
  faults.write_then_silent_next = 1;
  faults.only_for = "/auth/token";
  site.sandbox->set_faults(faults);
  const auto page = site.client()->search_page("Encounter");
  EXPECT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(site.sandbox->tokens_issued(), 2);
}

}  // namespace
}  // namespace authledger
