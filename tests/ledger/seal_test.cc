#include "ledger/seal.h"

#include <gtest/gtest.h>

#include "ledger/journal_file.h"
#include "ledger/journal_json.h"

namespace authledger {
namespace {

std::vector<Hash> leaves_of(size_t count) {
  std::vector<Hash> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(sha256("leaf " + std::to_string(i)));
  return leaves;
}

// Seals as the store makes them: numbered, chained, each over the heads that moved.
std::vector<Seal> seals_of(const std::vector<std::vector<SealedHead>>& heads) {
  std::vector<Seal> seals;
  Hash previous{};
  for (const std::vector<SealedHead>& moved : heads) {
    Seal seal;
    seal.tenant_id = 1;
    seal.seal_seq = static_cast<int64_t>(seals.size()) + 1;
    seal.sealed_at = *parse_instant("2026-03-01T12:00:00.000001Z") + std::chrono::hours(seal.seal_seq);
    std::vector<Hash> leaves;
    for (const SealedHead& head : moved) leaves.push_back(head.entry_hash);
    seal.root_hash = merkle_root(leaves);
    seal.previous_hash = previous;
    seal.seal_hash = seal_hash(seal);
    seal.heads = moved;
    previous = seal.seal_hash;
    seals.push_back(std::move(seal));
  }
  return seals;
}

Transfer moves(Account from, Account to, int64_t units) {
  return {"payer-1/AUTH-1/1", from, to, Measure::visit, Quantity::of_units(units), "", false, "approved"};
}

// A chain of subject 7 whose second entry moves `units`.
std::vector<JournalEntry> chain_of_three(int64_t units) {
  std::vector<JournalEntry> entries;
  ChainHead head;
  for (int64_t moved : {int64_t{12}, units, int64_t{3}}) {
    EntryPlan plan{{moves(Account::granted, Account::available, moved)}, sha256(std::to_string(moved))};
    EntryInputs inputs{head.entry_seq + 1, day_of(2026, 3, 1), 1, *parse_instant("2026-03-01T12:00:00Z")};
    entries.push_back(*build_entry(subject_key(1, 7), head, inputs, std::move(plan)));
    head = {entries.back().entry_seq, entries.back().entry_hash, entries.back().outcome_hash};
  }
  return entries;
}

template <typename Check>
void add_line(Check& check, const std::string& line) {
  JsonDocument document;
  const auto root = document.parse(line);
  ASSERT_TRUE(root);
  check.add(*root);
}

std::vector<FileFault> check_journal(const std::vector<JournalEntry>& entries, const KeptSeals* seals) {
  JournalFileCheck check(seals);
  for (const JournalEntry& entry : entries) add_line(check, journal_line({1, 7, entry}));
  check.finish();
  return check.faults();
}

TEST(MerklePath, LeadsFromEveryLeafToTheRoot) {
  for (size_t count = 1; count <= 33; ++count) {
    const auto leaves = leaves_of(count);
    for (size_t i = 0; i < count; ++i) {
      auto path = merkle_path(leaves, i);
      EXPECT_EQ(root_from_path(leaves[i], i, count, path), merkle_root(leaves)) << i << " of " << count;
      if (!path.empty()) {
        EXPECT_NE(root_from_path(leaves[i], i, count, std::span(path).first(path.size() - 1)), merkle_root(leaves));
      }
      path.push_back(leaves[0]);
      EXPECT_EQ(root_from_path(leaves[i], i, count, path), std::nullopt) << "a step too many";
    }
  }
}

TEST(MerklePath, LeadsElsewhereFromAnotherLeaf) {
  const auto leaves = leaves_of(6);
  EXPECT_NE(root_from_path(leaves[1], 2, 6, merkle_path(leaves, 2)), merkle_root(leaves));
}

TEST(SealLine, GivesBackTheSealAndHoldsNumbersAndHashesOnly) {
  const Seal seal = seals_of({{{7, 1, sha256("a")}, {9, 4, sha256("b")}}})[0];
  const std::string line = seal_line(seal);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  JsonDocument document;
  const auto read = seal_from(*document.parse(line));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, seal);
  EXPECT_FALSE(seal_from(*document.parse(R"({"format":"authledger.seal/1"})")));
}

TEST(SealChain, NamesASealThatIsMissingOrRewritten) {
  const auto seals = seals_of({{{7, 1, sha256("a")}}, {{7, 2, sha256("b")}}, {{9, 1, sha256("c")}}});
  SealChain whole;
  for (const Seal& seal : seals) EXPECT_EQ(whole.add(seal), std::nullopt);
  SealChain with_gap;
  EXPECT_EQ(with_gap.add(seals[0]), std::nullopt);
  EXPECT_EQ(with_gap.add(seals[2]), "seal 2 is missing or out of order");
  SealChain moved;
  Seal later = seals[0];
  later.sealed_at += std::chrono::seconds(1);
  EXPECT_EQ(moved.add(later), "the seal's own hash does not match its content");
}

TEST(JournalFile, NamesTheEntryWhoseContentWasEdited_Fault55) {
  auto entries = chain_of_three(5);
  EXPECT_TRUE(check_journal(entries, nullptr).empty());
  entries[1].transfers[0].quantity = Quantity::of_units(6);
  const auto faults = check_journal(entries, nullptr);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].tenant_id, 1);
  EXPECT_EQ(faults[0].subject_id, 7);
  EXPECT_EQ(faults[0].entry_seq, 2);
}

TEST(JournalFile, IsSetAgainstSealsThatWereKeptBeforeItWasRewrittenWithItsChain_Fault55) {
  const auto posted = chain_of_three(5), rewritten = chain_of_three(6);
  KeptSeals kept;
  for (const Seal& seal : seals_of({{{7, 1, posted[0].entry_hash}}, {{7, 3, posted[2].entry_hash}}})) {
    add_line(kept, seal_line(seal));
  }
  EXPECT_EQ(kept.count(), 2);
  EXPECT_TRUE(check_journal(posted, &kept).empty());
  EXPECT_TRUE(check_journal(rewritten, nullptr).empty()) << "a chain that was computed again holds by itself";
  const auto faults = check_journal(rewritten, &kept);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].entry_seq, 3) << "entry 2 was never a head; the first one that was sealed shows it";
  EXPECT_EQ(faults[0].seal_seq, 2);

  const auto cut = check_journal({posted[0], posted[1]}, &kept);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut[0].entry_seq, 3);
}

}  // namespace
}  // namespace authledger
