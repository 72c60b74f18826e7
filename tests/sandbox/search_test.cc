#include <ctime>
#include <set>

#include "base/day.h"
#include "tests/sandbox/sandbox_client.h"

namespace authledger {
namespace {

class Search : public SandboxTest {
 protected:
  void SetUp() override {
    SandboxTest::SetUp();
    load(encounter("a", "p1", "2026-03-01T23:30:00-05:00") + "\n" +  //
         encounter("b", "p2", "2026-03-02T09:00:00-05:00", "planned") + "\n" +
         encounter("c", "p1", "2026-03-03T09:00:00-05:00"));
  }
};

TEST_F(Search, ByPatientSubjectAndBothFormsOfReference) {
  EXPECT_EQ(ids("Encounter?patient=p1"), "a c");
  EXPECT_EQ(ids("Encounter?patient=Patient/p1"), "a c");
  EXPECT_EQ(ids("Encounter?subject=Patient/p2"), "b");
  EXPECT_EQ(ids("Encounter?patient=" + base + "/Patient/p2"), "b");
  EXPECT_EQ(ids("Encounter?patient=p1,p2"), "a b c");
  EXPECT_EQ(ids("Encounter?patient=p3"), "");
}

TEST_F(Search, ByTokenWithAndWithoutSystem) {
  EXPECT_EQ(ids("Encounter?identifier=urn:visits|v-b"), "b");
  EXPECT_EQ(ids("Encounter?identifier=urn%3Avisits%7Cv-b"), "b");
  EXPECT_EQ(ids("Encounter?identifier=v-b"), "b");
  EXPECT_EQ(ids("Encounter?identifier=urn:other|v-b"), "");
  EXPECT_EQ(ids("Encounter?identifier=urn:visits|"), "a b c");
  EXPECT_EQ(ids("Encounter?status=finished,planned"), "a b c");
  EXPECT_EQ(ids("Encounter?status=finished&patient=p1&_id=c"), "c");
  EXPECT_EQ(ids("Encounter?_id=a,c"), "a c");
}

TEST_F(Search, AcceptsABarThatTheClientDidNotEncode) {
  const std::string host = base.substr(7, base.find('/', 7) - 7);
  const Socket socket = connect_to_loopback(std::stoi(host.substr(host.find(':') + 1)));
  ASSERT_TRUE(send_all(socket, "GET /fhir/Encounter?identifier=urn:visits|v-b HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
  const auto answer = HttpReader(-1).read(socket);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->start_line, "HTTP/1.1 200 OK");
  EXPECT_NE(answer->body.find(R"("total":1)"), std::string::npos);
}

TEST_F(Search, ByDateInTheClinicsTimeZone) {
  EXPECT_EQ(ids("Encounter?date=2026-03-02"), "");  // Their ends are open, so no day holds them whole.
  EXPECT_EQ(ids("Encounter?date=lt2026-03-02"), "a");
  EXPECT_EQ(ids("Encounter?date=le2026-03-02"), "a b");
  load(R"({"resourceType":"Appointment","id":"x","status":"booked","start":"2026-03-01T23:30:00-05:00",)"
       R"("participant":[{"actor":{"reference":"Patient/p1"}},{"actor":{"reference":"Practitioner/d"}}]})");
  EXPECT_EQ(ids("Appointment?date=2026-03-01&patient=p1"), "x");
  EXPECT_EQ(ids("Appointment?date=ge2026-03-02"), "");
  EXPECT_EQ(ids("Appointment?date=ge2026-03-01&date=lt2026-03-02"), "x");
  EXPECT_EQ(ids("Appointment?date=gt2026-02-28"), "x");
  EXPECT_EQ(ids("Appointment?patient=d"), "");
}

TEST_F(Search, ByLastUpdatedFindsOnlyWhatChangedSince) {
  const auto last_updated = [&](const std::string& id) {
    return json(get("Encounter/" + id))["meta"]["lastUpdated"].string();
  };
  // b and c were loaded in this order, in one millisecond or in several.
  const std::string of_b = last_updated("b"), of_c = last_updated("c");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(sandbox->put(encounter("a", "p1", "2026-03-01T23:30:00-05:00", "cancelled")).ok());
  EXPECT_EQ(ids("Encounter?_lastUpdated=ge" + of_b), "b c a");
  EXPECT_EQ(ids("Encounter?_lastUpdated=gt" + of_c), "a");
  EXPECT_EQ(ids("Encounter?_lastUpdated=le" + of_c), "b c");
  EXPECT_EQ(ids("Encounter?_lastUpdated=lt" + last_updated("a") + "&patient=p1"), "c");
}

TEST_F(Search, ByLastUpdatedIsIgnoredByAServerWithoutIt) {
  restart({.honours_last_updated = false});
  load(encounter("a", "p1", "2026-03-01"));
  const HttpAnswer answer = get("Encounter?_lastUpdated=ge2099-01-01");
  EXPECT_EQ(json(answer)["entry"].size(), 1u);
  EXPECT_EQ(link(json(answer), "self"), base + "/Encounter");
}

TEST_F(Search, SelfLinkShowsOnlyWhatWasUsed) {
  const HttpAnswer answer = get("Encounter?status=finished&colour=blue&_count=5");
  EXPECT_EQ(link(json(answer), "self"), base + "/Encounter?status=finished&_count=5");
  EXPECT_EQ(get("Encounter?colour=blue", {{"Prefer", "handling=strict"}}).status, 400);
}

TEST_F(Search, ByPostTakesAForm) {
  const HttpAnswer answer = ask("POST", base + "/Encounter/_search", "patient=p1&status=finished",
                                {{"Content-Type", "application/x-www-form-urlencoded"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json(answer)["total"].text(), "2");
  EXPECT_EQ(ask("POST", base + "/Encounter/_search", "{}").status, 415);
}

TEST_F(Search, ByMemberFindsGroups) {
  load(R"({"resourceType":"Group","id":"roster","type":"person","actual":true,)"
       R"("member":[{"entity":{"reference":"Patient/p1"}},{"entity":{"reference":"Patient/p2"}}]})");
  EXPECT_EQ(ids("Group?member=Patient/p2"), "roster");
  EXPECT_EQ(ids("Group?member=Patient/p9"), "");
}

TEST_F(Search, ByUseBeneficiaryAndProfile) {
  load(R"({"resourceType":"ExplanationOfBenefit","id":"e","use":"preauthorization",)"
       R"("patient":{"reference":"Patient/p1"},)"
       R"("meta":{"profile":["http://example.org/p"]}})"
       "\n"
       R"({"resourceType":"Coverage","id":"k","beneficiary":{"reference":"Patient/p1"}})");
  EXPECT_EQ(ids("ExplanationOfBenefit?use=preauthorization"), "e");
  EXPECT_EQ(ids("ExplanationOfBenefit?use=claim"), "");
  EXPECT_EQ(ids("ExplanationOfBenefit?_profile=http://example.org/p"), "e");
  EXPECT_EQ(ids("Coverage?beneficiary=Patient/p1"), "k");
  EXPECT_EQ(ids("Coverage?patient=p1"), "k");
}

TEST_F(Search, PagesReadEverythingOnceThoughAllWereLoadedAtOnce) {
  std::string lines;
  for (int i = 0; i < 95; ++i) lines += encounter("n" + std::to_string(i), "p7", "2026-03-01") + "\n";
  load(lines);
  std::multiset<std::string> seen;
  std::string url = base + "/Encounter?patient=p7&_count=10";
  int pages = 0;
  while (!url.empty() && pages < 50) {
    const HttpAnswer answer = ask("GET", url);
    const JsonView bundle = json(answer);
    EXPECT_EQ(bundle["total"].text(), "95");
    for (JsonView entry : bundle["entry"]) seen.insert(entry["resource"]["id"].string());
    url = link(bundle, "next");
    ++pages;
  }
  EXPECT_EQ(pages, 10);
  EXPECT_EQ(seen.size(), 95u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 95u);
  EXPECT_EQ(get("Encounter?_page_token=nonsense").status, 400);
  EXPECT_EQ(json(get("Encounter?_count=0"))["total"].text(), "98");
}

TEST_F(Search, StaysQuickOverTenThousandResources) {
  std::string lines;
  for (int i = 0; i < 10000; ++i) {
    lines += encounter("n" + std::to_string(i), "q" + std::to_string(i / 10), "2026-03-01T09:00:00-05:00") + "\n";
  }
  load(lines);
  const std::clock_t start = std::clock();  // Processor time of all threads: a busy machine does not fail this.
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(json(get("Encounter?patient=q" + std::to_string(i)))["total"].text(), "10");
  }
  EXPECT_EQ(json(get("Encounter?status=finished&_count=1"))["total"].text(), "10002");
  EXPECT_LT(std::clock() - start, 4 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace authledger
