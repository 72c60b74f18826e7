// An EHR that notifies: what changes there is in the chart at once, whatever the notifications look like.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <thread>

#include "base/clock.h"
#include "base/jose.h"
#include "fhir/http_curl.h"
#include "sandbox/loopback_socket.h"
#include "tests/simulation/fault_site.h"
#include "tests/support/raw_http.h"

namespace authledger {
namespace {

constexpr const char* kSecret = "a-secret-of-the-hook";

std::string day_from_now(int days) {
  return format_day(TimeZone::find("America/New_York")->day_of(SystemClock().now()) + days);
}

// A clinic that `serve` asks once an hour only: whatever it learns in between came by a notification.
class NotifyingSite {
 public:
  // `key`: with which authledger signs in, where the EHR wants tokens.
  explicit NotifyingSite(const std::string& topics = "", const std::string& strategy = "last_updated",
                         const std::string& interval = "1h", const SigningKey* key = nullptr)
      : port_(free_loopback_port()),
        site_(options_with(key),
              fmt::format("server: {{listen: 127.0.0.1:{}, sync_interval: {}}}\n{}", port_, interval, kFastDelivery),
              fmt::format("    subscriptions: {{hook_url: http://127.0.0.1:{}/hooks/ehr, secret_file: hook.secret{}}}\n"
                          "    feeds: {{Encounter: {{strategy: {}}}}}\n{}",
                          port_, topics, strategy,
                          key ? "    auth: {kind: smart_backend, client_id: ledger, secret_file: key.jwk}\n" : "")) {
    if (key != nullptr) site_.folder().write("key.jwk", key->private_jwk());
    site_.folder().write("hook.secret", std::string(kSecret) + "\n");
    EXPECT_TRUE(site_.ehr().load(patient_json("p1")).ok());
    EXPECT_TRUE(site_.ehr()
                    .load(claim_response_json({.id = "r1",
                                               .patient = "p1",
                                               .number = "AUTH-1",
                                               .first_day = day_from_now(-30),
                                               .last_day = day_from_now(150),
                                               .units = 12}))
                    .ok());
    serve_.emplace(site_.command({"serve"}));
    EXPECT_TRUE(eventually([&] { return count_resources(site_, "Flag", "active") == 1; })) << serve_->output();
  }

  Site& site() { return site_; }
  RunningProgram& serve() { return *serve_; }
  int port() const { return port_; }
  std::string hook() const { return fmt::format("http://127.0.0.1:{}/hooks/ehr", port_); }

  void visit(const std::string& id, const std::string& status = "finished") {
    ASSERT_TRUE(site_.ehr().put(encounter_json(id, "p1", "90837", day_from_now(-1), status)).ok());
  }
  // Whether the Flag says so many used, within twenty seconds.
  bool shows(int used) {
    return eventually([&] { return count_resources(site_, "Flag", "active", fmt::format("{} of 12", used)) == 1; });
  }
  int send(const std::string& method, const std::string& url, const std::string& body,
           const std::string& secret = kSecret, const std::string& scheme = "Bearer") {
    auto client = open_http_client(HttpOptions{}, {});
    auto response = (*client)->send(
        {method, url, {{"Authorization", scheme + " " + secret}, {"Content-Type", "application/fhir+json"}}, body});
    EXPECT_TRUE(response.ok()) << response.error().message;
    return response ? response->status : 0;
  }

 private:
  static SandboxOptions options_with(const SigningKey* key) {
    SandboxOptions options;
    if (key == nullptr) return options;
    options.authorization.client_id = "ledger";
    options.authorization.jwks = key->public_jwks();
    return options;
  }

