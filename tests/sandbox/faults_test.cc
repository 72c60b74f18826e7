#include "sandbox/fault_switch.h"
#include "tests/sandbox/sandbox_client.h"

namespace authledger {
namespace {

const std::string kFlag = R"({"resourceType":"Flag","identifier":[{"system":"urn:n","value":"one"}],)"
                          R"("status":"active","subject":{"reference":"Patient/p1"}})";

class Faults : public SandboxTest {
 protected:
  void SetUp() override {
    SandboxTest::SetUp();
    load(encounter("a", "p1", "2026-03-01") + "\n" + encounter("b", "p1", "2026-03-02") + "\n" +
         encounter("c", "p1", "2026-03-03"));
  }

  // Of the pages of a search with one entry each: the ids, in order, followed by versions.
  std::string walk(int pages_max) {
    std::string found, url = base + "/Encounter?_count=1";
    for (int page = 0; page < pages_max && !url.empty(); ++page) {
      const HttpAnswer answer = ask("GET", url);
      const JsonView bundle = json(answer);
      for (JsonView entry : bundle["entry"]) {
        found += entry["resource"]["id"].string() + entry["resource"]["meta"]["versionId"].string() + " ";
      }
      found += "| ";
      url = link(bundle, "next");
    }
    return found;
  }
};

TEST_F(Faults, ThrottleAnswers429AndThenRecovers) {
  SandboxFaults faults;
  faults.throttle_next = 2;
  faults.retry_after = "7";
  sandbox->set_faults(faults);
  const HttpAnswer first = get("Encounter");
  EXPECT_EQ(first.status, 429);
  EXPECT_EQ(first.header("retry-after"), "7");
  EXPECT_EQ(get("Encounter").status, 429);
  EXPECT_EQ(get("Encounter").status, 200);
  faults.retry_after = "";
  sandbox->set_faults(faults);
  EXPECT_EQ(get("Encounter").headers.count("retry-after"), 0u);
}

TEST_F(Faults, UnavailableHtmlAndRedirect) {
  SandboxFaults faults;
  faults.unavailable_next = 1;
  faults.html_next = 1;
  sandbox->set_faults(faults);
  EXPECT_EQ(get("Encounter").status, 503);
  const HttpAnswer page = get("Encounter");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html");
  EXPECT_EQ(get("Encounter").header("content-type"), "application/fhir+json");
  faults = {};
  faults.redirect_to = "https://elsewhere.example/fhir";
  sandbox->set_faults(faults);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 201);
  const HttpAnswer redirect = get("Flag/000001/_history");
  EXPECT_TRUE(redirect.status == 307 || redirect.status == 0);  // The client may try to follow it.
  sandbox->set_faults({});
}

TEST_F(Faults, SlowAnswersWaitAndOthersDoNot) {
  SandboxFaults faults;
  faults.slow_next = 1;
  faults.slow_for = std::chrono::milliseconds(400);
  sandbox->set_faults(faults);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(get("Encounter").status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(400));
  faults.slow_for = std::chrono::hours(1);
  sandbox->set_faults(faults);
  EXPECT_EQ(ask("GET", base + "/Encounter", "", {}, std::chrono::seconds(1)).status, 0);
  EXPECT_EQ(get("Encounter").status, 200);
}

TEST_F(Faults, TruncatedAndResetAnswersAreNoAnswers) {
  SandboxFaults faults;
  faults.truncate_next = 1;
  faults.reset_next = 1;
  sandbox->set_faults(faults);
  EXPECT_EQ(get("Encounter").status, 0);
  EXPECT_EQ(get("Encounter").status, 0);
  EXPECT_EQ(get("Encounter").status, 200);
  EXPECT_EQ(sandbox->requests(), 3);
}

TEST_F(Faults, AWriteMayBeDoneThoughTheAnswerNeverComes) {
  SandboxFaults faults;
  faults.write_then_silent_next = 1;
  sandbox->set_faults(faults);
  EXPECT_EQ(get("Encounter").status, 200);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, {}, std::chrono::seconds(1)).status, 0);
  EXPECT_EQ(sandbox->writes(), 1);
  EXPECT_EQ(ids("Flag?identifier=urn:n|one"), "000001");
}

TEST_F(Faults, AResetWriteIsNotDone) {
  SandboxFaults faults;
  faults.reset_next = 1;
  sandbox->set_faults(faults);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 0);
  EXPECT_EQ(sandbox->writes(), 0);
}

TEST_F(Faults, EntriesRepeatOnTheNextPageAlsoInAnOlderVersion) {
  EXPECT_EQ(walk(9), "a1 | b1 | c1 | ");
  SandboxFaults faults;
  faults.repeat_entries = true;
  sandbox->set_faults(faults);
  EXPECT_EQ(walk(9), "a1 | a1 b1 | b1 c1 | ");
  faults.stale_repeat = true;
  sandbox->set_faults(faults);
  EXPECT_EQ(walk(9), "a1 | a0 b1 | b0 c1 | ");
}

