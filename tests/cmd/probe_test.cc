// Keys and probe as hospital IT runs them: the real program against a sandbox that demands tokens.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "sandbox/sandbox.h"
#include "tests/support/program.h"

namespace authledger {
namespace {

std::string config_text(const std::string& base_url, const std::string& key_file) {
  return "tenant: {name: riverside, time_zone: America/New_York}\nendpoints:\n  - name: ehr\n    base_url: " +
         base_url + "\n    auth: {kind: smart_backend, client_id: ledger, secret_file: " + key_file +
         "}\n    retries_max: 0\n";
}

struct RegisteredSite {
  explicit RegisteredSite(const std::string& algorithm) {
    const ProgramResult made = run_authledger({"keys", "new", "--alg", algorithm, "--out", key_file});
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    jwks = made.output;
    guide = made.errors;
    SandboxOptions options;
    options.authorization.client_id = "ledger";
    options.authorization.jwks = jwks;
    sandbox = std::move(*Sandbox::start(options));
    EXPECT_TRUE(sandbox->load(R"({"resourceType":"Patient","id":"test1"})").ok());
    config = folder.write("authledger.yaml", config_text(sandbox->base_url(), key_file));
  }
  ProgramResult probe(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"probe", "--config", config};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_authledger(arguments);
  }

