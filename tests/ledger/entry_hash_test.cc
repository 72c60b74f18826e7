#include <gtest/gtest.h>

#include "ledger/journal.h"
#include "ledger/seal.h"

namespace authledger {
namespace {

Transfer grant_of(int units) {
  return {"Organization/payer/A1/1",
          Account::granted,
          Account::available,
          Measure::visit,
          Quantity::of_units(units),
          "",
          false,
          "approved"};
}

JournalEntry entry_of(int64_t seq, const Hash& previous, std::vector<Transfer> transfers) {
  JournalEntry entry;
  entry.entry_seq = seq;
  entry.facts_seq = seq * 3;
  entry.as_of_day = day_of(2026, 3, 1);
  entry.policy_version = 1;
  entry.allocator_version = 1;
  entry.posted_at = *parse_instant("2026-03-01T12:00:00.000001Z");
  entry.previous_hash = previous;
  entry.transfers = std::move(transfers);
  entry.entry_hash = entry_hash("1/7", entry);
  return entry;
}

std::vector<JournalEntry> chain_of_three() {
  std::vector<JournalEntry> entries;
  Hash previous{};
  for (int64_t seq = 1; seq <= 3; ++seq) {
    entries.push_back(entry_of(seq, previous, {grant_of(static_cast<int>(seq))}));
    previous = entries.back().entry_hash;
  }
  return entries;
}

TEST(EntryHash, IsTheSameForEverForTheSameEntry) {
  // Written once from an independent computation over the documented layout (see the comment in entry_hash.cc).
  EXPECT_EQ(to_hex(entry_hash("1/7", entry_of(1, Hash{}, {grant_of(12)}))),
            "ed62e47e6dc79d96fde50158e7ba4b9e4809d1f9d7508ac51cc44730647d0623");
}

TEST(EntryHash, CoversEveryField) {
  const JournalEntry original = entry_of(1, Hash{}, {grant_of(12)});
  const Hash hash = entry_hash("1/7", original);
  EXPECT_NE(entry_hash("1/8", original), hash);
  auto changed = [&](auto change) {
    JournalEntry entry = original;
    change(entry);
    return entry_hash("1/7", entry) != hash;
  };
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.entry_seq = 2; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.facts_seq = 4; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.as_of_day = entry.as_of_day + 1; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.policy_version = 2; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.allocator_version += 1; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.posted_at += std::chrono::microseconds(1); }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.outcome_hash[31] = 1; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.previous_hash[0] = 1; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers.clear(); }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].book += "x"; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].from = Account::used; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].to = Account::used; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].measure = Measure::hour; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].quantity = Quantity::of_milli(12001); }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].service_key = "Encounter/e1"; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].is_reversal = true; }));
  EXPECT_TRUE(changed([](JournalEntry& entry) { entry.transfers[0].reason = "other"; }));
}

TEST(VerifyChain, AcceptsAnUntouchedChain) {
  EXPECT_FALSE(verify_chain("1/7", chain_of_three()));
  EXPECT_FALSE(verify_chain("1/7", {}));
}

TEST(VerifyChain, NamesTheEntryThatWasChanged) {
  auto entries = chain_of_three();
  entries[1].transfers[0].quantity = Quantity::of_units(99);
  auto fault = verify_chain("1/7", entries);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->entry_seq, 2);
}

TEST(VerifyChain, NamesTheEntryAfterOneThatWasRewrittenWithItsHash) {
  auto entries = chain_of_three();
  entries[1].transfers[0].quantity = Quantity::of_units(99);
  entries[1].entry_hash = entry_hash("1/7", entries[1]);
  auto fault = verify_chain("1/7", entries);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->entry_seq, 3);
}

TEST(VerifyChain, NamesTheEntryThatIsMissing) {
  auto entries = chain_of_three();
  entries.erase(entries.begin() + 1);
  auto fault = verify_chain("1/7", entries);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->entry_seq, 2);
}

TEST(VerifyChain, RefusesTheChainOfAnotherSubject) {
  EXPECT_TRUE(verify_chain("1/8", chain_of_three()));
}

std::vector<Hash> leaves_of(size_t count) {
  std::vector<Hash> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(sha256(std::string(1, static_cast<char>('a' + i))));
  return leaves;
}

Hash leaf(const Hash& hash) {
  return sha256(std::string(1, '\0').append(bytes_of(hash)));
}
Hash node(const Hash& left, const Hash& right) {
  return sha256(std::string(1, '\1').append(bytes_of(left)).append(bytes_of(right)));
}

TEST(MerkleRoot, OfNothingIsZeros) {
  EXPECT_EQ(merkle_root({}), Hash{});
}

TEST(MerkleRoot, HashesLeavesAndNodesApart) {
  auto leaves = leaves_of(2);
  EXPECT_EQ(merkle_root(std::span(leaves).first(1)), leaf(leaves[0]));
  EXPECT_EQ(merkle_root(leaves), node(leaf(leaves[0]), leaf(leaves[1])));
}

TEST(MerkleRoot, SplitsAtTheLargestPowerOfTwoBelowTheCount) {
  auto leaves = leaves_of(7);
  Hash left = node(node(leaf(leaves[0]), leaf(leaves[1])), node(leaf(leaves[2]), leaf(leaves[3])));
  Hash right = node(node(leaf(leaves[4]), leaf(leaves[5])), leaf(leaves[6]));
  EXPECT_EQ(merkle_root(leaves), node(left, right));
}

TEST(MerkleRoot, DependsOnTheOrderOfItsLeaves) {
  auto leaves = leaves_of(3);
  Hash root = merkle_root(leaves);
  std::swap(leaves[0], leaves[2]);
  EXPECT_NE(merkle_root(leaves), root);
}

}  // namespace
}  // namespace authledger
