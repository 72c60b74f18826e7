// What hangs on an endpoint's name: its ids mean nothing at another endpoint, and nothing is read under a name that is
// not the server's.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "ledger/store/notice_store.h"
#include "ledger/store/tenant_store.h"
#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

const std::string kJoined = "    join_patients_by: [\"urn:example:mrn\"]\n";

// The payer holds the authorization of p1, as its own ClaimResponse/r1. The EHR holds p1's visit; its ClaimResponse/r1
// is that of another patient.
class PayerSite {
 public:
  PayerSite()
      : payer(std::move(*Sandbox::start({}))),
        site({},
             "  - name: payer\n    base_url: " + payer->base_url() + "\n    deliver: false\n" + kJoined + kFastDelivery,
             kJoined) {
    for (const std::string& resource : {patient_json("p1"), patient_json("p2"), approval("p2", "AUTH-2", 40),
                                        encounter_json("e1", "p1", "90837", "2026-10-05")}) {
      EXPECT_TRUE(site.ehr().load(resource).ok());
    }
    std::string member = patient_json("p1");
    EXPECT_TRUE(payer->load(member.replace(member.find("p1"), 2, "M-1")).ok());
    EXPECT_TRUE(payer->load(approval("M-1", "AUTH-1", 4)).ok());
  }

  static std::string approval(const std::string& patient, const std::string& number, int units) {
    return claim_response_json({.id = "r1",
                                .patient = patient,
                                .number = number,
                                .first_day = "2026-10-01",
                                .last_day = "2027-03-31",
                                .units = units});
  }

  std::unique_ptr<Sandbox> payer;
  Site site;
};

TEST(TaskFocus, NamesTheAuthorizationByNumberWhereOnlyThePayerHoldsIt) {
  PayerSite payer;
  Site& site = payer.site;
  sync_now(site);
  ASSERT_EQ(count_resources(site, "Task", "requested", "3 of 4 visits left"), 1U);
  EXPECT_EQ(count_resources(site, "Task", "", "\"ClaimResponse/r1\""), 0U) << "that is another patient's here";
  EXPECT_EQ(count_resources(site, "Task", "requested", "\"focus\":{\"identifier\":{\"value\":\"AUTH-1\"}"), 1U);
  expect_consistent(site);
}

constexpr Statement kWriteAsBefore{"write_as_before", R"(
  update notice
     set focus = $3,
         focus_source = '',
         written_members = '',
         desired_hash = $4,
         delivered_hash = $4
   where tenant_id = $1
     and notice_key = $2)"};

// As a version left it that wrote the first source's reference, whichever endpoint's it was; every subject is due.
void leave_as_before(Site& site, const std::string& focus) {
  PgConnection connection = site.database().connection();
  const int64_t tenant_id = find_tenant(connection, "test-clinic").value();
  transact(connection, tenant_id, [&](Transaction& transaction) {
    for (const auto& [notice, patient] : read_notices(transaction, "")) {
      DesiredNotice desired = notice.desired.value();
      if (desired.kind != NoticeKind::utilization) desired.focus = focus;
      Parameters parameters;
      parameters.integer(tenant_id).text(notice.record.notice_key).text(desired.focus).hash(desired_hash(desired));
      transaction.execute(kWriteAsBefore, parameters);
    }
    raise_all_subjects(transaction);
  });
}

TEST(TaskFocus, AnUpgradeMendsWhatPointedElsewhereAndWritesNothingElse) {
  PayerSite payer;
  Site& site = payer.site;
  sync_now(site);
  ASSERT_EQ(site.ehr().resources("Task").size(), 1U);
  edit(site, "Task", only_id(site, "Task"), R"("focus":{"identifier":{"value":"AUTH-1"},)",
       R"("focus":{"reference":"ClaimResponse/r1",)");
  leave_as_before(site, "ClaimResponse/r1");
  Answer mended(sync_now(site));
  EXPECT_EQ(mended.number({"notices", "updated"}), 1);
  EXPECT_EQ(count_resources(site, "Task", "", "\"ClaimResponse/r1\""), 0U);

  Site own({}, kFastDelivery);
  load_patient(own, 4, 1);
  sync_now(own);
  ASSERT_EQ(count_resources(own, "Task", "requested", "\"focus\":{\"reference\":\"ClaimResponse/r1\"}"), 1U);
  leave_as_before(own, "ClaimResponse/r1");
  const size_t requests = own.ehr().request_log().size();
  expect_consistent(own);
  const std::vector<std::string> log = own.ehr().request_log();
  EXPECT_TRUE(std::none_of(log.begin() + static_cast<std::ptrdiff_t>(requests), log.end(), [](const std::string& line) {
    return line.find("/Task") != std::string::npos || line.find("/Flag") != std::string::npos;
  })) << "nothing is looked at, either";
}