TEST_F(Faults, NextLinksGoInCirclesOrElsewhere) {
  SandboxFaults faults;
  faults.endless_next = true;
  sandbox->set_faults(faults);
  EXPECT_EQ(walk(4), "a1 | a1 | a1 | a1 | ");
  faults = {};
  faults.foreign_next = "http://127.0.0.2:1/fhir/Encounter?x=1";
  sandbox->set_faults(faults);
  EXPECT_EQ(link(json(get("Encounter?_count=1")), "next"), faults.foreign_next);
}

TEST_F(Faults, ASearchsetMayCarryAnOutcomeAndAWrongTotal) {
  SandboxFaults faults;
  faults.outcome_in_searchset = true;
  sandbox->set_faults(faults);
  const JsonView bundle = json(get("Encounter"));
  EXPECT_EQ(bundle["entry"].at(0)["search"]["mode"].text(), "outcome");
  EXPECT_EQ(bundle["entry"].size(), 4u);
  EXPECT_EQ(bundle["total"].text(), "10");
}

TEST_F(Faults, ALaggingSearchShowsTheOldState) {
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  ASSERT_TRUE(sandbox->put(encounter("a", "p1", "2026-03-01", "cancelled")).ok());
  SandboxFaults faults;
  faults.search_lag = std::chrono::milliseconds(500);
  sandbox->set_faults(faults);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 201);
  EXPECT_EQ(ids("Flag?identifier=urn:n|one"), "");
  EXPECT_EQ(ids("Encounter?status=finished"), "a b c");
  EXPECT_EQ(json(get("Encounter/a"))["status"].text(), "cancelled");
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(ids("Flag?identifier=urn:n|one"), "000001");
  EXPECT_EQ(ids("Encounter?status=finished"), "b c");
}

// One index answers both.
TEST_F(Faults, ALaggingIndexHidesAWriteFromAConditionalCreateToo) {
  const std::map<std::string, std::string> condition = {{"If-None-Exist", "identifier=urn:n|one"}};
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, condition).status, 201);
  SandboxFaults faults;
  faults.search_lag = std::chrono::minutes(10);
  sandbox->set_faults(faults);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, condition).status, 201);
  sandbox->set_faults({});
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag, condition).status, 412) << "both stand there";
  EXPECT_EQ(sandbox->resources("Flag").size(), 2u);
}

TEST_F(Faults, ApplyOnlyWhereTheyAreMeantTo) {
  SandboxFaults faults;
  faults.unavailable_next = 1;
  faults.only_for = "Flag";
  faults.only_method = "POST";
  sandbox->set_faults(faults);
  EXPECT_EQ(get("Encounter").status, 200);
  EXPECT_EQ(get("Flag").status, 200);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 503);
  EXPECT_EQ(ask("POST", base + "/Flag", kFlag).status, 201);
}

TEST_F(Faults, AreSetAndShownOverHttp) {
  const std::string root = base.substr(0, base.rfind('/'));
  const HttpAnswer set = ask("POST", root + "/$faults", R"({"throttle_next":1,"retry_after":"2","slow_for":250})");
  ASSERT_EQ(set.status, 200) << set.body;
  const JsonView shown = json(ask("GET", root + "/$faults"));
  EXPECT_EQ(shown["throttle_next"].text(), "1");
  EXPECT_EQ(shown["slow_for"].text(), "250");
  EXPECT_EQ(get("Encounter").status, 429);
  EXPECT_EQ(ask("POST", root + "/$faults", R"({"throttel_next":1})").status, 400);
  EXPECT_EQ(ask("POST", root + "/$faults", R"({"throttle_next":"many"})").status, 400);
  EXPECT_EQ(ask("POST", root + "/$faults", "{}").status, 200);
  EXPECT_EQ(get("Encounter").status, 200);
  EXPECT_EQ(ask("POST", root + "/$load", encounter("z", "p1", "2026-03-09")).status, 204);
  EXPECT_EQ(get("Encounter/z").status, 200);
}

TEST_F(Faults, SurviveTheirJson) {
  SandboxFaults faults;
  faults.slow_next = 3;
  faults.slow_for = std::chrono::milliseconds(1500);
  faults.foreign_next = "http://x.example/\"quoted\"";
  faults.stale_repeat = true;
  JsonDocument text;
  const std::string written = faults_to_json(faults);
  const auto read = parse_faults(*text.parse(written));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(faults_to_json(*read), written);
}

TEST_F(Faults, StoppingDoesNotWaitForSlowAnswers) {
  SandboxFaults faults;
  faults.slow_next = 1;
  faults.slow_for = std::chrono::hours(1);
  sandbox->set_faults(faults);
  std::thread waiting([&] { EXPECT_EQ(ask("GET", base + "/Encounter").status == 200, false); });
  while (sandbox->requests() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto start = std::chrono::steady_clock::now();
  sandbox.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  waiting.join();
}

}  // namespace
}  // namespace authledger
