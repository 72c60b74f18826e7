#include "ledger/store/journal_store.h"

#include <gtest/gtest.h>

#include "ledger/store/journal_verify.h"
#include "ledger/store/rule_store.h"
#include "tests/store/sample_facts.h"
#include "tests/support/test_database.h"

namespace authledger {
namespace {

Transfer moves(Account from, Account to, int64_t units, const std::string& service = "", bool is_reversal = false) {
  return {"payer-1/AUTH-1/1", from, to, Measure::visit, Quantity::of_units(units), service, is_reversal, "rule"};
}

class JournalStore : public testing::Test {
 protected:
  JournalStore() { record(pg, tenant, {encounter("e1", "Patient/p1", 1)}); }

  JournalEntry entry(int64_t seq, int64_t facts_seq, std::vector<Transfer> transfers, const Hash& previous) {
    JournalEntry out;
    out.entry_seq = seq;
    out.facts_seq = facts_seq;
    out.as_of_day = day_of(2026, 3, 1);
    out.policy_version = 1;
    out.posted_at = at_second(seq);
    out.outcome_hash = sha256("outcome" + std::to_string(seq));
    out.previous_hash = previous;
    out.transfers = std::move(transfers);
    out.entry_hash = entry_hash(subject_key(tenant, subject), out);
    return out;
  }
  void post(const std::vector<JournalEntry>& entries) {
    std::vector<PostedEntry> posted;
    for (const JournalEntry& each : entries) posted.push_back({subject, each});
    transact(pg, tenant, [&](Transaction& transaction) { post_entries(transaction, posted); });
  }
  std::vector<JournalEntry> two_entries() {
    JournalEntry first = entry(1, 1,
                               {moves(Account::granted, Account::available, 12),
                                moves(Account::available, Account::reserved, 2, "Encounter/e1")},
                               Hash{});
    JournalEntry second = entry(2, 2,
                                {moves(Account::reserved, Account::available, 2, "Encounter/e1", true),
                                 moves(Account::available, Account::used, 1, "Encounter/e1")},
                                first.entry_hash);
    return {first, second};
  }
  std::string failure_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const DbError& error) {
      return error.sqlstate();
    }
    return "";
  }

  TestDatabase database;
  PgConnection pg = database.connection();
  int64_t tenant = make_tenant(pg);
  int64_t subject = (record(pg, tenant, {encounter("e0", "Patient/p1", 1)}), subject_of(pg, tenant, "p1"));
};

TEST_F(JournalStore, GivesBackAChainThatVerifies) {
  const std::vector<JournalEntry> written = two_entries();
  post(written);
  Transaction transaction(pg, tenant);
  const std::vector<JournalEntry> read = read_entries(transaction, subject);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].transfers, written[1].transfers);
  EXPECT_FALSE(verify_chain(subject_key(tenant, subject), read).has_value());
  EXPECT_EQ(read_entries(transaction, subject, at_second(1)).size(), 1U);
  const SubjectHead head = lock_subjects(transaction, std::vector<int64_t>{subject}).front();
  EXPECT_EQ(head.entry_seq, 2);
  EXPECT_EQ(head.entry_hash, written[1].entry_hash);
  EXPECT_EQ(head.outcome_hash, written[1].outcome_hash);
}

TEST_F(JournalStore, HoldsPositionsAndBalancesThatTheTransfersFoldTo_Invariant2) {
  const std::vector<JournalEntry> written = two_entries();
  post({written[0]});
  post({written[1]});
  std::vector<Transfer> all = written[0].transfers;
  all.insert(all.end(), written[1].transfers.begin(), written[1].transfers.end());
  Transaction transaction(pg, tenant);
  const auto positions = read_positions(transaction, std::vector<int64_t>{subject + 1000, subject});
  EXPECT_TRUE(positions[0].empty());
  EXPECT_EQ(positions[1], fold_positions(all));
  EXPECT_EQ(read_balances(transaction, subject), fold_balances(all));
  rebuild_balances(transaction, subject);
  EXPECT_EQ(read_balances(transaction, subject), fold_balances(all));
}

TEST_F(JournalStore, RefusesTheSameInputsTwice_Invariant3) {
  const std::vector<JournalEntry> written = two_entries();
  post(written);
  JournalEntry again =
      entry(3, 2, {moves(Account::available, Account::used, 1, "Encounter/e1")}, written[1].entry_hash);
  EXPECT_EQ(failure_of([&] { post({again}); }), "23505");
  Transaction transaction(pg, tenant);
  EXPECT_EQ(read_entries(transaction, subject).size(), 2U);
}

