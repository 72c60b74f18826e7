#include "config/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/read_endpoint.h"
#include "tests/config/config_file.h"

namespace authledger {
namespace {

TEST_F(ConfigFile, TheSmallestFileHasSensibleDefaults) {
  Config config = load(std::string(kTenant) + "endpoints: [{name: ehr, base_url: 'https://fhir.example/r4/'}]\n");
  EXPECT_EQ(config.folder, folder_);
  EXPECT_EQ(config.database.url, "");
  EXPECT_EQ(config.database.data_folder, folder_ + "/authledger-data");
  ASSERT_EQ(config.endpoints.size(), 1u);
  EXPECT_EQ(config.endpoints[0].base_url, "https://fhir.example/r4");
  EXPECT_EQ(config.endpoints[0].preset, "generic");
  EXPECT_EQ(config.endpoints[0].feeds.size(), 13u);
  ASSERT_NE(feed(config, "Claim"), nullptr);
  EXPECT_EQ(feed(config, "Claim")->search.at("use"), "claim,preauthorization");
  EXPECT_EQ(feed(config, "ExplanationOfBenefit")->search.size(), 0u);
  EXPECT_EQ(config.rules.time_zone, "America/Chicago");
  EXPECT_FALSE(config.rules.codes.empty());
  EXPECT_TRUE(config.delivery.enabled);
  EXPECT_EQ(config.delivery.endpoint, "ehr");
  EXPECT_EQ(config.delivery.identifier_system, "urn:authledger:riverside");
}

TEST_F(ConfigFile, TheExampleOfTheDocumentIsComplete) {
  std::ifstream file(AUTHLEDGER_SOURCE_FOLDER "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  std::string document = text.str();
  size_t from = document.find("```yaml\n", document.find("<!-- example: complete -->"));
  ASSERT_NE(from, std::string::npos);
  from += 8;
  Config config = load(document.substr(from, document.find("\n```", from) + 1 - from));
  ASSERT_EQ(config.endpoints.size(), 2u);
  const EndpointConfig& ehr = config.endpoints[0];
  EXPECT_EQ(ehr.auth.kind, AuthKind::smart_backend);
  EXPECT_EQ(ehr.auth.secret_file, "/etc/authledger/ehr-private-key.pem");
  EXPECT_EQ(feed(config, "ExplanationOfBenefit")->strategy, FeedConfig::Strategy::off);
  EXPECT_EQ(feed(config, "Encounter")->search.at("class"), "AMB");
  ASSERT_EQ(ehr.overrides.size(), 1u);
  EXPECT_EQ(ehr.value_maps.at("service_codes").at("PSYTX60"), "90837");
  EXPECT_EQ(ehr.page_bytes_max, size_t{64} << 20);
  EXPECT_EQ(ehr.retry_after_max, std::chrono::seconds(120));
  EXPECT_EQ(config.endpoints[1].folder, folder_ + "/incoming/payer");
  EXPECT_FALSE(config.endpoints[1].deliver);
  EXPECT_EQ(config.rules.codes.at("H0015").measure, "hour");
  EXPECT_EQ(config.rules.warnings.days_left, std::vector{21});
  EXPECT_EQ(config.delivery.owner, "Organization/renewals");
  EXPECT_EQ(config.server.sync_interval, std::chrono::minutes(5));
}

// The YAML block that follows `mark`, from `at` on; moves `at` behind it.
std::string example_after(const std::string& document, const std::string& mark, size_t& at) {
  at = document.find(mark, at);
  if (at == std::string::npos) return "";
  const size_t from = document.find("```yaml\n", at) + 8;
  at = document.find("\n```", from) + 1;
  return document.substr(from, at - from);
}

TEST_F(ConfigFile, EveryExampleOfAuthInTheDocumentIsAccepted) {
  std::ifstream file(AUTHLEDGER_SOURCE_FOLDER "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const char* name : {"hospital-ca.pem", "authledger.pem", "authledger-key.pem"}) write(name, "x");
  int examples = 0;
  for (const char* mark : {"<!-- example: auth -->", "<!-- example: transport -->"}) {
    size_t at = 0;
    for (std::string example; !(example = example_after(text.str(), mark, at)).empty(); ++examples) {
      std::string indented;
      std::istringstream lines(example);
      for (std::string line; std::getline(lines, line);) indented += "    " + line + "\n";
      load(std::string(kTenant) + "endpoints:\n  - name: ehr\n    base_url: https://x.example\n" + indented);
    }
  }
  EXPECT_EQ(examples, 6);
}

TEST_F(ConfigFile, EveryPresetLoadsAndNamesOnlyShippedMappings) {
  for (const std::string& preset : shipped_names("presets")) {
    if (preset == "folder") continue;
    Config config =
        load(std::string(kTenant) + "endpoints:\n  - {name: ehr, base_url: 'https://x.example', preset: " + preset +
             ", roster: {kind: group, group: g1}}\n");
    for (const FeedConfig& each : config.endpoints.at(0).feeds) {
      for (const std::string& mapping : each.mappings) {
        EXPECT_TRUE(shipped_file("config/mappings/" + mapping + ".yaml").has_value()) << preset << ": " << mapping;
      }
      EXPECT_EQ(each.mappings.empty(), each.strategy == FeedConfig::Strategy::off) << each.resource_type;
    }
  }
  Config epic = load(std::string(kTenant) +
                     "endpoints: [{name: ehr, base_url: 'https://x.example', preset: epic, roster: {group: g1}}]\n");
  EXPECT_EQ(epic.endpoints[0].roster.kind, RosterKind::group);
  EXPECT_EQ(feed(epic, "ClaimResponse")->strategy, FeedConfig::Strategy::off);
  EXPECT_EQ(feed(epic, "Encounter")->strategy, FeedConfig::Strategy::per_patient);
  EXPECT_GT(epic.endpoints[0].requests_per_second_max, 0);
}

TEST_F(ConfigFile, PresetsHoldTheLimitsAndQuirksOfTheirVendors) {
  const auto with_preset = [&](const std::string& preset) {
    return load(std::string(kTenant) + "endpoints: [{name: ehr, base_url: 'https://x.example', preset: " + preset +
                ", roster: {group: g1}, deliver: false}]\n");
  };
  const Config clinic = with_preset("eclinicalworks");
  EXPECT_EQ(clinic.endpoints[0].requests_per_minute_max, 250);
  EXPECT_EQ(clinic.endpoints[0].pause_after_429, std::chrono::minutes(1));
  EXPECT_EQ(feed(clinic, "Claim")->requires_one_of, std::vector<std::string>{"_id"});
  EXPECT_EQ(with_preset("athenahealth").endpoints[0].requests_per_day_max, 500'000);
  EXPECT_EQ(with_preset("healthlake").endpoints[0].headers.at("x-amz-fhir-history-consistency-level"), "strong");
  EXPECT_EQ(feed(with_preset("hapi"), "Encounter")->strategy, FeedConfig::Strategy::last_updated);
  EXPECT_EQ(feed(with_preset("medplum"), "ClaimResponse")->mappings, std::vector<std::string>{"pas_claim_response"});
  EXPECT_EQ(with_preset("oracle_health").endpoints[0].roster.kind, RosterKind::group);
  const Config payer = load(std::string(kTenant) +
                            "endpoints:\n  - {name: payer, base_url: 'https://p.example', preset: da_vinci_payer, "
                            "roster: {group: g1}}\n  - {name: ehr, base_url: 'https://x.example'}\n");
  EXPECT_FALSE(payer.endpoints[0].deliver);
  EXPECT_EQ(payer.delivery.endpoint, "ehr");
  const Config two = load(std::string(kTenant) +
                          "endpoints:\n  - {name: ehr, base_url: 'https://x.example'}\n"
                          "  - {name: second, base_url: 'https://y.example'}\n");
  EXPECT_TRUE(two.endpoints[0].deliver);
  EXPECT_FALSE(two.endpoints[1].deliver) << "only the endpoint of the notices asks for the right to write";
}

TEST_F(ConfigFile, ASearchOfTheEndpointStandsInEveryFeedThatDoesNotSetItItself) {
  const Config config =
      load(std::string(kTenant) +
           "endpoints: [{name: ehr, base_url: 'https://x.example', search: {ah-practice: p1, use: x}}]\n");
  EXPECT_EQ(feed(config, "Encounter")->search.at("ah-practice"), "p1");
  EXPECT_EQ(feed(config, "Claim")->search.at("use"), "claim,preauthorization");
  EXPECT_FOUND(problems(std::string(kTenant) +
                        "endpoints: [{name: ehr, base_url: 'https://x.example', search: {_count: '9'}}]\n"),
               "`_count` is set by authledger itself");
}

TEST_F(ConfigFile, EveryKindOfAuthAndTransportIsReadAndItsSlipsAreTold) {
  write("cert.pem", "c");
  write("key.pem", "k");
  const Config config = load(std::string(kTenant) + R"(
endpoints:
  - name: ehr
    base_url: https://x.example
    auth: {kind: smart_backend, client_id: c, secret_file: k.jwk, key_id: k1, jwks_url: 'https://us.example/jwks.json'}
    client_certificate_file: cert.pem
    client_key_file: key.pem
    proxy: http://proxy.example:3128
    headers: {X-Site: north}
  - name: second
    base_url: https://y.example
    auth: {kind: client_secret, client_id: c, secret_env: S, secret_in: body}
    proxy: none
)");
  EXPECT_EQ(config.endpoints[0].auth.key_id, "k1");
  EXPECT_EQ(config.endpoints[0].client_key_file, folder_ + "/key.pem");
  EXPECT_EQ(config.endpoints[1].auth.secret_in, SecretPlace::body);
  const std::string found = problems(std::string(kTenant) + R"(
endpoints:
  - name: ehr
    base_url: https://x.example
    auth: {kind: bearer, secret_env: S, key_id: k1, jwks_url: 'http://us.example/jwks.json'}
    client_certificate_file: cert.pem
    proxy: http://user:pass@proxy.example:3128
    headers: {Authorization: Bearer x, "bad name": y}
)");
  EXPECT_FOUND(found, "is for kind smart_backend only");
  EXPECT_FOUND(found, "must be https");
  EXPECT_FOUND(found, "mutual TLS needs both");
  EXPECT_FOUND(found, "set https_proxy in the environment");
  EXPECT_FOUND(found, "`Authorization` is set by authledger itself");
  EXPECT_FOUND(found, "`bad name` is no header");
}

TEST_F(ConfigFile, AFolderHasTheFolderPresetAndReceivesNoNotices) {
  Config config = load(std::string(kTenant) + "endpoints: [{name: files, folder: in, authoritative: true}]\n");
  EXPECT_EQ(config.endpoints[0].preset, "folder");
  EXPECT_EQ(config.endpoints[0].folder, folder_ + "/in");
  EXPECT_TRUE(config.endpoints[0].authoritative);
  EXPECT_FALSE(config.delivery.enabled);
  EXPECT_TRUE(feed(config, "Claim")->search.empty());
}

TEST_F(ConfigFile, ReportsAllProblemsAtOnceInTheOrderOfTheirLines) {
  std::string found = problems(R"(tenant:
  name: river side
  time_zone: America/Chicgo
endpoint:
  - name: ehr
endpoints:
  - name: EHR
    base_url: ftp://x.example
    folder: in
    overlap: 5
    page_size: lots
    page_bytes_max: 64 megs
    feeds:
      Encouter: {}
      Claim: {stratgy: off}
  - name: two
server:
  listen: 0.0.0.0:80
)");
  EXPECT_FOUND(found, "authledger.yaml:2:9: tenant.name: expected 1 to 64 characters");
  EXPECT_FOUND(found, "authledger.yaml:3:14: tenant.time_zone: ");
  EXPECT_FOUND(found, "authledger.yaml:4:1: unknown key `endpoint`; did you mean `endpoints`?");
  EXPECT_FOUND(found, "authledger.yaml:7:11: endpoints[0].name: expected 1 to 64 characters of a-z");
  EXPECT_FOUND(found, "authledger.yaml:8:15: endpoints[0].base_url: expected a URL that starts with https://");
  EXPECT_FOUND(found, "authledger.yaml:9:13: endpoints[0].folder: expected exactly one of base_url");
  EXPECT_FOUND(found, "authledger.yaml:10:14: endpoints[0].overlap: expected a duration with its unit, such as 30s");
  EXPECT_FOUND(found, "authledger.yaml:11:16: endpoints[0].page_size: expected a whole number from 1 to");
  EXPECT_FOUND(found, "authledger.yaml:12:21: endpoints[0].page_bytes_max: expected a size such as 64MB");
  EXPECT_FOUND(
      found,
      "authledger.yaml:14:7: endpoints[0].feeds: `Encouter` is not a FHIR resource type that authledger reads; "
      "did you mean `Encounter`?");
  EXPECT_FOUND(found,
               "authledger.yaml:15:15: unknown key `stratgy` in endpoints[0].feeds.Claim; did you mean `strategy`?");
  EXPECT_FOUND(found, "authledger.yaml:16:5: endpoints[1].base_url: expected exactly one of base_url");
  EXPECT_FOUND(found, "authledger.yaml:18:11: server.listen: expected a loopback address");
  EXPECT_LT(found.find(":2:9:"), found.find(":3:14:"));
  EXPECT_LT(found.find(":3:14:"), found.find(":18:11:"));
}

TEST_F(ConfigFile, RefusesSecretsInTheFileAndSaysHowToDoItRight) {
  std::string found = problems(std::string(kTenant) + R"(database: {url: "postgresql://me:pw@db/x"}
endpoints:
  - {name: a, base_url: "https://u:p@x.example/r4"}
  - {name: b, base_url: "https://x.example/r4", auth: {kind: bearer, token: abc123}}
  - {name: c, base_url: "https://x.example/r4", auth: {kind: basic, user: u, password: abc123}}
  - {name: d, base_url: "https://x.example/r4?key=abc123"}
)");
  EXPECT_FOUND(found,
               "database.url: a password does not belong in this file: put the whole URL into a file (url_file: PATH)");
  EXPECT_FOUND(found, "endpoints[0].base_url: a user or password does not belong in the URL");
  EXPECT_FOUND(found, "endpoints[1].auth.token: a secret does not belong in this file: write secret_file: PATH");
  EXPECT_FOUND(found, "endpoints[2].auth.password: a secret does not belong in this file");
  EXPECT_FOUND(found, "endpoints[3].base_url: expected a URL without ? and #");
  EXPECT_EQ(found.find("abc123"), std::string::npos) << found;
  EXPECT_EQ(found.find("pw@"), std::string::npos) << found;
  for (const char* url : {"host=db password=pw", "postgresql://db/x?password=pw", "postgresql://db/x?sslpassword=pw"}) {
    EXPECT_FOUND(problems(std::string(kTenant) + "endpoints: [{name: a, folder: b}]\ndatabase: {url: '" + url + "'}\n"),
                 "a password does not belong");
  }
}

TEST_F(ConfigFile, ReadsTheDatabaseUrlFromAFileOrTheEnvironmentOrInlineWithoutAPassword) {
  std::string rest = std::string(kTenant) + "endpoints: [{name: a, folder: b}]\n";
  EXPECT_EQ(load(rest + "database: {url: 'postgresql://me@db/x'}\n").database.url, "postgresql://me@db/x");
  write("url", "postgresql://me:pw@db/x\n");
  EXPECT_EQ(load(rest + "database: {url_file: url}\n").database.url, "postgresql://me:pw@db/x");
  setenv("AUTHLEDGER_TEST_URL", "postgresql://me:pw@db/y", 1);
  EXPECT_EQ(load(rest + "database: {url_env: AUTHLEDGER_TEST_URL}\n").database.url, "postgresql://me:pw@db/y");
  unsetenv("AUTHLEDGER_TEST_URL");
  EXPECT_FOUND(problems(rest + "database: {url_env: AUTHLEDGER_TEST_URL}\n"), "AUTHLEDGER_TEST_URL is not set");
  EXPECT_FOUND(problems(rest + "database: {url_file: none}\n"), "cannot read");
  EXPECT_FOUND(problems(rest + "database: {url_file: url, url_env: X}\n"), "only one of");
}

TEST_F(ConfigFile, ChecksWhatNamesSomethingElse) {
  std::string found = problems(std::string(kTenant) + R"(endpoints:
  - {name: ehr, base_url: "https://x.example", preset: genric}
  - name: ehr
    base_url: https://x.example
    auth: {kind: smart_backnd}
    feeds: {Encounter: {mappings: [encouter]}}
    overrides: [{mapping: coverag, column: a, path: b}]
    ca_file: none.pem
  - {name: epic, base_url: "https://x.example", preset: epic}
  - {name: client, base_url: "https://x.example", auth: {kind: client_secret}}
rules: {files: [none.yaml]}
delivery: {endpoint: her, owner: billing, patients_share_max: 2, identifier_system: not a uri}
)");
  EXPECT_FOUND(found, "there is no preset `genric`; did you mean `generic`?");
  EXPECT_FOUND(found, "there is an endpoint `ehr` already");
  EXPECT_FOUND(
      found,
      "`smart_backnd` is not one of none, bearer, basic, client_secret, smart_backend; did you mean `smart_backend`?");
  EXPECT_FOUND(found, "`encouter` is neither a shipped mapping nor a file; did you mean `encounter`?");
  EXPECT_FOUND(found, "no feed of this endpoint uses the mapping `coverag`; did you mean `coverage`?");
  EXPECT_FOUND(found, "endpoints[1].ca_file: there is no file " + folder_ + "/none.pem");
  EXPECT_FOUND(found, "endpoints[2].roster: its feeds go patient by patient, so it needs a roster");
  EXPECT_FOUND(found, "endpoints[3].auth.secret_file: is missing");
  EXPECT_FOUND(found, "endpoints[3].auth.client_id: is missing");
  EXPECT_FOUND(found, "rules.files: " + folder_ + "/none.yaml cannot be read");
  EXPECT_FOUND(found, "delivery.endpoint: there is no endpoint `her`; did you mean `ehr`?");
  EXPECT_FOUND(found, "delivery.owner: expected a reference");
  EXPECT_FOUND(found, "delivery.patients_share_max: expected a share");
  EXPECT_FOUND(found, "delivery.identifier_system: expected a URI");
}

TEST_F(ConfigFile, ReadsWhereNoticesGoAndWhatTheEndpointAsksOfWrites) {
  const std::string endpoints = "endpoints:\n  - {name: ehr, base_url: 'https://x.example', preset: hapi}\n";
  const Config plain = load(kTenant + endpoints);
  EXPECT_EQ(plain.delivery.channels, ChannelOrder{});
  EXPECT_EQ(plain.endpoints[0].writes.types, (std::vector<std::string>{"Flag", "Task"}));
  const Config ordered = load(kTenant + endpoints + R"(delivery:
  worklist_file: out/worklist.csv
  recipient: Group/renewals
  channels:
    all: [Task, Communication, worklist]
    utilization: Flag
    expiring/biller: [worklist]
)");
  EXPECT_EQ(ordered.delivery.worklist_file, folder_ + "/out/worklist.csv");
  EXPECT_EQ(ordered.delivery.recipient, "Group/renewals");
  EXPECT_EQ(channels_for(ordered.delivery.channels, "utilization", ""), std::vector<std::string>{"Flag"});
  EXPECT_EQ(channels_for(ordered.delivery.channels, "expiring", "biller"), std::vector<std::string>{"worklist"});
  EXPECT_EQ(channels_for(ordered.delivery.channels, "expiring", "operations").size(), 3U);
  EXPECT_EQ(ordered.endpoints[0].writes.types, (std::vector<std::string>{"Task", "Communication", "Flag"}))
      << "the rights that the token is asked for";
  const Config lake =
      load(kTenant + std::string("endpoints:\n  - {name: ehr, base_url: 'https://x.example', preset: healthlake}\n"));
  EXPECT_EQ(lake.endpoints[0].writes.idempotency_header, "x-amz-fhir-idempotency-key");
  EXPECT_EQ(lake.delivery.visibility_window, std::chrono::minutes(2)) << "the preset's";
}

TEST_F(ConfigFile, NamesAChannelAKindOrARoleThatIsNone) {
  const std::string found = problems(std::string(kTenant) + R"(endpoints:
  - {name: ehr, base_url: "https://x.example", writes: {types: [Flagg], if_match: always, idempotency_header: Host}}
delivery:
  recipient: renewals
  channels:
    all: [Flag, Taks, worklist]
    expirng: [Task]
    expiring/bilier: [Task]
    benefit_for_patient: [Task]
    biller: []
)");
  EXPECT_FOUND(found, "endpoints[0].writes.types: notices are not written as `Flagg`; did you mean `Flag`?");
  EXPECT_FOUND(found, "`always` is not one of when_known, required, never");
  EXPECT_FOUND(found, "endpoints[0].writes.idempotency_header: `Host` is set by authledger itself");
  EXPECT_FOUND(found, "delivery.recipient: expected a reference");
  EXPECT_FOUND(found, "delivery.channels.all: there is no channel `Taks`; did you mean `Task`?");
  EXPECT_FOUND(found, "delivery.channels.all: the channel `worklist` needs worklist_file");
  EXPECT_FOUND(found, "`expirng` is no notice kind and no role; did you mean `expiring`?");
  EXPECT_FOUND(found, "there is no role `bilier`; did you mean `biller`?");
  EXPECT_FOUND(found, "what goes to the patient stands in a Communication alone");
  EXPECT_FOUND(found, "delivery.channels.biller: expected at least one channel");
}

TEST_F(ConfigFile, ReadsSiteFilesForRulesAndMappings) {
  write("mine.yaml", "resourceType: ViewDefinition\n");
  write("site-rules.yaml", "warnings: {days_left: 9}\ncodes: {ZZ1: {measure: day}}\n");
  std::string endpoint =
      "endpoints: [{name: ehr, base_url: 'https://x.example', feeds: {Encounter: {mappings: mine.yaml}, "
      "ChargeItem: {mappings: [mine.yaml]}}}]\n";
  Config config = load(kTenant + endpoint + "rules: {files: site-rules.yaml, warnings: {units_left: 1}}\n");
  EXPECT_EQ(feed(config, "Encounter")->mappings, std::vector<std::string>{folder_ + "/mine.yaml"});
  ASSERT_NE(feed(config, "ChargeItem"), nullptr);
  EXPECT_EQ(config.rules.warnings.days_left, std::vector{9});
  EXPECT_EQ(config.rules.warnings.units_left, std::vector{Quantity::of_units(1)});
  EXPECT_TRUE(config.rules.codes.contains("ZZ1"));
  write("site-rules.yaml", "warnings:\n  day_left: 9\n");
  EXPECT_FOUND(problems(kTenant + endpoint + "rules: {files: [site-rules.yaml]}\n"),
               "site-rules.yaml:2:3: unknown key `day_left` in warnings; did you mean `days_left`?");
  write("site-rules.yaml", "time_zone: Europe/Berlin\n");
  EXPECT_FOUND(problems(kTenant + endpoint + "rules: {files: [site-rules.yaml]}\n"), "tenant.time_zone");
}

TEST_F(ConfigFile, ASiteReplacesSingleKeysOfAPresetsFeed) {
  Config config = load(std::string(kTenant) + R"(endpoints:
  - name: ehr
    base_url: https://x.example
    feeds:
      - {resource_type: Claim, strategy: per_patient}
      - {resource_type: Appointment, strategy: off}
)");
  EXPECT_EQ(feed(config, "Claim")->strategy, FeedConfig::Strategy::per_patient);
  EXPECT_EQ(feed(config, "Claim")->search.at("use"), "claim,preauthorization");
  EXPECT_EQ(feed(config, "Claim")->mappings, (std::vector<std::string>{"pas_claim", "claim"}));
  EXPECT_EQ(feed(config, "Appointment")->strategy, FeedConfig::Strategy::off);
}

TEST_F(ConfigFile, SurvivesFilesOfTheWrongShape) {
  EXPECT_FOUND(problems(""), "authledger.yaml:1:1: the config file is empty");
  EXPECT_FOUND(problems("- a\n- b\n"), "authledger.yaml:1:1: file: expected a map of keys, found a list");
  EXPECT_FOUND(problems("tenant: [\n"), "not YAML");
  EXPECT_FOUND(problems("tenant: riverside\nendpoints: ehr\nrules: []\ndelivery: 5\nserver: x\ndatabase: [1]\n"),
               "endpoints: expected a list with at least one endpoint");
  EXPECT_FOUND(problems("tenant: {name: [a], time_zone: {b: c}}\nendpoints: [1, [2], null]\n"),
               "endpoints[0]: expected a map");
  auto missing = load_config(folder_ + "/none.yaml");
  ASSERT_FALSE(missing.ok());
  EXPECT_FOUND(missing.error().at(0).message, "cannot be read");
  EXPECT_FALSE(load_config(folder_).ok());
}

TEST_F(ConfigFile, AcceptsOnlyLoopbackAddresses) {
  std::string rest = std::string(kTenant) + "endpoints: [{name: a, folder: b}]\nserver: {listen: '";
  for (const char* good : {"127.0.0.1:80", "127.1.2.3:8089", "localhost:1", "[::1]:8089", "127.0.0.1:0"}) {
    EXPECT_EQ(load(rest + good + "'}\n").server.listen, good);
  }
  for (const char* bad : {"0.0.0.0:80", "127.0.0.1", "10.0.0.1:80", "127.evil.example:80", "[::]:80", ":80",
                          "127.0.0.1:99999", "127.0.0.256:1"}) {
    EXPECT_FOUND(problems(rest + bad + "'}\n"), "expected a loopback address");
  }
}

TEST_F(ConfigFile, ReadsASecretWithoutItsLastNewline) {
  write("token", "abc\n");
  write("empty", "\n");
  EXPECT_EQ(*read_secret("token", "", folder_), "abc");
  EXPECT_EQ(*read_secret(folder_ + "/token", "", "/elsewhere"), "abc");
  EXPECT_FALSE(read_secret("empty", "", folder_).ok());
  EXPECT_FALSE(read_secret("none", "", folder_).ok());
  EXPECT_FALSE(read_secret("", "", folder_).ok());
  setenv("AUTHLEDGER_TEST_SECRET", "xyz\r\n", 1);
  EXPECT_EQ(*read_secret("", "AUTHLEDGER_TEST_SECRET", folder_), "xyz");
  unsetenv("AUTHLEDGER_TEST_SECRET");
  EXPECT_FALSE(read_secret("", "AUTHLEDGER_TEST_SECRET", folder_).ok());
}

TEST_F(ConfigFile, ReadsHowChangedRulesStart) {
  const std::string endpoints = "endpoints: [{name: ehr, base_url: https://ehr.example/fhir}]\n";
  EXPECT_EQ(load(kTenant + endpoints).rollout.start, RolloutConfig::Start::dry_run);
  EXPECT_EQ(load(kTenant + endpoints + "rules: {rollout: active}\n").rollout.start, RolloutConfig::Start::active);
  const RolloutConfig canary = load(kTenant + endpoints + "rules: {rollout: canary 15%}\n").rollout;
  EXPECT_EQ(canary.start, RolloutConfig::Start::canary);
  EXPECT_EQ(canary.canary_percent, 15);
  for (const char* wrong : {"canary", "canary 0%", "canary 100%", "canary 1.5%", "now"}) {
    EXPECT_FOUND(problems(kTenant + endpoints + "rules: {rollout: " + wrong + "}\n"), "rollout: expected");
  }
}

TEST_F(ConfigFile, RefusesAnEndpointOfOurOwnName) {
  EXPECT_FOUND(problems(std::string(kTenant) + "endpoints: [{name: authledger, base_url: https://ehr.example/fhir}]\n"),
               "keeps its own facts");
}

}  // namespace
}  // namespace authledger