  TemporaryFolder folder;
  std::string key_file = folder.path() + "/key.jwk", jwks, guide, config;
  std::unique_ptr<Sandbox> sandbox;
};

TEST(Keys, ANewKeyIsPrivateNeverOverwrittenAndSaysWhatToDoNext) {
  const RegisteredSite site("ES384");
  struct stat status {};
  ASSERT_EQ(stat(site.key_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  JsonDocument published;
  ASSERT_TRUE(published.parse(site.jwks).ok()) << site.jwks;
  EXPECT_FALSE(published.root()["keys"].at(0)["d"].exists());
  EXPECT_NE(site.guide.find("kind: smart_backend"), std::string::npos);
  const std::string before = read_file(site.key_file);
  const ProgramResult again = run_authledger({"keys", "new", "--out", site.key_file});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.errors.find("not overwritten"), std::string::npos) << again.errors;
  EXPECT_EQ(read_file(site.key_file), before);
  EXPECT_EQ(run_authledger({"keys", "show", site.key_file}).output, site.jwks);
}

TEST(ProbeCommand, ARegisteredClientGetsAPlanAsTableJsonAndReport) {
  const RegisteredSite site("RS384");
  const std::string report = site.folder.path() + "/report.md";
  const ProgramResult shown = site.probe({"--report", report});
  EXPECT_EQ(shown.exit_code, 0) << shown.output << shown.errors;
  EXPECT_NE(shown.output.find("SMART Backend Services, signed assertion"), std::string::npos) << shown.output;
  EXPECT_NE(shown.output.find("last_updated"), std::string::npos);
  EXPECT_NE(read_file(report).find("| utilization | Flag |"), std::string::npos) << read_file(report);
  EXPECT_EQ(site.sandbox->writes(), 0);

  const ProgramResult json = site.probe({"--format", "json", "--allow-writes", "--patient", "test1"});
  EXPECT_EQ(json.exit_code, 0) << json.errors;
  JsonDocument document;
  ASSERT_TRUE(document.parse(json.output).ok()) << json.output;
  const JsonView plan = document.root().at(0);
  EXPECT_TRUE(plan["complete"].boolean());
  EXPECT_EQ(plan["notices"].size(), 12u);
  EXPECT_EQ(plan["notices"].at(0)["channel"].text(), "Flag");
  EXPECT_EQ(site.sandbox->resources("Task").size(), 1u);
  EXPECT_EQ(plan["tested"].text().substr(plan["tested"].text().find(", ")), ", with writes on a test patient");
  for (const JsonView finding : plan["findings"]) {
    if (finding["resource_type"].text() != "Task") continue;
    EXPECT_TRUE(finding["creates"].boolean());
    EXPECT_TRUE(finding["heeds_identifier"].boolean());
    EXPECT_EQ(finding["left"].at(0).text(), "Task/000002 (entered-in-error)");
  }
}

TEST(ProbeCommand, AServerThatIgnoresIdentifierEndsWithOneWithoutAnyWrite) {
  const RegisteredSite site("ES384");
  ASSERT_TRUE(site.sandbox->load(R"({"resourceType":"Flag","id":"theirs","status":"active"})").ok());
  site.sandbox->set_faults({.ignored_parameter = "identifier"});
  const ProgramResult shown = site.probe({});
  EXPECT_EQ(shown.exit_code, 1) << shown.output << shown.errors;
  EXPECT_NE(shown.output.find("heeds identifier no"), std::string::npos) << shown.output;
  EXPECT_NE(shown.output.find("identifier is ignored"), std::string::npos);
  EXPECT_EQ(site.sandbox->writes(), 0);
}

TEST(ProbeCommand, ATestPatientThatIsNotThereIsNotWrittenTo) {
  const RegisteredSite site("ES384");
  const ProgramResult refused = site.probe({"--allow-writes", "--patient", "nobody"});
  EXPECT_EQ(refused.exit_code, 2) << refused.output;
  EXPECT_NE(refused.errors.find("no patient with the id of --patient"), std::string::npos) << refused.errors;
  EXPECT_EQ(site.sandbox->writes(), 0);
}

TEST(ProbeCommand, ALoginPageForAStatementEndsWithFourAndWritesNoReport) {
  const RegisteredSite site("ES384");
  site.sandbox->set_faults({.html_next = 99, .only_for = "metadata"});
  const std::string report = site.folder.path() + "/report.md";
  const ProgramResult shown = site.probe({"--report", report});
  EXPECT_EQ(shown.exit_code, 4) << shown.output;
  EXPECT_NE(shown.errors.find("a login page?"), std::string::npos) << shown.errors;
  EXPECT_NE(access(report.c_str(), F_OK), 0) << "a page of nothing says nothing";
}

TEST(ProbeCommand, AnEndpointWithoutAnyChannelEndsWithOneAndSaysWhy) {
  const TemporaryFolder folder;
  const std::string statement = folder.write("statement.json", R"({"resourceType":"CapabilityStatement","fhirVersion":
    "4.0.1","rest":[{"mode":"server","resource":[{"type":"Encounter","interaction":[{"code":"search-type"}],
    "searchParam":[{"name":"patient"}]}]}]})");
  const ProgramResult shown = run_authledger({"probe", "--preset", "epic", "--statement", statement});
  EXPECT_EQ(shown.exit_code, 1) << shown.errors;
  EXPECT_NE(shown.output.find("CapabilityStatement does not list Flag"), std::string::npos) << shown.output;
  EXPECT_NE(shown.output.find("better: set delivery.worklist_file"), std::string::npos) << shown.output;
  EXPECT_EQ(shown.output.find("ask the EHR's administrator whether this client can be given"), std::string::npos);
  EXPECT_EQ(run_authledger({"probe", "--preset", "epik", "--statement", statement}).exit_code, 2);
  EXPECT_EQ(run_authledger({"probe", "--preset", "epic"}).exit_code, 2);
  EXPECT_EQ(run_authledger({"probe", "--preset", "epic", "--statement", folder.write("x", "{}")}).exit_code, 2);
  const std::string other = folder.write("y", R"({"resourceType":"Bundle","rest":[]})");
  const ProgramResult refused = run_authledger({"probe", "--preset", "epic", "--statement", other});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.errors.find("holds no CapabilityStatement"), std::string::npos) << refused.errors;
  const std::string page = folder.write("page", "<html>Please log in</html>");
  EXPECT_NE(run_authledger({"probe", "--preset", "epic", "--statement", page}).errors.find("application/fhir+json"),
            std::string::npos);
  const std::string nothing = folder.write("z", R"({"resourceType":"CapabilityStatement"})");
  const ProgramResult empty = run_authledger({"probe", "--preset", "epic", "--statement", nothing});
  EXPECT_EQ(empty.exit_code, 1);
  EXPECT_NE(empty.output.find("lists no resource type at all"), std::string::npos) << empty.output;
}