TEST_F(JournalStore, RefusesATransferThatMovesNothingOrNowhere) {
  EXPECT_EQ(failure_of([&] { post({entry(1, 1, {moves(Account::granted, Account::available, 0)}, Hash{})}); }),
            "23514");
  EXPECT_EQ(failure_of([&] { post({entry(1, 1, {moves(Account::used, Account::used, 1)}, Hash{})}); }), "23514");
}

TEST_F(JournalStore, LetsTheApplicationEditNothingThatIsAppendOnly_Fault55) {
  post(two_entries());
  for (const char* sql :
       {"update transfer set quantity_milli = 1", "delete from journal_entry", "update fact set kind = 1",
        "delete from fact_service", "update seal set seal_seq = 2", "delete from delivery"}) {
    EXPECT_EQ(failure_of([&] { pg.execute_script(sql); }), "42501") << sql;
  }
}

TEST_F(JournalStore, ShowsAnEntryThatTheOwnerEditedAsTheFirstBrokenOne_Fault55) {
  post(two_entries());
  PgConnection owner = database.owner_connection();
  owner.execute_script("begin; select set_config('authledger.tenant_id', '" + std::to_string(tenant) +
                       "', true); update transfer set quantity_milli = 5000 where entry_seq = 2 and no = 2; commit");
  Transaction transaction(pg, tenant);
  const auto fault = verify_chain(subject_key(tenant, subject), read_entries(transaction, subject));
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->entry_seq, 2);
}

// verify reads small columns packed into one number: none may hide behind another, nor a sign.
TEST_F(JournalStore, VerifyFindsAnEditOfEachColumnOfATransfer_Fault55) {
  post(two_entries());
  PgConnection owner = database.owner_connection();
  const auto faults = [&] {
    std::vector<JournalSpan> spans;
    transact(pg, tenant, [&](Transaction& transaction) { spans = plan_journal_spans(transaction); });
    std::vector<VerifyFault> found;
    for (const JournalSpan& span : spans) {
      VerifyCounts counts;
      transact(pg, tenant, [&](Transaction& transaction) { verify_span(transaction, span, counts, found); });
    }
    return found;
  };
  EXPECT_TRUE(faults().empty());
  const std::string as_owner =
      "begin; select set_config('authledger.tenant_id', '" + std::to_string(tenant) + "', true); ";
  const std::string row = " where entry_seq = 2 and no = 2";
  for (const std::string column : {"from_account", "to_account", "measure", "is_reversal", "quantity_milli"}) {
    for (const std::string& edit :
         column == "is_reversal"
             ? std::vector<std::string>{"not is_reversal"}
             : std::vector<std::string>{column + " + 7", "-" + column + " - 1", column + " + 256"}) {
      if (column == "quantity_milli" && edit.starts_with("-")) continue;  // The table itself refuses that.
      owner.execute_script(as_owner +
                           "create temp table kept as select from_account, to_account, measure, is_reversal, "
                           "quantity_milli from transfer" +
                           row + "; update transfer set " + column + " = " + edit + row + "; commit");
      const std::vector<VerifyFault> found = faults();
      ASSERT_FALSE(found.empty()) << column << " = " << edit;
      EXPECT_EQ(found.front().entry_seq, 2) << column << " = " << edit;
      owner.execute_script(as_owner + "update transfer set " + column + " = (select " + column + " from kept)" + row +
                           "; drop table kept; commit");
      ASSERT_TRUE(faults().empty()) << column;
    }
  }
}

TEST_F(JournalStore, HidesEveryRowOfAnotherTenant_Fault69) {
  post(two_entries());
  const int64_t other = make_tenant(pg, "other clinic");
  ASSERT_NE(other, tenant);
  EXPECT_EQ(find_tenant(pg, "other clinic"), other);
  constexpr Statement kAnyRow{"any_row", R"(
    select (select count(*) from fact) + (select count(*) from transfer) + (select count(*) from subject) +
           (select count(*) from raw_resource) + (select count(*) from balance))"};
  {
    Transaction mine(pg, tenant);
    EXPECT_GT(mine.execute(kAnyRow).integer(0, 0), 0);
    EXPECT_EQ(mine.execute(Statement{"all_seals", "select count(*) from seal"}).integer(0, 0), 0);
  }
  Transaction theirs(pg, other);
  EXPECT_EQ(theirs.execute(kAnyRow).integer(0, 0), 0);
  constexpr Statement kForeignInsert{"foreign_insert", R"(
    insert into subject (tenant_id, subject_id) values ($1, 1000000))"};
  EXPECT_EQ(failure_of([&] { theirs.execute(kForeignInsert, Parameters().integer(tenant)); }), "42501");
}

