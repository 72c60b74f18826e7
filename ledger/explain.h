#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/journal.h"

// Why an authorization's balances are what they are: every transfer of its units, in the order in which they were
// posted. Pure.

namespace authledger {

struct ExplainRow {
  Instant posted_at{};
  int64_t entry_seq = 0;
  std::string book;
  std::string line;         // "" in the book of uncovered services.
  std::string service_key;  // "" for grants and lapses.
  std::optional<Day> day;   // Of the service, as known when the transfer was posted.
  Account from = Account::granted;
  Account to = Account::available;
  Quantity quantity;
  Measure measure = Measure::unknown;
  bool is_reversal = false;
  bool is_standing = false;  // Not taken back since.
  std::string reason;        // Rule or cause when it was posted.
  std::string rule_now;      // Rule of the draw that stands; differs from `reason` where that changed since.
  // What was known of the service, or of the line for grants and lapses, when the transfer was posted:
  // "ehr:Encounter/e1 version 3".
  std::vector<std::string> sources;
  std::vector<std::string> mappings;  // That made these facts of their resources: "encounter@5f0c…".
};

// The books of an authorization: lines that have or ever had this number, this request or this book, and books of the
// journal under this number whose line is gone.
std::vector<std::string> books_of_authorization(std::string_view authorization, const Consolidated& subject,
                                                std::span<const JournalEntry> entries);

// Transfers of the authorization's books, and those of the uncovered books for services that ever drew from it, so that
// a visit that moved from uncovered to covered shows both steps. `history` are all versions of the subject's facts.
// Empty where nothing was ever posted for it.
std::vector<ExplainRow> explain_authorization(std::string_view authorization, const Consolidated& subject,
                                              const Allocation& allocation, std::span<const JournalEntry> entries,
                                              std::span<const Fact> history);

// The same for one service, by its key or by any resource that reports it: from where to where each of its units went,
// covered or not.
std::vector<ExplainRow> explain_service(std::string_view service, const Consolidated& subject,
                                        const Allocation& allocation, std::span<const JournalEntry> entries,
                                        std::span<const Fact> history);
// The keys that a service goes by: what was asked, and the leading resource of a service that it is part of.
std::vector<std::string> keys_of_service(std::string_view service, const Consolidated& subject);

}  // namespace authledger
