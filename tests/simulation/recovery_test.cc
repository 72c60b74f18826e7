// After a database went back, what the EHR refuses of the recovery stops nothing else. FAULTS 52 and 58.

#include <gtest/gtest.h>

#include <thread>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

constexpr int kPatients = 60;

// As a backup without the last commits leaves them: the seals are gone, and the notices.
constexpr Statement kLoseSeals{"lose_seals", "delete from seal where tenant_id = $1"};
constexpr Statement kLoseNotices{"lose_notices", "delete from notice where tenant_id = $1"};

void lose(Site& site, std::initializer_list<Statement> losses) {
  PgConnection owner = site.database().owner_connection();
  Transaction transaction(owner, 1);
  for (const Statement& statement : losses) {
    ASSERT_GT(transaction.execute(statement, Parameters().integer(1)).affected(), 0) << statement.name;
  }
  transaction.commit();
}

std::string divergence(const ProgramResult& result) {
  return Answer(result).root()["divergence"].string();
}

// Flag and Task of a patient whom the database has forgotten, of whom the EHR says nothing any more.
void forget_patient(Site& site) {
  load_patient(site, 4, 1);
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Flag", "active"), 1U);
  ASSERT_EQ(count_resources(site, "Task", "requested"), 1U);
  lose(site, {kLoseSeals, kLoseNotices});
}

TEST(Fault52, OneArtefactThatCannotBeClosedIsSaidAndStopsNothing) {
  Site site({}, kFastDelivery, "    retries_max: 0\n");
  forget_patient(site);
  site.ehr().set_faults({.fail_next = 1'000'000, .fail_status = 422, .only_for = "Flag/", .only_method = "PUT"});
  const ProgramResult recovered = sync_now(site, 4);
  EXPECT_NE(divergence(recovered).find("1 that it had lost were closed, 1 could not be closed"), std::string::npos)
      << recovered.output;
  EXPECT_NE(recovered.errors.find("1 that the ledger had lost still stand there"), std::string::npos)
      << recovered.errors;
  EXPECT_EQ(count_resources(site, "Task", "cancelled"), 1U) << "the type behind it is reached";
  EXPECT_EQ(divergence(sync_now(site)), "") << "said once";
}

TEST(Fault52, ATypeThatCannotBeSearchedIsSaidAndStopsNothing) {
  Site site({}, kFastDelivery, "    retries_max: 0\n");
  forget_patient(site);
  site.ehr().set_faults({.fail_next = 1'000'000, .fail_status = 400, .only_for = "Flag?identifier"});
  const ProgramResult recovered = sync_now(site, 4);
  EXPECT_NE(recovered.errors.find("could not be searched for"), std::string::npos) << recovered.errors;
  EXPECT_EQ(count_resources(site, "Task", "cancelled"), 1U) << "the type behind it is reached";
  site.ehr().set_faults({});
  EXPECT_EQ(divergence(sync_now(site)), "") << "said once";
}

TEST(Fault52, AnEditBetweenSearchAndClosingIsSeen) {
  Site site({}, kFastDelivery);
  forget_patient(site);
  const std::string id = only_id(site, "Flag");
  site.ehr().set_faults({.slow_next = 1, .slow_for = std::chrono::milliseconds(1000), .only_for = "Flag?identifier"});
  const size_t searches = count_requests(site, "GET /fhir/Flag");
  RunningProgram sync(site.command(kSyncNow));
  ASSERT_TRUE(eventually([&] { return count_requests(site, "GET /fhir/Flag") > searches; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  edit(site, "Flag", id, R"("status":"active")", R"("status":"active","author":{"reference":"Practitioner/dr-1"})");
  const ProgramResult recovered = sync.wait();
  EXPECT_EQ(recovered.exit_code, 0) << recovered.errors;
  EXPECT_EQ(count_resources(site, "Flag", "inactive", "Practitioner/dr-1"), 1U);
}

TEST(Fault58, TheSearchesOfARecoveryAreNoWritesThatALimitHolds) {
  Site site({}, kFastDelivery);
  for (int i = 1; i <= kPatients; ++i) {
    const std::string n = std::to_string(i), patient = "p" + n;
    ASSERT_TRUE(site.ehr().load(patient_json(patient)).ok());
    ASSERT_TRUE(site.ehr()
                    .load(claim_response_json({.id = "r" + n,
                                               .patient = patient,
                                               .number = "AUTH-" + n,
                                               .first_day = "2026-10-01",
                                               .last_day = "2027-03-31"}))
                    .ok());
    ASSERT_TRUE(site.ehr().load(encounter_json("e" + n, patient, "90837", "2026-10-05")).ok());
  }
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Flag", "active"), static_cast<size_t>(kPatients));
  lose(site, {kLoseSeals});
  const size_t searches = count_requests(site, "GET /fhir/Flag");
  Answer recovered(sync_now(site));
  EXPECT_EQ(recovered.number({"notices", "held"}), 0);
  EXPECT_GE(count_requests(site, "GET /fhir/Flag"), searches + kPatients);
  expect_consistent(site);
}

}  // namespace
}  // namespace authledger
