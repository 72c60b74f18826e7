// A payer's letter that is replaced in the EHR: one warning for each new content, and no copy of any. CAPABILITIES 10.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "ledger/store/quarantine_store.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr const char* kFirstHash = "oY1MeDpUblp7D2pgY825GlznKrc=";
// "The second letter of AUTH-1", and its hash.
constexpr const char* kSecondLetter = "VGhlIHNlY29uZCBsZXR0ZXIgb2YgQVVUSC0x";
constexpr const char* kSecondHash = "yFWM5/Irv51BS3U7zZoxA5fvFco=";

std::string letter_json(const std::string& attachment, const std::string& title = "Approval",
                        const std::string& patient = "Patient/p1") {
  return fmt::format(
      R"({{"resourceType":"DocumentReference","id":"l1","status":"current","subject":{{"reference":"{}"}},)"
      R"("date":"2026-10-02T09:00:00Z","content":[{{"attachment":{{{},"title":"{}"}}}}],)"
      R"("context":{{"related":[{{"reference":"ClaimResponse/r1"}}]}}}})",
      patient, attachment, title);
}

std::string by_link(const std::string& hash) {
  return fmt::format(R"("url":"https://ehr.example/fhir/Binary/b1","hash":"{}")", hash);
}

size_t count_warnings(Site& site, const std::string& status) {
  return count_resources(site, "Task", status, "auth-letter-changed");
}

TEST(Letter, ReplacedUpstreamWarnsOnceForEachNewContent) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr().load(letter_json(by_link(kFirstHash))).ok());
  sync_now(site);
  Answer first(site.run({"authorizations", "--on", "2026-11-01"}));
  EXPECT_EQ(first.row("authorization_number", "AUTH-1")["letters"].at(0).text(),
            std::string("ehr:DocumentReference/l1 https://ehr.example/fhir/Binary/b1 ") + kFirstHash);
  EXPECT_EQ(count_warnings(site, ""), 0U);

  // Another title is another version of the record, and the same letter.
  ASSERT_TRUE(site.ehr().put(letter_json(by_link(kFirstHash), "Approval letter")).ok());
  sync_now(site);
  EXPECT_EQ(count_warnings(site, ""), 0U);

  ASSERT_TRUE(site.ehr().put(letter_json(by_link(kSecondHash))).ok());
  sync_now(site);
  EXPECT_EQ(count_warnings(site, "requested"), 1U);
  EXPECT_EQ(count_resources(site, "Task", "requested", R"("reference":"DocumentReference/l1")"), 1U);
  expect_consistent(site);
  EXPECT_EQ(count_warnings(site, ""), 1U);

  // Somebody has looked at it: the same letter, however often it is written, is no news.
  edit(site, "Task", only_id(site, "Task"), "\"requested\"", "\"completed\"");
  ASSERT_TRUE(site.ehr().put(letter_json(by_link(kSecondHash), "Approval letter")).ok());
  sync_now(site);
  EXPECT_EQ(count_warnings(site, "completed"), 1U);
  EXPECT_EQ(count_warnings(site, ""), 1U);

  ASSERT_TRUE(site.ehr().put(letter_json(by_link("dGhpcmQ="))).ok());
  sync_now(site);
  EXPECT_EQ(count_warnings(site, "requested"), 1U);
  EXPECT_EQ(count_warnings(site, ""), 2U);
  expect_consistent(site);
}

TEST(Letter, ALinkThatIsSignedAnewAtEachReadingIsNoOtherLetter) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  const auto signed_link = [](const std::string& path, const std::string& signature, const std::string& stated) {
    return fmt::format(R"("url":"https://files.example/{}?X-Amz-Signature={}#page=1"{})", path, signature, stated);
  };
  ASSERT_TRUE(site.ehr().load(letter_json(signed_link("b1", "1", ""))).ok());
  sync_now(site);
  const auto entries_after = [&](const std::string& attachment, const std::string& title = "Approval") {
    EXPECT_TRUE(site.ehr().put(letter_json(attachment, title)).ok());
    return Answer(sync_now(site)).number({"entries"});
  };
  EXPECT_EQ(entries_after(signed_link("b1", "2", "")), 0);
  EXPECT_EQ(entries_after(signed_link("b2", "3", "")), 1) << "it lies somewhere else";
  const std::string stated = R"(,"size":4711,"creation":"2026-10-02T09:00:00Z")";
  EXPECT_EQ(entries_after(signed_link("b2", "4", stated)), 1) << "from now on known by what is stated of it";
  EXPECT_EQ(entries_after(signed_link("token-5/b2", "5", stated)), 0);
  EXPECT_EQ(entries_after(signed_link("b2", "6", stated + R"(,"hash":"aGFzaA==")")), 1);
  EXPECT_EQ(entries_after(signed_link("b2", "7", stated)), 1);
  EXPECT_EQ(count_warnings(site, ""), 0U) << "none of it says that the letter is another one";
  EXPECT_EQ(entries_after(signed_link("b2", "8", R"(,"size":4712,"creation":"2026-10-02T09:00:00Z")")), 1);
  EXPECT_EQ(count_warnings(site, "requested"), 1U);
  expect_consistent(site);
}

TEST(Letter, SentInlineIsHashedAndNeverKept) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  ASSERT_TRUE(site.ehr().load(letter_json(by_link(kFirstHash))).ok());
  sync_now(site);
  ASSERT_TRUE(site.ehr().put(letter_json(fmt::format(R"("data":"{}")", kSecondLetter))).ok());
  sync_now(site);
  EXPECT_EQ(count_warnings(site, "requested"), 1U);
  const std::string file = site.folder().path() + "/evidence.json", now = format_instant(SystemClock().now());
  ASSERT_EQ(site.run({"evidence", "AUTH-1", "--on", "2026-11-01", "--as-known-at", now, "--out", file}).exit_code, 0);
  const std::string text = read_file(file);
  EXPECT_EQ(run_authledger({"verify", "--file", file}).exit_code, 0);
  EXPECT_NE(read_file(file + ".txt").find(std::string("on file ehr:DocumentReference/l1 ") + kSecondHash),
            std::string::npos)
      << read_file(file + ".txt");
  EXPECT_NE(text.find(kFirstHash), std::string::npos) << "what it was before";
  EXPECT_EQ(text.find(kSecondLetter), std::string::npos);
  expect_consistent(site);

  // Nor in quarantine, where a record waits whose patient cannot be told.
  ASSERT_TRUE(site.ehr().put(letter_json(fmt::format(R"("data":"{}")", kSecondLetter), "", "Group/g1")).ok());
  sync_now(site, 1);
  PgConnection connection = site.database().connection();
  constexpr int64_t kTenant = 1;
  std::vector<StoredResource> waiting;
  transact(connection, kTenant, [&](Transaction& transaction) { waiting = read_quarantine_bodies(transaction); });
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_NE(waiting[0].body.find(kSecondHash), std::string::npos) << waiting[0].body;
  EXPECT_EQ(waiting[0].body.find(kSecondLetter), std::string::npos);
}

}  // namespace
}  // namespace authledger
