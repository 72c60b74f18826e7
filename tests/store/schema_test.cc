// Migrations: once, whole, and without loss. FAULTS 6.

#include "ledger/store/schema.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

TEST(Migrate, RunsOnceAlsoWhenSeveralStartAtOnce_Fault6) {
  EmptyDatabase database;
  std::vector<int> ran(4, -1);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < ran.size(); ++i) {
      threads.emplace_back([&, i] {
        PgConnection connection(database.url());
        ran[i] = migrate(connection);
      });
    }
  }
  std::sort(ran.begin(), ran.end());
  EXPECT_EQ(ran[0] + ran[1] + ran[2], 0);
  EXPECT_GE(ran[3], 7);
  PgConnection connection(database.url());
  EXPECT_EQ(migrate(connection), 0);
}

TEST(Migrate, FinishesAfterItWasKilledAnywhere_Fault6) {
  EmptyDatabase database;
  for (const useconds_t pause : {30'000U, 90'000U, 200'000U, 400'000U}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      PgConnection connection(database.url());
      migrate(connection);
      _exit(0);
    }
    usleep(pause);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  PgConnection connection(database.url());
  migrate(connection);
  become_application(connection);
  EXPECT_GT(make_tenant(connection), 0);
}

TEST(Migrate, RefusesASchemaThatIsNewerThanTheProgram) {
  TestDatabase database;
  PgConnection owner = database.owner_connection();
  owner.execute_script("insert into schema_version (version, name) values (999, 'later')");
  try {
    migrate(owner);
    FAIL() << "migrated a newer schema";
  } catch (const DbError& error) {
    EXPECT_EQ(error.sqlstate(), "AL001");
  }
}

// Two facts as version 8 kept them: header and body apart, and a retraction.
constexpr char kFactsOfVersion8[] = R"(
  insert into tenant (name, time_zone) values ('clinic', 'America/New_York');
  set authledger.tenant_id = 1;
  insert into subject (tenant_id, subject_id, facts_seq) values (1, 1, 3);
  insert into subject_alias values (1, 'Patient/p1', 'ehr', 1, '2026-03-01');
  insert into fact
  values (1, 1, 1, 'ehr/Encounter/e1#service/1', 5, false, '\\x01', 'ehr', 'Encounter/e1', 4, '2026-03-01 10:00Z',
          '2026-03-01 11:00Z', 'encounter@1'),
         (1, 1, 2, 'ehr/Coverage/c1#coverage/1', 1, false, '\\x02', 'ehr', 'Coverage/c1', null, null,
          '2026-03-01 11:00Z', 'coverage@1'),
         (1, 1, 3, 'ehr/Encounter/e2#service/1', 5, true, '\\x03', 'ehr', 'Encounter/e2', null, null,
          '2026-03-01 11:00Z', 'encounter@1');
  insert into fact_service
  values (1, 1, 1, 'Patient/p1', 2, '2026-02-20', null, null, '{90837}', 2000, 1, null, null, null, '{}', null, null,
          null, null, 'Encounter/e1');
  insert into fact_coverage
  values (1, 1, 2, 'Patient/p1', 'Organization/o1', null, 'M1', 'active', '2026-01-01', null, null, null, null);
  reset authledger.tenant_id;)";

TEST(Migrate, CarriesTheFactsOfHeaderAndBodyIntoOneRow) {
  EmptyDatabase database;
  PgConnection connection(database.url());
  EXPECT_EQ(migrate(connection, 8), 8);
  connection.execute_script(kFactsOfVersion8);
  EXPECT_GE(migrate(connection), 1);
  become_application(connection);
  const std::vector<Fact> facts = facts_of(connection, 1, "Patient/p1");
  ASSERT_EQ(facts.size(), 3U);
  const auto& service = std::get<ServiceFact>(facts[0].body);
  EXPECT_EQ(service.service_codes, std::vector<std::string>{"90837"});
  EXPECT_EQ(service.quantity, Quantity::of_milli(2000));
  EXPECT_EQ(facts[0].source_version, 4);
  EXPECT_EQ(facts[0].mapping, "encounter@1");
  EXPECT_EQ(std::get<CoverageFact>(facts[1].body).member_id, "M1");
  EXPECT_TRUE(facts[2].retracted);
  EXPECT_EQ(facts[2].resource, "Encounter/e2");
}

}  // namespace
}  // namespace authledger
