#include <endian.h>

#include <cstring>

#include "ledger/chain_check.h"

namespace authledger {
namespace {

// What HashInput does, for tens of millions of fields: the room for all of them is made at once.
class FieldBytes {
 public:
  FieldBytes(std::string& memory, size_t bytes_max) : memory_(memory) {
    if (memory.size() < bytes_max) memory.resize(bytes_max);
    at_ = memory.data();
  }
  FieldBytes& add(int64_t number) {
    const uint64_t big_endian = htobe64(static_cast<uint64_t>(number));
    std::memcpy(at_, &big_endian, kNumberBytes);
    at_ += kNumberBytes;
    return *this;
  }
  FieldBytes& add(std::string_view text) {
    add(static_cast<int64_t>(text.size()));
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  std::string_view bytes() const { return {memory_.data(), static_cast<size_t>(at_ - memory_.data())}; }

  static constexpr size_t kNumberBytes = 8;

 private:
  std::string& memory_;
  char* at_ = nullptr;
};

constexpr std::string_view kRecord = "authledger.journal_entry";

size_t bytes_of_fields(std::string_view subject_key, const EntryView& entry, std::span<const TransferView> transfers) {
  constexpr size_t kEntryNumbers = 13, kTransferNumbers = 8;  // Lengths of texts included.
  size_t bytes = kEntryNumbers * FieldBytes::kNumberBytes + kRecord.size() + subject_key.size() +
                 entry.previous_hash.size() + entry.outcome_hash.size();
  for (const TransferView& transfer : transfers) {
    bytes += kTransferNumbers * FieldBytes::kNumberBytes + transfer.book.size() + transfer.service_key.size() +
             transfer.reason.size();
  }
  return bytes;
}

}  // namespace

// Layout of kHashVersion 1, as HashInput writes it too: a text is its length in eight bytes, big-endian, then its
// bytes; a number is eight bytes, big-endian, two's complement; a hash is a text of 32 bytes.
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
Hash entry_hash(std::string& memory, std::string_view subject_key, const EntryView& entry,
                std::span<const TransferView> transfers) {
  FieldBytes fields(memory, bytes_of_fields(subject_key, entry, transfers));
  fields.add(kRecord).add(int64_t{kHashVersion}).add(subject_key).add(entry.previous_hash);
  fields.add(entry.entry_seq).add(entry.facts_seq).add(entry.as_of_day);
  fields.add(entry.policy_version).add(entry.allocator_version);
  fields.add(entry.posted_at).add(entry.outcome_hash);
  fields.add(static_cast<int64_t>(transfers.size()));
  for (const TransferView& transfer : transfers) {
    fields.add(transfer.book).add(transfer.from).add(transfer.to);
    fields.add(transfer.measure).add(transfer.quantity_milli).add(transfer.service_key);
    fields.add(int64_t{transfer.is_reversal}).add(transfer.reason);
  }
  return sha256(fields.bytes());
}

Hash entry_hash(std::string_view subject_key, const JournalEntry& entry) {
  std::string memory;
  std::vector<TransferView> transfers;
  for (const Transfer& transfer : entry.transfers) transfers.push_back(view_of(transfer));
  return entry_hash(memory, subject_key, view_of(entry), transfers);
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
