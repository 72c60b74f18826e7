#include "tests/sandbox/sandbox_client.h"

namespace authledger {
namespace {

const std::string kFlag = R"({"resourceType":"Flag","identifier":[{"system":"urn:n","value":"one"}],"status":"active",)"
                          R"("code":{"text":"2 of 12 visits left"},"subject":{"reference":"Patient/p1"}})";

std::string as_update(const std::string& id, const std::string& text) {
  return R"({"resourceType":"Flag","id":")" + id + R"(","status":"active","code":{"text":")" + text +
         R"("},"subject":{"reference":"Patient/p1"}})";
}

using Rest = SandboxTest;

TEST_F(Rest, MetadataDeclaresWhatItDoes) {
  const HttpAnswer answer = get("metadata");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/fhir+json");
  const JsonView statement = json(answer);
  EXPECT_EQ(statement["resourceType"].text(), "CapabilityStatement");
  EXPECT_EQ(statement["fhirVersion"].text(), "4.0.1");
  bool flag = false;
  for (JsonView resource : statement["rest"].at(0)["resource"]) {
    if (resource["type"].text() != "Flag") continue;
    flag = true;
    EXPECT_TRUE(resource["conditionalCreate"].boolean());
    std::string interactions, parameters;
    for (JsonView interaction : resource["interaction"]) interactions += interaction["code"].string() + " ";
    for (JsonView parameter : resource["searchParam"]) parameters += parameter["name"].string() + " ";
    EXPECT_EQ(interactions, "read vread history-instance history-type search-type create update delete ");
    EXPECT_NE(parameters.find("identifier "), std::string::npos);
    EXPECT_NE(parameters.find("_lastUpdated "), std::string::npos);
  }
  EXPECT_TRUE(flag);
}

TEST_F(Rest, MetadataOfAPoorerServerDeclaresLess) {
  restart({.conditional_create = false, .honours_last_updated = false, .read_only_types = {"Task"}});
  const JsonView statement = json(get("metadata"));
  for (JsonView resource : statement["rest"].at(0)["resource"]) {
    EXPECT_FALSE(resource["conditionalCreate"].boolean());
    for (JsonView parameter : resource["searchParam"]) EXPECT_NE(parameter["name"].text(), "_lastUpdated");
    for (JsonView interaction : resource["interaction"]) {
      EXPECT_FALSE(resource["type"].text() == "Task" && interaction["code"].text() == "create");
    }
  }
  EXPECT_EQ(ask("POST", base + "/Task", R"({"resourceType":"Task"})").status, 405);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 201);
}

TEST_F(Rest, CreateGivesIdVersionAndLocation) {
  const HttpAnswer created = ask("POST", base + "/Flag", kFlag);
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.header("etag"), "W/\"1\"");
  EXPECT_FALSE(created.header("date").empty());
  EXPECT_FALSE(created.header("last-modified").empty());
  const std::string id = json(created)["id"].string();
  EXPECT_EQ(created.header("location"), base + "/Flag/" + id + "/_history/1");
  const HttpAnswer read = get("Flag/" + id);
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.header("etag"), "W/\"1\"");
  EXPECT_EQ(json(read)["meta"]["versionId"].text(), "1");
  EXPECT_EQ(sandbox->writes(), 1);
}