  int port_;
  Site site_;
  std::optional<RunningProgram> serve_;
};

TEST(Subscriptions, AVisitIsInTheChartByR4WebhookLongBeforeTheNextRound) {
  NotifyingSite clinic;
  const Answer created(clinic.site().run({"subscriptions", "create"}));
  EXPECT_EQ(created.row("criteria", "Encounter?")["done"].text(), "created");
  ASSERT_TRUE(eventually([&] { return clinic.site().run({"subscriptions", "list"}).exit_code == 0; }));
  clinic.visit("e1");
  EXPECT_TRUE(clinic.shows(1));
  clinic.visit("e1", "entered-in-error");
  EXPECT_TRUE(clinic.shows(0));
  ASSERT_TRUE(clinic.site().ehr().put(encounter_json("e2", "p1", "90837", day_from_now(-1))).ok());
  EXPECT_TRUE(clinic.shows(1));
  ASSERT_TRUE(clinic.site().ehr().remove("Encounter", "e2").ok());
  EXPECT_TRUE(clinic.shows(0)) << "a deletion is a change too";
  const Answer again(clinic.site().run({"subscriptions", "create"}));
  EXPECT_EQ(again.row("criteria", "Encounter?")["done"].text(), "there already");
}

TEST(Subscriptions, NotificationsAskForNoTokenWhileOneIsGoodAndTheRightToSubscribeIsAskedFor_Fault63) {
  const auto key = SigningKey::generate(SigningAlgorithm::es384);
  NotifyingSite clinic("", "last_updated", "1h", &*key);
  const Answer created(clinic.site().run({"subscriptions", "create"}));
  EXPECT_EQ(created.row("criteria", "Encounter?")["done"].text(), "created") << "without auth.scope";
  const size_t tokens = count_requests(clinic.site(), "POST /auth/token");
  for (int i = 1; i <= 3; ++i) {
    clinic.visit(fmt::format("e{}", i));
    EXPECT_TRUE(clinic.shows(i));
  }
  EXPECT_EQ(count_requests(clinic.site(), "POST /auth/token"), tokens);
}

TEST(Subscriptions, AVisitIsInTheChartByBackportNotificationOfASweptFeed) {
  NotifyingSite clinic(", topics: {Encounter: https://ehr.example/topics/Encounter}", "per_patient");
  ASSERT_EQ(clinic.site().run({"subscriptions", "create"}).exit_code, 0);
  ASSERT_TRUE(eventually([&] { return clinic.site().run({"subscriptions", "list"}).exit_code == 0; }));
  const size_t searches = count_requests(clinic.site(), "GET /fhir/Encounter");
  clinic.visit("e1");
  EXPECT_TRUE(clinic.shows(1));
  EXPECT_EQ(count_requests(clinic.site(), "GET /fhir/Encounter"), searches) << "read by its id, without a sweep";
  EXPECT_GE(count_requests(clinic.site(), "GET /fhir/Encounter/e1"), 1U);
}

TEST(Subscriptions, AChangeDoesNotWaitForARoundThatTakesLong) {
  NotifyingSite clinic("", "last_updated", "1s");
  // Coverage is read before Encounter in every round.
  clinic.site().ehr().set_faults({.slow_next = 1000,
                                  .slow_for = std::chrono::milliseconds(15'000),
                                  .only_for = "Coverage?",
                                  .only_method = "GET"});
  const size_t rounds = count_requests(clinic.site(), "GET /fhir/Coverage");
  ASSERT_TRUE(eventually([&] { return count_requests(clinic.site(), "GET /fhir/Coverage") > rounds; }));
  clinic.visit("e1");
  const auto changed = std::chrono::steady_clock::now();
  EXPECT_EQ(clinic.send("PUT", clinic.hook() + "/Encounter/e1", "{}"), 200);
  EXPECT_TRUE(clinic.shows(1));
  EXPECT_LT(std::chrono::steady_clock::now() - changed, std::chrono::seconds(10)) << "the round is still waiting";
}

TEST(Subscriptions, AFeedThatARoundHoldsKeepsNoOtherChangeWaiting) {
  NotifyingSite clinic("", "last_updated", "1s");
  clinic.site().ehr().set_faults({.slow_next = 1000,
                                  .slow_for = std::chrono::milliseconds(20'000),
                                  .only_for = "Encounter?",
                                  .only_method = "GET"});
  const size_t rounds = count_requests(clinic.site(), "GET /fhir/Encounter");
  ASSERT_TRUE(eventually([&] { return count_requests(clinic.site(), "GET /fhir/Encounter") > rounds; }));
  EXPECT_EQ(clinic.send("POST", clinic.hook(), ""), 200) << "which says nothing of what has changed";
  std::this_thread::sleep_for(std::chrono::seconds(1));
  edit(clinic.site(), "ClaimResponse", "r1", "\"value\":12", "\"value\":9");
  const auto changed = std::chrono::steady_clock::now();
  EXPECT_EQ(clinic.send("PUT", clinic.hook() + "/ClaimResponse/r1", "{}"), 200);
  EXPECT_TRUE(eventually([&] { return count_resources(clinic.site(), "Flag", "active", "0 of 9") == 1; }));
  EXPECT_LT(std::chrono::steady_clock::now() - changed, std::chrono::seconds(8)) << "the feed is still held";
  EXPECT_EQ(clinic.serve().output().find("another worker holds"), std::string::npos) << "and that is no failure";
}

TEST(Subscriptions, AResourceThatCannotBeReadByItselfKeepsNobodyFromTheRest) {
  NotifyingSite clinic("", "last_updated", "1s");
  clinic.site().ehr().set_faults({.html_next = 1'000'000, .only_for = "Encounter/bad", .only_method = "GET"});
  clinic.visit("bad");
  EXPECT_EQ(clinic.send("PUT", clinic.hook() + "/Encounter/bad", "{}"), 200);
  clinic.visit("e2");
  EXPECT_TRUE(clinic.shows(2)) << "the feed's own search has both";
}

TEST(Fault10, AWebhookReplayedAHundredTimesOutOfOrderLeavesTheSameState) {
  NotifyingSite clinic;
  clinic.visit("e1");
  // What an older notification says is stale by now: only the resource at the EHR counts.
  const std::string stale = encounter_json("e1", "p1", "90837", day_from_now(-1), "planned");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(clinic.send("PUT", clinic.hook() + "/Encounter/e1", stale), 200);
    EXPECT_EQ(clinic.send("POST", clinic.hook(), ""), 200);
  }
  EXPECT_TRUE(clinic.shows(1));
  clinic.serve().signal(SIGTERM);
  EXPECT_EQ(clinic.serve().wait().exit_code, 0);
  const Answer services(clinic.site().run({"services"}));
  EXPECT_EQ(services.root().size(), 1U);
  const Answer round(clinic.site().run({"sync"}));
  EXPECT_EQ(round.number({"entries"}), 0);
  EXPECT_EQ(round.number({"notices", "created"}) + round.number({"notices", "updated"}), 0);
}

using Held = std::map<std::string, std::string>;  // Id → status.

// An EHR that holds Subscriptions to visits for a hook where nobody answers.
class SubscribedSite {
 public:
  explicit SubscribedSite(const Held& held, const std::string& criteria = "Encounter?")
      : site_({}, "", "    subscriptions: {hook_url: http://127.0.0.1:9/hooks/ehr, secret_file: hook.secret}\n") {
    site_.folder().write("hook.secret", std::string(kSecret) + "\n");
    for (const auto& [id, status] : held) {
      const std::string text =
          fmt::format(R"({{"resourceType":"Subscription","id":"{}","status":"{}","criteria":"{}",)"
                      R"("channel":{{"type":"rest-hook","endpoint":"http://127.0.0.1:9/hooks/ehr"}}}})",
                      id, status, criteria);
      EXPECT_TRUE(site_.ehr().load(text).ok());
    }
  }

  // What `create` says that it has done about visits.
  std::string create() {
    ProgramResult result = site_.run({"subscriptions", "create"});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    errors_ = result.errors;
    return Answer(result).row("criteria", "Encounter?")["done"].string();
  }
  const std::string& errors() const { return errors_; }
  size_t count(const std::string& status = "") { return count_resources(site_, "Subscription", status, "Encounter"); }

 private:
  Site site_;
  std::string errors_;
};

TEST(Subscriptions, OneThatStandsIsUsedAndNoOtherIsMade) {
  for (const char* off : {"a-off", "z-off"}) {
    SubscribedSite site(Held{{off, "off"}, {"m-active", "active"}});
    EXPECT_EQ(site.create(), "there already");
    EXPECT_EQ(site.count("off"), 1U);
    EXPECT_EQ(site.count(), 2U);
    EXPECT_EQ(site.errors(), "");
  }
}

TEST(Subscriptions, OneThatIsOffOrInErrorIsAskedForAgainAndNoOtherIsMade) {
  SubscribedSite off(Held{{"a", "off"}});
  EXPECT_EQ(off.create(), "requested again, status was off");
  EXPECT_TRUE(eventually([&] { return off.count("active") == 1; }));
  EXPECT_EQ(off.count(), 1U);
  EXPECT_EQ(off.create(), "there already");
  SubscribedSite both(Held{{"a", "error"}, {"b", "off"}});
  EXPECT_EQ(both.create(), "requested again, status was error");
  EXPECT_TRUE(eventually([&] { return both.count("active") == 1; }));
  EXPECT_EQ(both.count(), 2U) << "one of them is enough";
}

TEST(Subscriptions, SeveralThatNotifyOfTheSameAreNamed) {
  SubscribedSite site(Held{{"first", "active"}, {"second", "active"}, {"third", "off"}}, "Encounter");
  EXPECT_EQ(site.create(), "there already") << "an empty query may be left out";
  EXPECT_EQ(site.count(), 3U);
  EXPECT_NE(site.errors().find("delete these at the EHR: second\n"), std::string::npos) << site.errors();
}

TEST(Subscriptions, OnlyPostAndPutWakeAFeed) {
  NotifyingSite clinic;
  clinic.visit("e1");
  for (const char* method : {"GET", "DELETE", "PATCH", "OPTIONS", "TRACE"}) {
    EXPECT_EQ(clinic.send(method, clinic.hook(), ""), 405) << method;
    EXPECT_EQ(clinic.send(method, clinic.hook() + "/Encounter/e1", ""), 405) << method;
  }
  RawConnection connection(clinic.port());
  ASSERT_TRUE(connection.send("GET /hooks/ehr HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_NE(connection.receive().head.find("Allow: POST, PUT"), std::string::npos);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_EQ(count_resources(clinic.site(), "Flag", "active", "0 of 12"), 1U) << "nothing was read";
  EXPECT_EQ(clinic.send("PUT", clinic.hook() + "/Encounter/e1", "", kSecret, "bearer"), 200) << "in any case";
  EXPECT_TRUE(clinic.shows(1));
}

TEST(Subscriptions, AHookIsFoundByItsPathAlone) {
  NotifyingSite clinic;
  clinic.visit("e1");
  const std::string root = clinic.hook().substr(0, clinic.hook().rfind('/'));
  for (const char* path : {"", "/", "//Encounter/e1", "/eh", "/EHR", "/ehr%00", "/../hooks"}) {
    EXPECT_EQ(clinic.send("PUT", root + path, ""), 404) << path;
  }
  EXPECT_EQ(clinic.send("POST", clinic.hook() + "/?of=nothing", R"({"resourceType":"Observation"})"), 200);
  EXPECT_EQ(clinic.send("PUT", root + "/%65hr/Encounter%2Fe1", ""), 200);
  EXPECT_TRUE(clinic.shows(1));
}

TEST(Subscriptions, ANotificationMayComeInChunks) {
  NotifyingSite clinic;
  clinic.visit("e1");
  RawConnection connection(clinic.port());
  const std::string head = fmt::format(
      "POST /hooks/ehr HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n", kSecret);
  ASSERT_TRUE(connection.send(head + "1b\r\n{\"resourceType\":\"Encounter\"\r\n"));
  ASSERT_TRUE(connection.send("b\r\n,\"id\":\"e1\"}\r\n0\r\n\r\n"));
  EXPECT_EQ(connection.receive().status, 200);
  EXPECT_TRUE(clinic.shows(1));
}

TEST(Fault62, AHookWithoutItsSecretTakesNoBody) {
  NotifyingSite clinic;
  RawConnection connection(clinic.port());
  ASSERT_TRUE(connection.send("POST /hooks/ehr HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{"));
  EXPECT_EQ(connection.receive().status, 401) << "before its end";
  EXPECT_TRUE(connection.is_closed());
}

TEST(Fault62, AHookWithoutItsSecretIsRefusedWithoutDetail) {
  NotifyingSite clinic;
  EXPECT_EQ(clinic.send("POST", clinic.hook(), "", "wrong"), 401);
  EXPECT_EQ(clinic.send("POST", clinic.hook(), "", ""), 401);
  EXPECT_EQ(clinic.send("POST", clinic.hook() + "x", ""), 404);
  EXPECT_EQ(clinic.send("POST", clinic.hook(), R"({"resourceType":"Bundle","entry":[]})"), 400);
  EXPECT_EQ(clinic.send("POST", clinic.hook(), std::string(size_t{9} << 20, 'x')), 413);
  EXPECT_EQ(clinic.send("POST", clinic.hook(), R"({"resourceType":"Observation","id":"1"})"), 200) << "of no feed";
  EXPECT_EQ(clinic.serve().output().find(kSecret), std::string::npos);
}

}  // namespace
}  // namespace authledger
