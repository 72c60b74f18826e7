#include "ledger/chain_check.h"

namespace authledger {
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
Hash entry_hash(HashInput& input, std::string_view subject_key, const EntryView& entry,
                std::span<const TransferView> transfers) {
  input.clear();
  input.add("authledger.journal_entry").add(int64_t{kHashVersion}).add(subject_key).add(entry.previous_hash);
  input.add(entry.entry_seq).add(entry.facts_seq).add(entry.as_of_day);
  input.add(entry.policy_version).add(entry.allocator_version);
  input.add(entry.posted_at).add(entry.outcome_hash);
  input.add(static_cast<int64_t>(transfers.size()));
  for (const TransferView& transfer : transfers) {
    input.add(transfer.book).add(transfer.from).add(transfer.to);
    input.add(transfer.measure).add(transfer.quantity_milli).add(transfer.service_key);
    input.add(int64_t{transfer.is_reversal}).add(transfer.reason);
  }
  return input.sha256();
}

Hash entry_hash(std::string_view subject_key, const JournalEntry& entry) {
  HashInput input;
  std::vector<TransferView> transfers;
  for (const Transfer& transfer : entry.transfers) transfers.push_back(view_of(transfer));
  return entry_hash(input, subject_key, view_of(entry), transfers);
}

std::optional<ChainFault> verify_chain(std::string_view subject_key, std::span<const JournalEntry> entries) {
  ChainCheck check;
  check.begin(subject_key);
  std::vector<TransferView> transfers;
  for (const JournalEntry& entry : entries) {
    transfers.clear();
    for (const Transfer& transfer : entry.transfers) transfers.push_back(view_of(transfer));
    if (auto fault = check.add(view_of(entry), transfers)) return fault;
  }
  return std::nullopt;
}

}  // namespace authledger
