// What was believed, proved: exports that find what was rewritten inside the database, and bundles for an appeal.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"
#include "ledger/journal.h"
#include "ledger/seal.h"
#include "ledger/store/journal_store.h"
#include "ledger/store/seal_store.h"
#include "ledger/store/subject_store.h"
#include "ledger/store/tenant_store.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

const std::vector<std::string> kSync = {"sync", "--on", "2026-11-01"};

void load_clinic(Site& site) {
  ASSERT_TRUE(site.ehr().load(patient_json("p1")).ok());
  ASSERT_TRUE(site.ehr().load(coverage_json("c1", "p1", "payer-1", "2026-01-01")).ok());
  ASSERT_TRUE(
      site.ehr()
          .load(claim_response_json(
              {.id = "r1", .patient = "p1", .number = "AUTH-1", .first_day = "2026-10-01", .last_day = "2027-03-31"}))
          .ok());
  ASSERT_TRUE(site.ehr().load(encounter_json("e1", "p1", "90837", "2026-10-05")).ok());
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  ASSERT_TRUE(site.ehr().load(encounter_json("e2", "p1", "90837", "2026-10-06")).ok());
  ASSERT_EQ(site.run(kSync).exit_code, 0);
}

// An administrator with every right, who keeps the journal consistent while changing what it says.
class Forger {
 public:
  explicit Forger(Site& site) : owner_(site.database().owner_connection()) {
    owner_.execute_script("alter table journal_entry no force row level security");
    for (const char* table : {"transfer", "subject", "balance", "seal", "subject_alias", "tenant"}) {
      owner_.execute_script(std::string("alter table ") + table + " no force row level security");
    }
    tenant_id_ = *find_tenant(owner_, "test-clinic");
  }

  // Adds a unit to the first transfer of the last entry, in the journal, its chain, its head and its projection.
  void rewrite_journal() {
    Transaction transaction(owner_, tenant_id_);
    subject_id_ = read_subjects(transaction, "p1").at(0).subject_id;
    JournalEntry entry = read_entries(transaction, subject_id_).back();
    entry.transfers[0].quantity += Quantity::of_units(1);
    entry_seq_ = entry.entry_seq;
    hash_ = entry_hash(subject_key(tenant_id_, subject_id_), entry);
    transaction.execute({"forge_transfer", R"(update transfer set quantity_milli = $4 where tenant_id = $1 and
                         subject_id = $2 and entry_seq = $3 and no = 1)"},
                        place().integer(entry.transfers[0].quantity.milli()));
    transaction.execute({"forge_entry", R"(update journal_entry set entry_hash = $4 where tenant_id = $1 and
                         subject_id = $2 and entry_seq = $3)"},
                        place().hash(hash_));
    transaction.execute({"forge_head", R"(update subject set entry_hash = $4 where tenant_id = $1 and
                         subject_id = $2 and entry_seq = $3)"},
                        place().hash(hash_));
    rebuild_balances(transaction, subject_id_);
    transaction.commit();
  }

  // The seals too.
  void rewrite_last_seal() {
    Transaction transaction(owner_, tenant_id_);
    Seal seal = read_seals(transaction, 0, 100).back().seal;
    std::string hashes;
    std::vector<Hash> leaves;
    for (SealedHead& head : seal.heads) {
      if (head.subject_id == subject_id_) head.entry_hash = hash_;
      hashes += bytes_of(head.entry_hash);
      leaves.push_back(head.entry_hash);
    }
    seal.root_hash = merkle_root(leaves);
    transaction.execute({"forge_seal", R"(update seal set root_hash = $3, seal_hash = $4, entry_hashes = $5
                         where tenant_id = $1 and seal_seq = $2)"},
                        Parameters()
                            .integer(tenant_id_)
                            .integer(seal.seal_seq)
                            .hash(seal.root_hash)
                            .hash(seal_hash(seal))
                            .bytes(hashes));
    transaction.commit();
  }

 private:
  Parameters place() const { return Parameters().integer(tenant_id_).integer(subject_id_).integer(entry_seq_); }

