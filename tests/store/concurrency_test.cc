#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "ledger/store/schema.h"
#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

constexpr Statement kTestRowsOf{"test_rows_of", R"(
  select (select count(*) from fact where tenant_id = $1),
         (select count(*) from raw_resource where tenant_id = $1),
         (select count(*) from subject where tenant_id = $1))"};

TEST(RecordPage, RecordsTheSameEncounterOfEightThreadsOnce_Fault8) {
  TestDatabase database;
  PgConnection pg = database.connection();
  const int64_t tenant = make_tenant(pg);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        PgConnection own = database.connection();
        for (int round = 0; round < 5; ++round) {
          record(own, tenant, {encounter(fmt::format("e{}", round), "Patient/p1", 1)});
        }
      });
    }
  }
  const std::vector<Fact> facts = facts_of(pg, tenant, "p1");
  ASSERT_EQ(facts.size(), 5U);
  for (size_t i = 0; i < facts.size(); ++i) EXPECT_EQ(facts[i].fact_seq, static_cast<int64_t>(i + 1));
}

TEST(RecordPage, KeepsSequencesDenseWhenPagesComeInOppositeOrders_Fault12) {
  TestDatabase database;
  PgConnection pg = database.connection();
  const int64_t tenant = make_tenant(pg);
  constexpr int kPatients = 20, kRounds = 10;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        PgConnection own = database.connection();
        for (int round = 0; round < kRounds; ++round) {
          std::vector<MappedResource> page;
          for (int i = 0; i < kPatients; ++i) {
            page.push_back(encounter(fmt::format("e{}-{}-{}", thread, round, i), fmt::format("Patient/p{}", i), 1));
          }
          if (thread % 2 == 1) std::reverse(page.begin(), page.end());
          record(own, tenant, page);
        }
      });
    }
  }
  for (int i = 0; i < kPatients; ++i) {
    const std::vector<Fact> facts = facts_of(pg, tenant, fmt::format("p{}", i));
    ASSERT_EQ(facts.size(), 4U * kRounds);
    EXPECT_EQ(facts.back().fact_seq, 4 * kRounds);
  }
}

constexpr Statement kLockSubject{"test_lock_subject", R"(
  select 1
    from subject
   where tenant_id = $1
     and subject_id = $2
     for update)"};
constexpr Statement kCountWaiting{"test_count_waiting", R"(
  select count(*)
    from pg_locks
   where locktype = 'transactionid'
     and not granted)"};

TEST(RecordPage, IsRepeatedWholeWhenItIsTheVictimOfADeadlock_Fault12) {
  TestDatabase database;
  PgConnection pg = database.connection(), other = database.owner_connection(), watcher = database.owner_connection();
  const int64_t tenant = make_tenant(pg);
  record(pg, tenant, {encounter("a1", "Patient/a", 1), encounter("b1", "Patient/b", 1)});
  const int64_t first = std::min(subject_of(pg, tenant, "a"), subject_of(pg, tenant, "b"));
  const int64_t second = std::max(subject_of(pg, tenant, "a"), subject_of(pg, tenant, "b"));
  RecordCounts counts;
  {
    Transaction foreign(other, tenant);
    foreign.execute(kLockSubject, Parameters().integer(tenant).integer(second));
    std::jthread recording([&] {
      PgConnection own = database.connection();
      counts = record(own, tenant, {encounter("a2", "Patient/a", 1), encounter("b2", "Patient/b", 1)});
    });
    while (watcher.execute(kCountWaiting).integer(0, 0) == 0) usleep(1000);
    // The page has waited for longer: its session is the first to look for a deadlock, and loses. The next time it may
    // be quicker than this one.
    try {
      foreign.execute(kLockSubject, Parameters().integer(tenant).integer(first));
      foreign.commit();
    } catch (const DbError& error) {
      EXPECT_EQ(error.sqlstate(), "40P01");
    }
  }
  EXPECT_EQ(counts.new_facts, 2);
  for (const char* patient : {"a", "b"}) {
    const std::vector<Fact> facts = facts_of(pg, tenant, patient);
    ASSERT_EQ(facts.size(), 2U) << "all of the page, once";
    EXPECT_EQ(facts.back().fact_seq, 2);
  }
}

TEST(Transact, GivesUpAfterItsRepeatsAndLeavesNothing_Fault12) {
  TestDatabase database;
  PgConnection pg = database.connection();
  const int64_t tenant = make_tenant(pg);
  int tries = 0;
  const auto work = [&](Transaction&) {
    ++tries;
    throw DbError("40001", "could not serialize access");
  };
  EXPECT_THROW(transact(pg, tenant, work), DbError);
  EXPECT_EQ(tries, 6) << "one and five more";
  transact(pg, tenant, [](Transaction&) {});  // The connection is usable.
}

TEST(RecordPage, RecordsOneVisitThatTwoPatientsClaimAtOnceInOneSubjectOnly) {
  TestDatabase database;
  PgConnection pg = database.connection();
  const int64_t tenant = make_tenant(pg);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        PgConnection own = database.connection();
        for (int version = 1; version <= 10; ++version) {
          record(own, tenant,
                 {encounter("e1", fmt::format("Patient/p{}", (version + thread) % 3), version * 4 + thread)});
        }
      });
    }
  }
  size_t standing = 0;
  for (int i = 0; i < 3; ++i) standing += current_of(pg, tenant, fmt::format("p{}", i)).size();
  EXPECT_EQ(standing, 1U);
}

TEST(RecordPage, LeavesNothingBehindWhenTheProcessIsKilled_Fault5) {
  TestDatabase database;
  int64_t tenant = 0;
  {
    PgConnection pg = database.connection();
    tenant = make_tenant(pg);
  }
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Many pages of one transaction each; the parent kills this process in the middle of one of them.
    PgConnection own = database.connection();
    for (int page_no = 0;; ++page_no) {
      std::vector<MappedResource> page;
      for (int i = 0; i < 200; ++i) page.push_back(encounter(fmt::format("e{}-{}", page_no, i), "Patient/p1", 1));
      FeedState feed;
      feed.source = kSource;
      feed.resource_type = "Encounter";
      feed.resume_link = fmt::format("{}", page_no + 1);
      record_page(own, tenant, page, &feed, at_second(0));
    }
  }
  usleep(400'000);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  PgConnection pg = database.connection();
  record(pg, tenant, {encounter("after", "Patient/p1", 1)});  // Waits until the killed session's lock is gone.
  const std::string resume_link = read_feed(pg, tenant, kSource, "Encounter").resume_link;
  const int64_t pages = resume_link.empty() ? 0 : std::stoll(resume_link);
  Transaction transaction(pg, tenant);
  const Rows rows = transaction.execute(kTestRowsOf, Parameters().integer(tenant));
  EXPECT_EQ(rows.integer(0, 0), pages * 200 + 1);
  EXPECT_EQ(rows.integer(0, 1), pages * 200 + 1);
  EXPECT_EQ(rows.integer(0, 2), 1);
}

}  // namespace
}  // namespace authledger
