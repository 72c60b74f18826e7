#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ledger/journal.h"

// Checks journals entry by entry as they are read, without a copy of what is checked: whole journals of millions of
// entries go this way. Pure.

namespace authledger {

// An entry and its transfers where they lie; numbers as stored (journal.h and facts.h number accounts and measures).
struct EntryView {
  int64_t entry_seq = 0, facts_seq = 0;
  int64_t as_of_day = 0;  // Days since 1970-01-01.
  int64_t policy_version = 0, allocator_version = 0;
  int64_t posted_at = 0;                                     // Microseconds since 1970-01-01T00:00:00Z.
  std::string_view outcome_hash, previous_hash, entry_hash;  // 32 bytes each.
};
struct TransferView {
  std::string_view book;
  int64_t from = 0, to = 0, measure = 0, quantity_milli = 0;
  std::string_view service_key;
  bool is_reversal = false;
  std::string_view reason;
};
EntryView view_of(const JournalEntry& entry);
TransferView view_of(const Transfer& transfer);

// The same as entry_hash; `memory` is kept from entry to entry.
Hash entry_hash(std::string& memory, std::string_view subject_key, const EntryView& entry,
                std::span<const TransferView> transfers);

// Follows the chain of one subject after the other.
class ChainCheck {
 public:
  void begin(std::string_view subject_key);
  // The next entry. After a fault the chain is broken: nothing more is to be added to it.
  std::optional<ChainFault> add(const EntryView& entry, std::span<const TransferView> transfers);

  int64_t entry_seq() const { return entry_seq_; }  // Of the last entry that followed.
  const Hash& entry_hash() const { return hash_; }

 private:
  std::string subject_key_;
  int64_t entry_seq_ = 0;
  Hash hash_{};
  std::string memory_;
};

// Sums by (book, account, measure) of one subject after the other, to be set against its projection. Views of books
// must live until `begin`.
class BalanceSums {
 public:
  void begin();
  // False when an account or a measure has a number that none has.
  bool add(const TransferView& transfer);
  bool subtract(std::string_view book, int64_t account, int64_t measure, int64_t quantity_milli);
  // Whether nothing is left: the projection held what the transfers give.
  bool are_zero() const;

 private:
  static constexpr int64_t kAccounts = 8, kMeasures = 8;
  using Sums = std::array<int64_t, kAccounts * kMeasures>;
  Sums& sums_of(std::string_view book);
  std::unordered_map<std::string_view, Sums> books_;
  std::string_view last_book_;
  Sums* last_ = nullptr;
};

}  // namespace authledger
