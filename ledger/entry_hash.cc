#include <bit>

#include "ledger/journal.h"

namespace authledger {
namespace {

// Domain separation of RFC 9162, 2.1.1: a leaf can never pass for an inner node.
Hash leaf_hash(const Hash& leaf) {
  return sha256(std::string(1, '\x00').append(bytes_of(leaf)));
}

Hash node_hash(const Hash& left, const Hash& right) {
  return sha256(std::string(1, '\x01').append(bytes_of(left)).append(bytes_of(right)));
}

Hash tree_hash(std::span<const Hash> leaves) {
  if (leaves.size() == 1) return leaf_hash(leaves.front());
  // The largest power of two below the number of leaves: the left side is always a full tree.
  size_t left = std::bit_floor(leaves.size() - 1);
  return node_hash(tree_hash(leaves.first(left)), tree_hash(leaves.subspan(left)));
}

}  // namespace

// Layout of kHashVersion 1, as HashInput writes it: a text is its length in eight bytes, big-endian, then its bytes; a
// number is eight bytes, big-endian, two's complement; a hash is a text of 32 bytes.
//   text   "authledger.journal_entry"
//   number hash version
//   text   subject key
//   hash   previous entry's hash (zeros before the first)
//   number entry_seq, facts_seq, as_of_day (days since 1970-01-01), policy_version, allocator_version,
//          posted_at (microseconds since 1970-01-01T00:00:00Z)
//   hash   outcome
//   number count of transfers, then for each of them in order:
//     text book, number from, to, measure (as stored), quantity (thousandths), text service key,
//     number is_reversal (0 or 1), text reason
Hash entry_hash(std::string_view subject_key, const JournalEntry& entry) {
  HashInput input;
  input.add("authledger.journal_entry").add(int64_t{kHashVersion}).add(subject_key).add(bytes_of(entry.previous_hash));
  input.add(entry.entry_seq).add(entry.facts_seq).add(int64_t{entry.as_of_day.number});
  input.add(entry.policy_version).add(int64_t{entry.allocator_version});
  input.add(static_cast<int64_t>(entry.posted_at.time_since_epoch().count())).add(bytes_of(entry.outcome_hash));
  input.add(static_cast<int64_t>(entry.transfers.size()));
  for (const Transfer& transfer : entry.transfers) {
    input.add(transfer.book).add(static_cast<int64_t>(transfer.from)).add(static_cast<int64_t>(transfer.to));
    input.add(static_cast<int64_t>(transfer.measure)).add(transfer.quantity.milli()).add(transfer.service_key);
    input.add(int64_t{transfer.is_reversal}).add(transfer.reason);
  }
  return input.sha256();
}

std::optional<ChainFault> verify_chain(std::string_view subject_key, std::span<const JournalEntry> entries) {
  Hash previous{};
  int64_t expected_seq = 1;
  for (const JournalEntry& entry : entries) {
    if (entry.entry_seq != expected_seq) {
      return ChainFault{expected_seq, "the entry is missing or out of order"};
    }
    if (entry.previous_hash != previous) {
      return ChainFault{entry.entry_seq, "the previous entry's hash does not match"};
    }
    if (entry_hash(subject_key, entry) != entry.entry_hash) {
      return ChainFault{entry.entry_seq, "the entry's own hash does not match its content"};
    }
    previous = entry.entry_hash;
    ++expected_seq;
  }
  return std::nullopt;
}

Hash merkle_root(std::span<const Hash> leaves) {
  return leaves.empty() ? Hash{} : tree_hash(leaves);
}

}  // namespace authledger
