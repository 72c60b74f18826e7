#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "ledger/allocate.h"

// The journal's memory: one-row transfers, entries that correct by reversing and reposting, and their hash chain. Pure.
// Source: ARCHITECTURE, "Journal".

namespace authledger {

enum class Account : int16_t {
  granted = 1,
  available = 2,
  reserved = 3,
  used = 4,
  lapsed = 5,  // Of an authorization line's book.
  rendered = 6,
  uncovered = 7  // Of the book "uncovered/<code>".
};
std::string_view word_of(Account account);
std::optional<Account> account_from(std::string_view word);

// The book of what was rendered without an authorization: "uncovered/<code>", or "uncovered/-" without a code.
std::string uncovered_book(std::string_view code);

// Moves one positive quantity between two accounts of a book.
struct Transfer {
  std::string book;
  Account from = Account::granted;
  Account to = Account::available;
  Measure measure = Measure::unknown;
  Quantity quantity;
  std::string service_key;   // Empty for grants and lapses.
  bool is_reversal = false;  // Takes back an earlier transfer.
  std::string reason;        // Rule or cause, for explain; no patient data.
  bool operator==(const Transfer&) const = default;
};

// What the journal holds now: a quantity that rests in `account` of `book` for one service (or for the grant or lapse
// itself, service_key empty). Folded from all transfers of a subject; zero positions are left out. The accounts that
// quantities come from (granted, rendered, and available for a service) hold negative positions, so that the positions
// of every book sum to zero.
struct Position {
  std::string book;
  Account account = Account::available;
  Measure measure = Measure::unknown;
  std::string service_key;
  Quantity quantity;
  bool operator==(const Position&) const = default;
};
std::vector<Position> fold_positions(std::span<const Transfer> transfers);

struct Balance {
  std::string book;
  Account account = Account::available;
  Measure measure = Measure::unknown;
  Quantity quantity;
  bool operator==(const Balance&) const = default;
};
// Balance of each account of each book, from all transfers of a subject; ordered, zeros left out.
std::vector<Balance> fold_balances(std::span<const Transfer> transfers);

struct EntryPlan {
  std::vector<Transfer> transfers;  // Reversals first; empty when nothing moved.
  Hash outcome_hash{};              // Of everything that is believed: lines, draws, uncovered; without the day.
};

// What must be posted so that the journal says what `allocation` says. A reservation whose service was rendered for the
// same line and quantity moves on by one transfer; everything else is reversed and reposted. A second call on the
// result plans nothing. A line without a limit of units has no grant: its draws move from granted to reserved or used.
// Planned services without cover are not journaled: nothing was rendered.
EntryPlan plan_entry(const Consolidated& subject, const Allocation& allocation, std::span<const Position> positions);

struct JournalEntry {
  int64_t entry_seq = 0;
  int64_t facts_seq = 0;
  Day as_of_day;
  int64_t policy_version = 0;
  int allocator_version = kAllocatorVersion;
  Instant posted_at{};
  Hash outcome_hash{};
  Hash previous_hash{};
  Hash entry_hash{};
  std::vector<Transfer> transfers;
};

// Where a subject's chain stands: all zero before its first entry.
struct ChainHead {
  int64_t entry_seq = 0;
  Hash entry_hash{};
  Hash outcome_hash{};
};

struct EntryInputs {
  int64_t facts_seq = 0;
  Day as_of_day;
  int64_t policy_version = 0;
  Instant posted_at{};
};

// The entry that follows `head`, hashed, or nullopt when nothing moved and the same is believed as before.
std::optional<JournalEntry> build_entry(std::string_view subject_key, const ChainHead& head, const EntryInputs& inputs,
                                        EntryPlan plan);

// The binding of a subject's hash chain: "<tenant id>/<subject id>".
std::string subject_key(int64_t tenant_id, int64_t subject_id);

inline constexpr int kHashVersion = 1;

// Length-prefixed bytes of every field, previous_hash included; see entry_hash.cc for the layout of kHashVersion 1.
// `subject_key` binds the chain to its tenant and subject.
Hash entry_hash(std::string_view subject_key, const JournalEntry& entry);

struct ChainFault {
  int64_t entry_seq = 0;
  std::string message;
};
// First broken entry of a subject's chain (sequence gap, wrong previous hash, wrong hash), or nullopt.
std::optional<ChainFault> verify_chain(std::string_view subject_key, std::span<const JournalEntry> entries);

}  // namespace authledger
