// PostgreSQL commits, and nobody hears of it; or it restarts in the middle of a transaction. FAULTS 51.

#include <gtest/gtest.h>

#include <functional>

#include "tests/simulation_year/commit_swallower.h"
#include "tests/simulation_year/private_postgres.h"
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
      site.end_leases();
      site.round();
      return;
    } catch (const DbError& error) {
      EXPECT_TRUE(error.is_connection_lost()) << error.what();
      site.session().reconnect();
    }
  }
  FAIL() << "the database stayed away";
}

// A new visit with each commit of a round whose reply is lost: pages, entries, notices, leases, seals in turn.
void lose_replies(SimulatedSite& site, CommitSwallower& between, int step, const std::function<void()>& meanwhile) {
  site.load_patient(12, 1);
  round_until_done(site);
  const int commits = between.commits_seen();
  int64_t late = 0;
  for (int swallowed = 1; swallowed <= commits; swallowed += step) {
    site.ehr.put(encounter_json("late-" + std::to_string(swallowed), "p1", "90834", "2026-10-20"));
    ++late;
    between.swallow_reply_of(swallowed, meanwhile);
    round_until_done(site);
  }
  EXPECT_GT(between.swallowed(), 3);
  for (int i = 0; i < 3; ++i) round_until_done(site);
  expect_whole(site, 1);
  EXPECT_EQ(site.units_in(7), late) << "visits of another code, each uncovered once";
}

// A new visit with each round in which `fault` comes before one of the statements.
void break_rounds(SimulatedSite& site, const std::function<void()>& fault) {
  site.load_patient(12, 1);
  round_until_done(site);
  int64_t visits = 1;
  for (int statement = 5; statement < 60; statement += 9) {
    site.ehr.put(encounter_json("late-" + std::to_string(statement), "p1", "90837", "2026-10-20"));
    ++visits;
    int seen = 0;
    site.session().connection().observe([&](const Statement*, const Parameters&) {
      if (++seen == statement) fault();
    });
    round_until_done(site);
    site.session().connection().observe({});
  }
  for (int i = 0; i < 3; ++i) round_until_done(site);
  expect_whole(site, visits);
}

TEST(Fault51, ACommitWhoseReplyIsLostIsFoundDone) {
  SimulatedSite site;
  CommitSwallower between(site.database().url());
  site.use_database(between.url());
  lose_replies(site, between, 3, {});
}

TEST(Fault51, ARestartInTheMiddleOfATransactionLosesNothing) {
  SimulatedSite site;
  PgConnection operator_connection = site.database().owner_connection();
  // As a restart does: every session ends, also in the middle of what it does.
  break_rounds(site, [&] { operator_connection.execute(kEndOthers); });
}

// The server itself goes down as in a crash, and recovers from its log.
TEST(Fault51, APostgresThatCrashesInTheMiddleOfATransactionLosesNothing) {
  PrivatePostgres postgres;
  SimulatedSite site("America/New_York", parse_instant(SimulatedSite::kStart).value(), postgres.url("clinic"));
  break_rounds(site, [&] { postgres.restart(); });
  EXPECT_GT(postgres.restarts(), 3);
}

TEST(Fault51, APostgresThatCrashesBetweenCommitAndReplyIsAskedWhatItHolds) {
  PrivatePostgres postgres;
  SimulatedSite site("America/New_York", parse_instant(SimulatedSite::kStart).value(), postgres.url("clinic"));
  CommitSwallower between(site.database().url());
  site.use_database(between.url());
  lose_replies(site, between, 17, [&] { postgres.restart(); });
  EXPECT_EQ(postgres.restarts(), between.swallowed());
}

}  // namespace
}  // namespace authledger
