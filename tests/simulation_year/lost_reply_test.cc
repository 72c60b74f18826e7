// PostgreSQL commits, and nobody hears of it; or it restarts in the middle of a transaction. FAULTS 51.

#include <gtest/gtest.h>

#include "tests/simulation_year/commit_swallower.h"
#include "tests/simulation_year/simulated_site.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

constexpr Statement kEndOthers{"end_others", R"(
  select count(pg_terminate_backend(pid))
    from pg_stat_activity
   where datname = current_database()
     and pid <> pg_backend_pid())"};

constexpr Statement kCountEntries{"count_entries", R"(
  select count(*), count(distinct (facts_seq, as_of_day, policy_version))
    from journal_entry
   where tenant_id = $1)"};

void expect_whole(SimulatedSite& site, int64_t visits) {
  EXPECT_EQ(site.units_in(4), visits) << "no loss, no double";
  EXPECT_EQ(site.live("Flag"), 1U);
  PgConnection owner = site.database().owner_connection();
  Transaction transaction(owner, site.session().tenant_id());
  const Rows rows = transaction.execute(kCountEntries, Parameters().integer(site.session().tenant_id()));
  EXPECT_EQ(rows.integer(0, 0), rows.integer(0, 1));
}

// The loop's way: what was not heard of is done again from state.
void round_until_done(SimulatedSite& site) {
  for (int tries = 0; tries < 3; ++tries) {
    try {
      site.pass_time(std::chrono::minutes(10));
      site.release_feeds();
      site.round();
      return;
    } catch (const DbError& error) {
      EXPECT_TRUE(error.is_connection_lost()) << error.what();
      site.session().reconnect();
    }
  }
  FAIL() << "the database stayed away";
}

TEST(Fault51, ACommitWhoseReplyIsLostIsFoundDone) {
  SimulatedSite site;
  CommitSwallower between(site.database().url());
  site.use_database(between.url());
  site.load_patient(12, 1);
  round_until_done(site);
  // Every commit of a round in turn: pages, entries, notices, leases, seals.
  const int commits = between.commits_seen();
  int visits = 1;
  for (int swallowed = 1; swallowed <= commits; swallowed += 3) {
    site.ehr.put(encounter_json("late-" + std::to_string(swallowed), "p1", "90834", "2026-10-20"));
    ++visits;
    between.swallow_reply_of(swallowed);
    round_until_done(site);
  }
  EXPECT_GT(between.swallowed(), 3);
  for (int i = 0; i < 3; ++i) round_until_done(site);
  expect_whole(site, 1);
  EXPECT_EQ(site.units_in(7), visits - 1) << "visits of another code, each uncovered once";
}

TEST(Fault51, ARestartInTheMiddleOfATransactionLosesNothing) {
  SimulatedSite site;
  site.load_patient(12, 1);
  round_until_done(site);
  PgConnection operator_connection = site.database().owner_connection();
  int64_t visits = 1;
  for (int statement = 5; statement < 60; statement += 9) {
    site.ehr.put(encounter_json("late-" + std::to_string(statement), "p1", "90837", "2026-10-20"));
    ++visits;
    int seen = 0;
    // As a restart does: every session ends, also in the middle of what it does.
    site.session().connection().observe([&](const Statement*, const Parameters&) {
      if (++seen == statement) operator_connection.execute(kEndOthers);
    });
    round_until_done(site);
    site.session().connection().observe({});
  }
  for (int i = 0; i < 3; ++i) round_until_done(site);
  expect_whole(site, visits);
}

}  // namespace
}  // namespace authledger