TEST(ProbeCommand, WhatCannotBeMeantIsRefused) {
  const TemporaryFolder folder;
  const std::string statement = folder.write("statement.json", R"({"resourceType":"CapabilityStatement"})");
  const auto errors_of = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"probe", "--statement", statement};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult refused = run_authledger(arguments);
    EXPECT_EQ(refused.exit_code, 2) << refused.output;
    return refused.errors;
  };
  EXPECT_NE(errors_of({"--preset", "epic", "--allow-writes", "--patient", "p1"}).find("take one of them"),
            std::string::npos);
  EXPECT_NE(errors_of({"--preset", "epic", "--format", "ndjson"}).find("table or json"), std::string::npos);
  const std::string two = folder.write("two.yaml",
                                       "tenant: {name: riverside, time_zone: America/New_York}\nendpoints:\n"
                                       "  - {name: a, base_url: 'http://127.0.0.1:1/a'}\n"
                                       "  - {name: b, base_url: 'http://127.0.0.1:1/b', deliver: false}\n");
  EXPECT_NE(errors_of({"--config", two}).find("--endpoint"), std::string::npos);
  EXPECT_EQ(run_authledger({"probe", "--config", two, "--statement", statement, "--endpoint", "b"}).exit_code, 1);
}

TEST(ProbeCommand, APlanForAVendorsPresetCountsWithTheRightsThatATokenIsAskedFor) {
  const TemporaryFolder folder;
  const std::string statement = folder.write("statement.json", R"({"resourceType":"CapabilityStatement","fhirVersion":
    "4.0.1","rest":[{"mode":"server","resource":[{"type":"DocumentReference","interaction":[{"code":"create"},
    {"code":"update"},{"code":"search-type"}],"searchParam":[{"name":"identifier"}]}]}]})");
  const auto channel_with = [&](const std::string& preset) {
    const ProgramResult shown =
        run_authledger({"probe", "--format", "json", "--preset", preset, "--statement", statement});
    JsonDocument document;
    const auto root = document.parse(shown.output);
    EXPECT_TRUE(root.ok()) << shown.output << shown.errors;
    return root ? (*root).at(0)["notices"].at(0)["channel"].string() : "";
  };
  EXPECT_EQ(channel_with("generic"), "DocumentReference");
  EXPECT_EQ(channel_with("oracle_health"), "none") << "no right to DocumentReference is asked for there";
}

TEST(ProbeCommand, AnUnknownKeyAndAServerThatIsNotThereEndWithFour) {
  const RegisteredSite site("ES384");
  const std::string other = site.folder.path() + "/other.jwk";
  ASSERT_EQ(run_authledger({"keys", "new", "--alg", "ES384", "--out", other}).exit_code, 0);
  const std::string config = site.folder.write("other.yaml", config_text(site.sandbox->base_url(), other));
  const ProgramResult refused = run_authledger({"probe", "--config", config});
  EXPECT_EQ(refused.exit_code, 4) << refused.output;
  EXPECT_NE(refused.errors.find("is client_id ledger registered there with the public key"), std::string::npos)
      << refused.errors;
  const std::string nowhere = site.folder.write("no.yaml", config_text("http://127.0.0.1:1/fhir", site.key_file));
  EXPECT_EQ(run_authledger({"probe", "--config", nowhere}).exit_code, 4);
  const ProgramResult writes = site.probe({"--allow-writes"});
  EXPECT_EQ(writes.exit_code, 2);
  EXPECT_NE(writes.errors.find("--patient ID"), std::string::npos);
}

}  // namespace
}  // namespace authledger
