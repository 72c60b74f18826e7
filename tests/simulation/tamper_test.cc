// Somebody with the rights of the owner edits or removes what is written. FAULTS 55.

#include <gtest/gtest.h>

#include "tests/simulation/fault_site.h"

namespace authledger {
namespace {

struct Tampering {
  const char* what;
  Statement statement;
  int64_t first_broken;  // Entry that `verify` must name.
};

const Tampering kTamperings[] = {
    {"a quantity is edited",
     {"edit_quantity",
      "update transfer set quantity_milli = quantity_milli + 1000 where tenant_id = $1 and entry_seq = 2"},
     2},
    {"a transfer is removed", {"remove_transfer", "delete from transfer where tenant_id = $1 and entry_seq = 2"}, 2},
    {"a transfer is added",
     {"add_transfer", R"(
  insert into transfer (
         tenant_id, subject_id, entry_seq, no, book, from_account, to_account, measure, quantity_milli, is_reversal, reason)
  select tenant_id, subject_id, entry_seq, 99, book, from_account, to_account, measure, quantity_milli, is_reversal, reason
    from transfer
   where tenant_id = $1
     and entry_seq = 3
   limit 1)"},
     3},
    {"an entry is removed", {"remove_entry", "delete from journal_entry where tenant_id = $1 and entry_seq = 2"}, 2},
    {"the time of an entry is edited",
     {"edit_time",
      "update journal_entry set posted_at = posted_at - interval '1 day' where tenant_id = $1 and entry_seq = 1"},
     1},
    {"the hash of an entry is edited too",
     {"edit_hash", "update journal_entry set entry_hash = sha256(entry_hash) where tenant_id = $1 and entry_seq = 2"},
     2},
};

class Fault55 : public testing::TestWithParam<Tampering> {};

TEST_P(Fault55, TheVerifierNamesTheFirstBrokenEntry) {
  Site site({}, kFastDelivery);
  load_patient(site, 12, 1);
  sync_now(site);
  for (const char* day : {"2026-10-20", "2026-10-21", "2026-10-22"}) {
    ASSERT_TRUE(site.ehr().load(encounter_json(std::string("late-") + day, "p1", "90837", day)).ok());
    sync_now(site);
  }
  ASSERT_EQ(site.run({"verify"}).exit_code, 0);

  PgConnection owner = site.database().owner_connection();
  {
    Transaction transaction(owner, 1);
    ASSERT_GT(transaction.execute(GetParam().statement, Parameters().integer(1)).affected(), 0);
    transaction.commit();
  }
  const ProgramResult verified = site.run({"verify"});
  EXPECT_EQ(verified.exit_code, 3) << GetParam().what;
  Answer faults(verified);
  ASSERT_GT(faults.root().size(), 0U);
  EXPECT_EQ(faults.root().at(0)["entry_seq"].text(), std::to_string(GetParam().first_broken)) << verified.output;
}

INSTANTIATE_TEST_SUITE_P(Tampering, Fault55, testing::ValuesIn(kTamperings));

}  // namespace
}  // namespace authledger
