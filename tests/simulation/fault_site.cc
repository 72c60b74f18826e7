#include "tests/simulation/fault_site.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace authledger {
namespace {

constexpr Statement kLetTimePass{"let_time_pass", R"(
  update notice
     set due_at = due_at - make_interval(hours => $2),
         create_begun_at = create_begun_at - make_interval(hours => $2),
         missing_since = missing_since - make_interval(hours => $2)
   where tenant_id = $1)"};

}  // namespace

void load_patient(Site& site, int approved, int visits) {
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(coverage_json("c1", "p1", "payer-1", "2026-01-01")).ok());
  ASSERT_TRUE(site.ehr()
                  .load(claim_response_json({.id = "r1",
                                             .patient = "p1",
                                             .number = "AUTH-1",
                                             .first_day = "2026-10-01",
                                             .last_day = "2027-03-31",
                                             .units = approved}))
                  .ok());
  for (int i = 1; i <= visits; ++i) {
    const std::string day = "2026-10-" + std::string(i < 7 ? "0" : "") + std::to_string(i + 3);
    ASSERT_TRUE(site.ehr().load(encounter_json("e" + std::to_string(i), "p1", "90837", day)).ok());
  }
}

ProgramResult sync_now(Site& site, int exit_code) {
  ProgramResult result = site.run(kSyncNow);
  EXPECT_EQ(result.exit_code, exit_code) << result.output << result.errors;
  return result;
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void let_time_pass(Site& site, int hours) {
  PgConnection owner = site.database().owner_connection();
  Transaction transaction(owner, 1);
  transaction.execute(kLetTimePass, Parameters().integer(1).integer(hours));
  transaction.commit();
}

std::vector<std::string> notice_states(Site& site) {
  Answer notices(site.run({"notices"}));
  std::vector<std::string> states;
  for (JsonView row : notices.root()) states.push_back(row["state"].string());
  return states;
}

JsonView feed_of(const Answer& answer, const std::string& resource_type) {
  const JsonView list = answer.root().is_array() ? answer.root() : answer.root()["feeds"];
  for (JsonView feed : list) {
    if (feed["resource_type"].text() == resource_type) return feed;
  }
  return {};
}

std::string gaps_of(const Answer& answer, const std::string& resource_type) {
  std::string gaps;
  for (JsonView gap : feed_of(answer, resource_type)["gaps"]) gaps += gap.string() + "\n";
  return gaps;
}

std::string balance(Site& site, const std::string& column, const std::string& number) {
  Answer rows(site.run({"authorizations", "--on", "2026-11-01"}));
  return rows.row("authorization_number", number)[column].string();
}

size_t count_resources(Site& site, const std::string& type, const std::string& status, const std::string& words) {
  size_t count = 0;
  for (const std::string& text : site.ehr().resources(type)) {
    JsonDocument document;
    const auto resource = document.parse(text);
    const bool is_status = resource && (status.empty() || (*resource)["status"].text() == status);
    if (is_status && text.find(words) != std::string::npos) ++count;
  }
  return count;
}

size_t count_requests(Site& site, const std::string& request) {
  const std::vector<std::string> log = site.ehr().request_log();
  return static_cast<size_t>(std::count(log.begin(), log.end(), request));
}

void wait_out_lease() {
  std::this_thread::sleep_for(std::chrono::milliseconds(10200));
}

void edit(Site& site, const std::string& type, const std::string& id, const std::string& from, const std::string& to) {
  std::string text = site.ehr().resource(type, id).value_or("");
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << text;
  ASSERT_TRUE(site.ehr().put(text.replace(at, from.size(), to)).ok());
}

std::string only_id(Site& site, const std::string& type) {
  const std::vector<std::string> texts = site.ehr().resources(type);
  EXPECT_EQ(texts.size(), 1U);
  if (texts.size() != 1) return "";
  JsonDocument document;
  const auto resource = document.parse(texts[0]);
  return resource ? (*resource)["id"].string() : "";
}

void expect_consistent(Site& site) {
  const int64_t writes = site.ehr().writes();
  Answer again(sync_now(site));
  EXPECT_EQ(again.number({"entries"}), 0);
  EXPECT_EQ(site.ehr().writes(), writes) << "a further round writes nothing";
  EXPECT_EQ(site.run({"verify"}).exit_code, 0);
  EXPECT_EQ(site.run({"replay"}).exit_code, 0);
}

}  // namespace authledger