TEST_F(JournalStore, SealsTheHeadsThatChangedAndNothingElse) {
  Transaction transaction(pg, tenant);
  EXPECT_FALSE(post_seal(transaction, at_second(10)));
  std::vector<PostedEntry> posted{{subject, two_entries()[0]}};
  post_entries(transaction, posted);
  EXPECT_TRUE(post_seal(transaction, at_second(11)));
  EXPECT_FALSE(post_seal(transaction, at_second(12)));
  posted[0].entry = two_entries()[1];
  post_entries(transaction, posted);
  EXPECT_TRUE(post_seal(transaction, at_second(13)));
  constexpr Statement kSealChain{"seal_chain", R"(
    select later.previous_hash = earlier.seal_hash
      from seal as later
      join seal as earlier using (tenant_id)
     where tenant_id = $1 and later.seal_seq = 2 and earlier.seal_seq = 1)"};
  EXPECT_TRUE(transaction.execute(kSealChain, Parameters().integer(tenant)).boolean(0, 0));
}

TEST_F(JournalStore, SeesTheStartOfAnotherSessionsOpenTransaction) {
  constexpr Statement kNow{"now", "select now()"};
  PgConnection other = database.connection();
  Transaction open(other, tenant);
  const Instant started = open.execute(kNow).instant(0, 0);
  Transaction transaction(pg, tenant);
  EXPECT_LE(oldest_open_transaction(transaction), started);
}

TEST_F(JournalStore, ClaimsADueSubjectForOneWorkerOnly_Fault9) {
  PgConnection other = database.connection();
  Transaction first(pg, tenant);
  ASSERT_EQ(claim_due_subjects(first, at_second(60), 10).size(), 1U);
  Transaction second(other, tenant);
  EXPECT_TRUE(claim_due_subjects(second, at_second(60), 10).empty());
  save_progress(first, std::vector<SubjectProgress>{{subject, 2, at_second(500)}});
  first.commit();
  EXPECT_TRUE(claim_due_subjects(second, at_second(60), 10).empty());
  EXPECT_EQ(claim_due_subjects(second, at_second(500), 10).size(), 1U);
}

TEST_F(JournalStore, ParksASubjectAfterItsLastAttemptUntilANewFactComes) {
  back_off_subject(pg, tenant, subject, "invariant", at_second(5), 2);
  {
    Transaction transaction(pg, tenant);
    EXPECT_TRUE(claim_due_subjects(transaction, at_second(4), 10).empty());
    EXPECT_EQ(claim_due_subjects(transaction, at_second(5), 10).size(), 1U);
  }
  back_off_subject(pg, tenant, subject, "invariant", at_second(5), 2);
  {
    Transaction transaction(pg, tenant);
    EXPECT_TRUE(claim_due_subjects(transaction, at_second(5), 10).empty());
    EXPECT_EQ(count_subjects(transaction, at_second(5)).parked, 1);
  }
  record(pg, tenant, {encounter("e9", "Patient/p1", 1)});
  Transaction transaction(pg, tenant);
  EXPECT_EQ(claim_due_subjects(transaction, at_second(5), 10).size(), 1U);
}

TEST_F(JournalStore, GivesAChangedPolicyANewVersionAlsoWhenItComesBack) {
  Rules rules;
  const auto version = [this](const Rules& written) {
    return record_rules(pg, tenant, written, {}, {}).policy.version;
  };
  EXPECT_EQ(version(rules), 1);
  EXPECT_EQ(version(rules), 1);
  Rules other = rules;
  other.reservation_grace_days = 5;
  EXPECT_EQ(version(other), 2);
  EXPECT_EQ(version(rules), 3);
  EXPECT_EQ(read_policy(pg, tenant, 2).rules.reservation_grace_days, 5);
  try {
    read_policy(pg, tenant, 9);
    FAIL() << "there is no version 9";
  } catch (const DbError& error) {
    EXPECT_EQ(error.sqlstate(), "AL002");
  }
}

}  // namespace
}  // namespace authledger