void change_config(Site& site, const std::string& from, const std::string& to) {
  std::string config = read_file(site.config_file());
  const size_t at = config.find(from);
  ASSERT_NE(at, std::string::npos) << config;
  site.folder().write("authledger.yaml", config.replace(at, from.size(), to));
}

void expect_refused(Site& site, const std::string& words) {
  const size_t requests = site.ehr().request_log().size();
  for (const std::vector<std::string>& arguments :
       {kSyncNow, {"sync", "--no-deliver"}, {"serve"}, {"retract", "--rule", "1", "--yes"}}) {
    const ProgramResult result = site.run(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments[0] << result.output;
    EXPECT_NE(result.errors.find(words), std::string::npos) << arguments[0] << result.errors;
  }
  EXPECT_EQ(site.ehr().request_log().size(), requests) << "nothing is asked";
}

TEST(Endpoint, ANewNameIsRefusedBeforeAnythingIsReadOrWritten) {
  Site site({}, kFastDelivery);
  load_patient(site, 4, 1);
  sync_now(site);
  change_config(site, "name: ehr", "name: epic");
  expect_refused(site,
                 "authledger: endpoint \"epic\" was \"ehr\" before (the same base_url): name it \"ehr\" again, or all "
                 "that was read would count twice\n");
  EXPECT_EQ(Answer(site.run({"authorizations"})).root().size(), 1U) << "answers go on";
  change_config(site, "name: epic", "name: ehr");
  EXPECT_EQ(count_resources(site, "Flag"), 1U);
  expect_consistent(site);
}

constexpr Statement kMove{"move_endpoint", R"(
  update endpoint
     set base_url = $2
   where tenant_id = $1)"};

// The sandbox answers on this machine alone: that it stood elsewhere before is put into the database.
void move_from(Site& site, const std::string& base_url) {
  PgConnection connection = site.database().connection();
  const int64_t tenant_id = find_tenant(connection, "test-clinic").value();
  transact(connection, tenant_id, [&](Transaction& transaction) {
    EXPECT_EQ(transaction.execute(kMove, Parameters().integer(tenant_id).text(base_url)).affected(), 1);
  });
}

TEST(Endpoint, AnotherServerIsRefusedUntilTheConfigSaysThatTheFirstOneMoved) {
  Site site({}, kFastDelivery);
  load_patient(site, 4, 1);
  sync_now(site);
  move_from(site, "https://test.example/fhir");
  expect_refused(site, "write moved_from: https://test.example/fhir into its entry");
  change_config(site, "    base_url:", "    moved_from: https://TEST.example:443/fhir/\n    base_url:");
  expect_consistent(site);
  change_config(site, "    moved_from: https://TEST.example:443/fhir/\n", "");
  expect_consistent(site);
}

TEST(Endpoint, ASlipInTheFirstUrlIsCorrectedWithoutMuchAdo) {
  Site site({}, kFastDelivery, "    retries_max: 0\n");
  load_patient(site, 4, 1);
  const std::string base_url = site.ehr().base_url();
  change_config(site, base_url, "https://ehr.invalid/fhir");
  sync_now(site, 4);
  change_config(site, "https://ehr.invalid/fhir", base_url);
  sync_now(site);
  EXPECT_EQ(count_resources(site, "Flag"), 1U);
}

TEST(Endpoint, OfThisMachineMayChangeItsPort) {
  Site site({}, kFastDelivery);
  load_patient(site, 4, 1);
  sync_now(site);
  auto moved = std::move(*Sandbox::start({}));
  for (const char* type : {"Patient", "Coverage", "ClaimResponse", "Encounter", "Flag", "Task"}) {
    for (const std::string& resource : site.ehr().resources(type)) ASSERT_TRUE(moved->put(resource).ok());
  }
  change_config(site, site.ehr().base_url(), moved->base_url());
  Answer summary(sync_now(site));
  EXPECT_EQ(summary.number({"entries"}), 0) << "the same visits";
  EXPECT_EQ(moved->resources("Flag").size(), 1U);
}

}  // namespace
}  // namespace authledger