TEST_F(Rest, TheHistoryOfATypeIsNewestFirstAndNamesDeletions) {
  ask("PUT", base + "/Flag/f1", R"({"resourceType":"Flag","id":"f1","status":"active"})");
  ask("PUT", base + "/Flag/f2", R"({"resourceType":"Flag","id":"f2","status":"active"})");
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ask("DELETE", base + "/Flag/f1");
  const JsonView first = json(get("Flag/_history?_count=1"));
  EXPECT_EQ(first["type"].text(), "history");
  EXPECT_EQ(first["total"].text(), "3");
  EXPECT_EQ(first["entry"].at(0)["request"]["method"].text(), "DELETE");
  EXPECT_EQ(first["entry"].at(0)["request"]["url"].text(), "Flag/f1");
  EXPECT_FALSE(first["entry"].at(0)["resource"].exists());
  EXPECT_EQ(first["link"].at(1)["relation"].text(), "next");
  EXPECT_EQ(json(get("Flag/_history"))["entry"].size(), 3u);
  EXPECT_EQ(json(get("Flag/_history?_since=2199-01-01T00:00:00Z"))["entry"].size(), 0u);
  EXPECT_EQ(get("Flag/_history?_since=soon").status, 400);
}

TEST_F(Rest, ConditionalCreateFindsOneAndRefusesMany) {
  const std::map<std::string, std::string> condition = {{"If-None-Exist", "identifier=urn:n|one"}};
  const HttpAnswer first = ask("POST", base + "/Flag", kFlag, condition);
  ASSERT_EQ(first.status, 201) << first.body;
  const HttpAnswer again = ask("POST", base + "/Flag", kFlag, condition);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.header("location"), first.header("location"));
  EXPECT_EQ(sandbox->writes(), 1);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 201);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, condition).status, 412);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, {{"If-None-Exist", "unheard-of=1"}}).status, 400);
  EXPECT_EQ(sandbox->resources("Flag").size(), 2u);
}

TEST_F(Rest, ConditionalCreateIsIgnoredWhenNotDeclared) {
  restart({.conditional_create = false});
  const std::map<std::string, std::string> condition = {{"If-None-Exist", "identifier=urn:n|one"}};
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, condition).status, 201);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, condition).status, 201);
}

TEST_F(Rest, UpdateNeedsTheCurrentVersionWhenIfMatchIsSent) {
  EXPECT_EQ(ask("PUT", base + "/Flag/f1", as_update("f1", "a")).status, 201);
  const HttpAnswer updated = ask("PUT", base + "/Flag/f1", as_update("f1", "b"), {{"If-Match", "W/\"1\""}});
  EXPECT_EQ(updated.status, 200);
  EXPECT_EQ(updated.header("etag"), "W/\"2\"");
  const HttpAnswer stale = ask("PUT", base + "/Flag/f1", as_update("f1", "c"), {{"If-Match", "W/\"1\""}});
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(json(stale)["resourceType"].text(), "OperationOutcome");
  EXPECT_EQ(sandbox->writes(), 2);
}

TEST_F(Rest, AnUpdateThatChangesNothingMakesNoVersion) {
  ask("PUT", base + "/Flag/f1", as_update("f1", "a"));
  const HttpAnswer same = ask("PUT", base + "/Flag/f1", as_update("f1", "a"));
  EXPECT_EQ(same.status, 200);
  EXPECT_EQ(same.header("etag"), "W/\"1\"");
  EXPECT_EQ(sandbox->writes(), 1);
}

TEST_F(Rest, HistoryKeepsEveryVersionAndTheDeletion) {
  ask("PUT", base + "/Flag/f1", as_update("f1", "a"));
  ask("PUT", base + "/Flag/f1", as_update("f1", "b"));
  EXPECT_EQ(ask("DELETE", base + "/Flag/f1").status, 204);
  EXPECT_EQ(get("Flag/f1").status, 410);
  EXPECT_EQ(json(get("Flag/f1/_history/1"))["code"]["text"].text(), "a");
  EXPECT_EQ(get("Flag/f1/_history/3").status, 410);
  EXPECT_EQ(get("Flag/f1/_history/9").status, 404);
  const JsonView history = json(get("Flag/f1/_history"));
  ASSERT_EQ(history["entry"].size(), 3u);
  EXPECT_EQ(history["type"].text(), "history");
  EXPECT_EQ(history["entry"].at(0)["request"]["method"].text(), "DELETE");
  EXPECT_FALSE(history["entry"].at(0)["resource"].exists());
  EXPECT_EQ(history["entry"].at(2)["resource"]["meta"]["versionId"].text(), "1");
  EXPECT_EQ(ids("Flag?patient=p1"), "");
  EXPECT_EQ(ask("PUT", base + "/Flag/f1", as_update("f1", "back")).status, 201);
}