  PgConnection owner_;
  int64_t tenant_id_ = 0, subject_id_ = 0, entry_seq_ = 0;
  Hash hash_{};
};

TEST(Proof, ARewrittenJournalIsFoundByItsSealsAndWithTheSealsByTheirExport_Fault55) {
  Site site;
  load_clinic(site);
  const std::string seals = site.folder().path() + "/seals.ndjson";
  ASSERT_EQ(site.run({"verify", "--export-seals", seals}).exit_code, 0);
  struct stat status {};
  ASSERT_EQ(stat(seals.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(read_file(seals).find("p1"), std::string::npos) << "a seal says nothing of a patient";
  EXPECT_EQ(site.run({"verify", "--seals", seals}).exit_code, 0);
  EXPECT_EQ(run_authledger({"verify", "--file", seals}).exit_code, 0);

  Forger forger(site);
  forger.rewrite_journal();
  const ProgramResult by_seal = site.run({"verify"});
  EXPECT_EQ(by_seal.exit_code, 3);
  Answer faults(by_seal);
  ASSERT_EQ(faults.root().size(), 1U) << by_seal.output;
  EXPECT_EQ(faults.root().at(0)["tenant"].text(), "test-clinic");
  EXPECT_EQ(faults.root().at(0)["entry_seq"].text(), "2");

  forger.rewrite_last_seal();
  EXPECT_EQ(site.run({"verify"}).exit_code, 0) << "everything inside the database agrees";
  const ProgramResult by_export = site.run({"verify", "--seals", seals});
  EXPECT_EQ(by_export.exit_code, 3);
  EXPECT_EQ(Answer(by_export).root().at(0)["entry_seq"].text(), "2") << by_export.output;
}

TEST(Proof, AnEntryCutOffTheEndIsNamed_Fault55) {
  Site site;
  load_clinic(site);
  PgConnection owner = site.database().owner_connection();
  owner.execute_script(
      "alter table journal_entry no force row level security;"
      "alter table transfer no force row level security;"
      "delete from transfer where entry_seq = 2; delete from journal_entry where entry_seq = 2;"
      "alter table transfer force row level security;"
      "alter table journal_entry force row level security");
  const ProgramResult result = site.run({"verify"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(Answer(result).root().at(0)["entry_seq"].text(), "2") << result.output;
}

TEST(Proof, AnExportedJournalIsCheckedWithoutDatabaseAndConfig) {
  Site site;
  load_clinic(site);
  const std::string journal = site.folder().path() + "/journal.ndjson", seals = site.folder().path() + "/seals.ndjson";
  ASSERT_EQ(site.run({"verify", "--export-journal", journal, "--export-seals", seals}).exit_code, 0);
  EXPECT_EQ(run_authledger({"verify", "--file", journal, "--seals", seals}).exit_code, 0);
  const std::string edited = site.folder().write(
      "edited.ndjson", replace_all(read_file(journal), "\"quantity_milli\":12000", "\"quantity_milli\":13000"));
  const ProgramResult result = run_authledger({"--format", "json", "verify", "--file", edited});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(Answer(result).root().at(0)["entry_seq"].text(), "1") << result.output;
  const std::string other = site.folder().write("other.json", "{}\n");
  EXPECT_EQ(run_authledger({"verify", "--file", other}).exit_code, 2);
}

TEST(Proof, EvidenceShowsWhatWasKnownByteForByteAlsoAfterLaterFactsArrived) {
  Site site;
  load_clinic(site);
  const std::string then = format_instant(SystemClock().now());
  const std::string first = site.folder().path() + "/first.json", second = site.folder().path() + "/second.json";
  const ProgramResult made =
      site.run({"evidence", "AUTH-1", "--on", "2026-10-06", "--as-known-at", then, "--out", first});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  EXPECT_EQ(made.errors, "") << "a round has sealed it";
  const std::string page = read_file(first + ".txt");
  EXPECT_NE(page.find("AUTH-1 line 1"), std::string::npos) << page;
  EXPECT_NE(page.find("used 2, reserved 0, available 10"), std::string::npos) << page;
  EXPECT_NE(page.find("Encounter/e2 on 2026-10-06, rendered"), std::string::npos) << page;
  EXPECT_NE(page.find("Sealed by seal 2"), std::string::npos) << page;

  // Another visit, a void one, and other rules do not reach back.
  ASSERT_TRUE(site.ehr().load(encounter_json("e3", "p1", "90837", "2026-10-07")).ok());
  ASSERT_TRUE(site.ehr().put(encounter_json("e1", "p1", "90837", "2026-10-05", "entered-in-error")).ok());
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  ASSERT_EQ(site.run({"evidence", "AUTH-1", "--on", "2026-10-06", "--as-known-at", then, "--out", second}).exit_code,
            0);
  EXPECT_EQ(read_file(first), read_file(second));
  EXPECT_EQ(page, read_file(second + ".txt"));

  const std::string seals = site.folder().path() + "/seals.ndjson";
  ASSERT_EQ(site.run({"verify", "--export-seals", seals}).exit_code, 0);
  const ProgramResult checked = run_authledger({"verify", "--file", second, "--seals", seals});
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  const std::string edited =
      site.folder().write("edited.json", replace_all(read_file(first), "\"used\": 2", "\"used\": 1"));
  const ProgramResult found = run_authledger({"verify", "--file", edited});
  EXPECT_EQ(found.exit_code, 3);
  EXPECT_NE(found.output.find("is not what its facts, policy and entries give"), std::string::npos) << found.output;

  const std::string service = site.folder().path() + "/service.json";
  ASSERT_EQ(
      site.run({"evidence", "Encounter/e2", "--on", "2026-10-06", "--as-known-at", then, "--out", service}).exit_code,
      0);
  EXPECT_EQ(run_authledger({"verify", "--file", service}).exit_code, 0);
  EXPECT_EQ(read_file(service + ".txt").find("Encounter/e1"), std::string::npos) << "only what was asked for";
  // On the day of service itself nothing had been read.
  EXPECT_EQ(site.run({"evidence", "AUTH-1", "--on", "2026-10-06", "--out", second}).exit_code, 3);
}

TEST(Proof, ExplainGoesDownToVersionMappingPathAndTimeAlsoAsItWasKnown) {
  Site site;
  load_clinic(site);
  const std::string then = format_instant(SystemClock().now());
  ASSERT_TRUE(site.ehr().load(encounter_json("e3", "p1", "90837", "2026-10-07")).ok());
  ASSERT_EQ(site.run(kSync).exit_code, 0);
  Answer now(site.run({"explain", "AUTH-1"})), as_known(site.run({"explain", "AUTH-1", "--as-known-at", then}));
  EXPECT_TRUE(now.row("service", "Encounter/e3").exists());
  EXPECT_FALSE(as_known.row("service", "Encounter/e3").exists());
  const JsonView step = as_known.row("service", "Encounter/e2");
  ASSERT_TRUE(step.exists());
  EXPECT_FALSE(step["posted_at"].text().empty());
  EXPECT_FALSE(step["reason"].text().empty());
  EXPECT_NE(step["sources"].at(0).text().find("ehr:Encounter/e2"), std::string::npos);
  EXPECT_TRUE(step["mappings"].at(0)["mapping"].text().starts_with("encounter")) << to_json_text(step);
  const JsonView first = as_known.row("service", "Encounter/e1")["mappings"].at(0);
  EXPECT_FALSE(first["paths"].at(0)["start"].text().empty()) << "paths stand where a mapping is named first";
  EXPECT_EQ(site.run({"explain", "Encounter/e3", "--as-known-at", then}).exit_code, 3);
  EXPECT_EQ(site.run({"explain", "Encounter/e3"}).exit_code, 0);
  EXPECT_EQ(site.run({"explain", "AUTH-1", "--as-known-at", "2199-01-01T00:00:00Z"}).exit_code, 2);
}

}  // namespace
}  // namespace authledger
