#include "ledger/journal.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <tuple>

namespace authledger {
namespace {

struct AccountWord {
  Account account;
  std::string_view word;
};
constexpr std::array kAccountWords{
    AccountWord{Account::granted, "granted"},    AccountWord{Account::available, "available"},
    AccountWord{Account::reserved, "reserved"},  AccountWord{Account::used, "used"},
    AccountWord{Account::lapsed, "lapsed"},      AccountWord{Account::rendered, "rendered"},
    AccountWord{Account::uncovered, "uncovered"}};

}  // namespace

std::string_view word_of(Account account) {
  for (const AccountWord& entry : kAccountWords) {
    if (entry.account == account) return entry.word;
  }
  return "";
}

std::optional<Account> account_from(std::string_view word) {
  for (const AccountWord& entry : kAccountWords) {
    if (entry.word == word) return entry.account;
  }
  return std::nullopt;
}

std::string uncovered_book(std::string_view code) {
  return std::string("uncovered/").append(code.empty() ? std::string_view("-") : code);
}

std::vector<Position> fold_positions(std::span<const Transfer> transfers) {
  std::map<std::tuple<std::string_view, Account, Measure, std::string_view>, Quantity> sums;
  for (const Transfer& transfer : transfers) {
    sums[{transfer.book, transfer.from, transfer.measure, transfer.service_key}] -= transfer.quantity;
    sums[{transfer.book, transfer.to, transfer.measure, transfer.service_key}] += transfer.quantity;
  }
  std::vector<Position> positions;
  for (const auto& [place, quantity] : sums) {
    if (quantity.is_zero()) continue;
    const auto& [book, account, measure, service_key] = place;
    positions.push_back({std::string(book), account, measure, std::string(service_key), quantity});
  }
  return positions;
}

std::vector<Balance> fold_balances(std::span<const Transfer> transfers) {
  std::map<std::tuple<std::string_view, Account, Measure>, Quantity> sums;
  for (const Transfer& transfer : transfers) {
    sums[{transfer.book, transfer.from, transfer.measure}] -= transfer.quantity;
    sums[{transfer.book, transfer.to, transfer.measure}] += transfer.quantity;
  }
  std::vector<Balance> balances;
  for (const auto& [place, quantity] : sums) {
    if (quantity.is_zero()) continue;
    const auto& [book, account, measure] = place;
    balances.push_back({std::string(book), account, measure, quantity});
  }
  return balances;
}

std::string subject_key(int64_t tenant_id, int64_t subject_id) {
  return fmt::format("{}/{}", tenant_id, subject_id);
}

std::optional<JournalEntry> build_entry(std::string_view subject_key, const ChainHead& head, const EntryInputs& inputs,
                                        EntryPlan plan) {
  if (plan.transfers.empty() && plan.outcome_hash == head.outcome_hash) return std::nullopt;
  JournalEntry entry;
  entry.entry_seq = head.entry_seq + 1;
  entry.facts_seq = inputs.facts_seq;
  entry.as_of_day = inputs.as_of_day;
  entry.policy_version = inputs.policy_version;
  entry.posted_at = inputs.posted_at;
  entry.outcome_hash = plan.outcome_hash;
  entry.previous_hash = head.entry_hash;
  entry.transfers = std::move(plan.transfers);
  entry.entry_hash = entry_hash(subject_key, entry);
  return entry;
}

}  // namespace authledger
