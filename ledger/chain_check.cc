#include "ledger/chain_check.h"

#include <algorithm>

namespace authledger {

EntryView view_of(const JournalEntry& entry) {
  return {entry.entry_seq,
          entry.facts_seq,
          entry.as_of_day.number,
          entry.policy_version,
          entry.allocator_version,
          static_cast<int64_t>(entry.posted_at.time_since_epoch().count()),
          bytes_of(entry.outcome_hash),
          bytes_of(entry.previous_hash),
          bytes_of(entry.entry_hash)};
}

TransferView view_of(const Transfer& transfer) {
  return {transfer.book,
          static_cast<int64_t>(transfer.from),
          static_cast<int64_t>(transfer.to),
          static_cast<int64_t>(transfer.measure),
          transfer.quantity.milli(),
          transfer.service_key,
          transfer.is_reversal,
          transfer.reason};
}

void ChainCheck::begin(std::string_view subject_key) {
  subject_key_ = subject_key;
  entry_seq_ = 0;
  hash_ = Hash{};
}

std::optional<ChainFault> ChainCheck::add(const EntryView& entry, std::span<const TransferView> transfers) {
  if (entry.entry_seq != entry_seq_ + 1) return ChainFault{entry_seq_ + 1, "the entry is missing or out of order"};
  if (entry.previous_hash != bytes_of(hash_)) {
    return ChainFault{entry.entry_seq, "the previous entry's hash does not match"};
  }
  const Hash hash = authledger::entry_hash(memory_, subject_key_, entry, transfers);
  if (entry.entry_hash != bytes_of(hash)) {
    return ChainFault{entry.entry_seq, "the entry's own hash does not match its content"};
  }
  entry_seq_ = entry.entry_seq;
  hash_ = hash;
  return std::nullopt;
}

void BalanceSums::begin() {
  books_.clear();
  last_ = nullptr;
}

BalanceSums::Sums& BalanceSums::sums_of(std::string_view book) {
  if (last_ == nullptr || book != last_book_) {
    last_ = &books_.try_emplace(book).first->second;
    last_book_ = book;
  }
  return *last_;
}

bool BalanceSums::add(const TransferView& transfer) {
  return subtract(transfer.book, transfer.from, transfer.measure, transfer.quantity_milli) &&
         subtract(transfer.book, transfer.to, transfer.measure, -transfer.quantity_milli);
}

bool BalanceSums::subtract(std::string_view book, int64_t account, int64_t measure, int64_t quantity_milli) {
  if (account < 0 || account >= kAccounts || measure < 0 || measure >= kMeasures) return false;
  sums_of(book)[static_cast<size_t>(account * kMeasures + measure)] -= quantity_milli;
  return true;
}

bool BalanceSums::are_zero() const {
  return std::all_of(books_.begin(), books_.end(), [](const auto& book) {
    return std::all_of(book.second.begin(), book.second.end(), [](int64_t sum) { return sum == 0; });
  });
}

}  // namespace authledger