TEST_F(Rest, ErrorsAreOperationOutcomes) {
  const std::map<std::string, std::string> xml = {{"Content-Type", "application/xml"}};
  const std::vector<std::pair<int, HttpAnswer>> answers = {
      {404, get("Flag/none")},
      {404, get("Unicorn")},
      {400, ask("POST", base + "/Flag", "{not json")},
      {400, ask("POST", base + "/Flag", R"({"resourceType":"Task"})")},
      {400, ask("PUT", base + "/Flag/f2", as_update("f1", "a"))},
      {400, get("Encounter?date=yesterday")},
      {400, get("Encounter?status:not=finished")},
      {405, ask("DELETE", base + "/Flag")},
      {406, get("Flag", {{"Accept", "application/fhir+xml"}})},
      {415, ask("POST", base + "/Flag", kFlag, xml)},
  };
  for (const auto& [status, answer] : answers) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(json(answer)["resourceType"].text(), "OperationOutcome");
  }
  EXPECT_EQ(sandbox->writes(), 0);
}

TEST_F(Rest, ATokenIsRequiredWhenConfigured) {
  restart({.required_token = "secret"});
  EXPECT_EQ(get("Patient").status, 401);
  EXPECT_EQ(get("Patient", {{"Authorization", "Bearer wrong"}}).status, 401);
  EXPECT_EQ(get("Patient", {{"Authorization", "Bearer secret"}}).status, 200);
  EXPECT_EQ(get("metadata").status, 200);
}

TEST_F(Rest, OnlyLoopbackIsListenedOn) {
  EXPECT_FALSE(Sandbox::start({.listen = "0.0.0.0:0"}).ok());
  EXPECT_FALSE(Sandbox::start({.listen = "nonsense"}).ok());
}

TEST_F(Rest, PeopleChangeResourcesBehindTheApi) {
  load(encounter("e1", "p1", "2026-03-02T09:00:00-05:00"));
  load(encounter("e1", "p1", "2026-03-02T09:00:00-05:00"));
  ASSERT_TRUE(sandbox->put(encounter("e1", "p1", "2026-03-02T09:00:00-05:00", "entered-in-error")).ok());
  EXPECT_EQ(json(get("Encounter/e1"))["meta"]["versionId"].text(), "3");
  EXPECT_EQ(sandbox->writes(), 0);
  ASSERT_TRUE(sandbox->remove("Encounter", "e1").ok());
  EXPECT_FALSE(sandbox->resource("Encounter", "e1").has_value());
  EXPECT_FALSE(sandbox->remove("Encounter", "e9").ok());
}

TEST_F(Rest, LoadsBundlesAndLines) {
  load(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" + encounter("a", "p", "2026-01-01") +
       "}]}");
  load(encounter("b", "p", "2026-01-01") + "\n\n" + encounter("c", "p", "2026-01-01") + "\n");
  EXPECT_EQ(sandbox->resources("Encounter").size(), 3u);
  EXPECT_FALSE(sandbox->load("{\"resourceType\":\"Encounter\"}").ok());
  EXPECT_FALSE(sandbox->load("no json").ok());
}

TEST_F(Rest, LogsRequestsWithoutTheirQuery) {
  get("Patient?name=Secret");
  ask("POST", base + "/Flag", kFlag);
  EXPECT_EQ(sandbox->request_log(), (std::vector<std::string>{"GET /fhir/Patient", "POST /fhir/Flag"}));
  EXPECT_EQ(sandbox->requests(), 2);
}

}  // namespace
}  // namespace authledger
