#include "ledger/store/journal_store.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace authledger {

namespace {

// What went into an account less what left it; the same fold as fold_positions over all transfers.
constexpr Statement kReadPositions{"read_positions", R"(
  select asked.no, side.book, side.account, side.measure, side.service_key, sum(side.quantity_milli)::bigint
    from unnest($2::bigint[]) with ordinality as asked (subject_id, no)
   cross join lateral (
         select book, to_account as account, measure, service_key, quantity_milli
           from transfer
          where tenant_id = $1
            and subject_id = asked.subject_id
      union all
         select book, from_account, measure, service_key, -quantity_milli
           from transfer
          where tenant_id = $1
            and subject_id = asked.subject_id
         offset 0) as side
   group by asked.no, side.book, side.account, side.measure, side.service_key
  having sum(side.quantity_milli) <> 0
   order by asked.no, side.book, side.account, side.measure, side.service_key nulls first)"};

constexpr Statement kInsertEntries{"insert_entries", R"(
  insert into journal_entry (
         tenant_id, subject_id, entry_seq, facts_seq, as_of_day, policy_version, allocator_version, posted_at,
         outcome_hash, previous_hash, entry_hash)
  select $1, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::date[]),
         unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::timestamptz[]), unnest($9::bytea[]),
         unnest($10::bytea[]), unnest($11::bytea[]))"};

constexpr Statement kInsertTransfers{"insert_transfers", R"(
  insert into transfer (
         tenant_id, subject_id, entry_seq, no, book, from_account, to_account, measure, quantity_milli, service_key,
         is_reversal, reason)
  select $1, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::text[]),
         unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::text[]),
         unnest($11::boolean[]), unnest($12::text[]))"};

constexpr Statement kAddToBalances{"add_to_balances", R"(
  insert into balance as stored (tenant_id, subject_id, book, account, measure, quantity_milli)
  select $1, unnest($2::bigint[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::bigint[]),
         unnest($6::bigint[])
      on conflict (tenant_id, subject_id, book, account, measure) do update
     set quantity_milli = stored.quantity_milli + excluded.quantity_milli)"};

// $2 is sorted: width_bucket gives the place of a subject in it (see kRaiseSubjects in fact_store.cc).
constexpr Statement kMoveHeads{"move_heads", R"(
  update subject
     set entry_seq = ($3::bigint[])[width_bucket(subject_id, $2::bigint[])],
         entry_hash = ($4::bytea[])[width_bucket(subject_id, $2::bigint[])],
         outcome_hash = ($5::bytea[])[width_bucket(subject_id, $2::bigint[])]
   where tenant_id = $1
     and subject_id = any($2::bigint[]))"};

constexpr Statement kReadEntries{"read_entries", R"(
  select entry_seq, facts_seq, as_of_day, policy_version, allocator_version, posted_at, outcome_hash, previous_hash,
         entry_hash
    from journal_entry
   where tenant_id = $1
     and subject_id = $2
     and ($3::timestamptz is null or posted_at <= $3)
   order by entry_seq)"};

// Along the key from its end: one step for what was known lately.
constexpr Statement kReadLastEntries{"read_last_entries", R"(
  select asked.no, last.*
    from unnest($2::bigint[]) with ordinality as asked (subject_id, no)
   cross join lateral (
         select entry_seq, facts_seq, as_of_day, policy_version, allocator_version, posted_at, outcome_hash,
                previous_hash, entry_hash
           from journal_entry
          where tenant_id = $1
            and subject_id = asked.subject_id
            and posted_at <= $3
          order by tenant_id desc, subject_id desc, entry_seq desc
          limit 1) as last)"};

constexpr Statement kReadTransfers{"read_transfers", R"(
  select entry_seq, book, from_account, to_account, measure, quantity_milli, service_key, is_reversal, reason
    from transfer
   where tenant_id = $1
     and subject_id = $2
   order by entry_seq, no)"};

constexpr Statement kReadBalances{"read_balances", R"(
  select book, account, measure, quantity_milli
    from balance
   where tenant_id = $1
     and subject_id = $2
     and quantity_milli <> 0
   order by book, account, measure)"};

constexpr Statement kDropBalances{"drop_balances", R"(
  delete from balance
   where tenant_id = $1
     and subject_id = $2)"};

template <size_t N>
Parameters parameters_of(int64_t tenant_id, std::array<ArrayBuilder, N>& columns) {
  Parameters parameters;
  parameters.integer(tenant_id);
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  return parameters;
}

void insert_entries(Transaction& transaction, std::span<const PostedEntry> entries) {
  std::array<ArrayBuilder, 10> columns;
  for (const PostedEntry& posted : entries) {
    const JournalEntry& entry = posted.entry;
    columns[0].integer(posted.subject_id);
    columns[1].integer(entry.entry_seq);
    columns[2].integer(entry.facts_seq);
    columns[3].day(entry.as_of_day);
    columns[4].integer(entry.policy_version);
    columns[5].integer(entry.allocator_version);
    columns[6].instant(entry.posted_at);
    columns[7].hash(entry.outcome_hash);
    columns[8].hash(entry.previous_hash);
    columns[9].hash(entry.entry_hash);
  }
  transaction.execute(kInsertEntries, parameters_of(transaction.tenant_id(), columns));
}

void insert_transfers(Transaction& transaction, std::span<const PostedEntry> entries) {
  std::array<ArrayBuilder, 11> columns;
  for (const PostedEntry& posted : entries) {
    int64_t no = 0;
    for (const Transfer& transfer : posted.entry.transfers) {
      columns[0].integer(posted.subject_id);
      columns[1].integer(posted.entry.entry_seq);
      columns[2].integer(++no);
      columns[3].text(transfer.book);
      columns[4].integer(static_cast<int64_t>(transfer.from));
      columns[5].integer(static_cast<int64_t>(transfer.to));
      columns[6].integer(static_cast<int64_t>(transfer.measure));
      columns[7].integer(transfer.quantity.milli());
      columns[8].optional_text(transfer.service_key);
      columns[9].boolean(transfer.is_reversal);
      columns[10].text(transfer.reason);
    }
  }
  if (columns[0].size() == 0) return;
  transaction.execute(kInsertTransfers, parameters_of(transaction.tenant_id(), columns));
}

using TransfersOfSubjects = std::map<int64_t, std::vector<Transfer>>;

void add_to_balances(Transaction& transaction, const TransfersOfSubjects& transfers) {
  std::array<ArrayBuilder, 5> columns;
  for (const auto& [subject_id, moved] : transfers) {
    for (const Balance& balance : fold_balances(moved)) {
      columns[0].integer(subject_id);
      columns[1].text(balance.book);
      columns[2].integer(static_cast<int64_t>(balance.account));
      columns[3].integer(static_cast<int64_t>(balance.measure));
      columns[4].integer(balance.quantity.milli());
    }
  }
  if (columns[0].size() == 0) return;
  transaction.execute(kAddToBalances, parameters_of(transaction.tenant_id(), columns));
}

void move_heads(Transaction& transaction, std::span<const PostedEntry> entries) {
  std::map<int64_t, const JournalEntry*> heads;
  for (const PostedEntry& posted : entries) {
    const JournalEntry*& head = heads[posted.subject_id];
    if (head == nullptr || head->entry_seq < posted.entry.entry_seq) head = &posted.entry;
  }
  std::array<ArrayBuilder, 4> columns;
  for (const auto& [subject_id, head] : heads) {
    columns[0].integer(subject_id);
    columns[1].integer(head->entry_seq);
    columns[2].hash(head->entry_hash);
    columns[3].hash(head->outcome_hash);
  }
  transaction.execute(kMoveHeads, parameters_of(transaction.tenant_id(), columns));
}

JournalEntry header_from(const Rows& rows, size_t row, int column) {
  JournalEntry entry;
  entry.entry_seq = rows.integer(row, column);
  entry.facts_seq = rows.integer(row, column + 1);
  entry.as_of_day = rows.day(row, column + 2);
  entry.policy_version = rows.integer(row, column + 3);
  entry.allocator_version = static_cast<int>(rows.integer(row, column + 4));
  entry.posted_at = rows.instant(row, column + 5);
  entry.outcome_hash = rows.hash(row, column + 6);
  entry.previous_hash = rows.hash(row, column + 7);
  entry.entry_hash = rows.hash(row, column + 8);
  return entry;
}

}  // namespace

std::vector<std::optional<JournalEntry>> read_last_entries(Transaction& transaction,
                                                           std::span<const int64_t> subject_ids, Instant until) {
  std::vector<std::optional<JournalEntry>> entries(subject_ids.size());
  const Rows rows = transaction.execute(
      kReadLastEntries, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids).instant(until));
  for (size_t row = 0; row < rows.size(); ++row) {
    entries[static_cast<size_t>(rows.integer(row, 0) - 1)] = header_from(rows, row, 1);
  }
  return entries;
}

std::vector<std::vector<Position>> read_positions(Transaction& transaction, std::span<const int64_t> subject_ids) {
  std::vector<std::vector<Position>> positions(subject_ids.size());
  if (subject_ids.empty()) return positions;
  const Rows rows =
      transaction.execute(kReadPositions, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids));
  for (size_t row = 0; row < rows.size(); ++row) {
    positions[static_cast<size_t>(rows.integer(row, 0) - 1)].push_back(
        {rows.string(row, 1), static_cast<Account>(rows.integer(row, 2)), static_cast<Measure>(rows.integer(row, 3)),
         rows.string(row, 4), Quantity::of_milli(rows.integer(row, 5))});
  }
  return positions;
}

void post_entries(Transaction& transaction, std::span<const PostedEntry> entries) {
  if (entries.empty()) return;
  insert_entries(transaction, entries);
  insert_transfers(transaction, entries);
  TransfersOfSubjects transfers;
  for (const PostedEntry& posted : entries) {
    std::vector<Transfer>& moved = transfers[posted.subject_id];
    moved.insert(moved.end(), posted.entry.transfers.begin(), posted.entry.transfers.end());
  }
  add_to_balances(transaction, transfers);
  move_heads(transaction, entries);
}

std::vector<JournalEntry> read_entries(Transaction& transaction, int64_t subject_id, std::optional<Instant> until) {
  const Rows rows = transaction.execute(
      kReadEntries, Parameters().integer(transaction.tenant_id()).integer(subject_id).optional_instant(until));
  std::vector<JournalEntry> entries(rows.size());
  std::map<int64_t, JournalEntry*> by_seq;
  for (size_t row = 0; row < rows.size(); ++row) {
    JournalEntry& entry = entries[row];
    entry = header_from(rows, row, 0);
    by_seq[entry.entry_seq] = &entry;
  }
  const Rows transfers =
      transaction.execute(kReadTransfers, Parameters().integer(transaction.tenant_id()).integer(subject_id));
  for (size_t row = 0; row < transfers.size(); ++row) {
    const auto entry = by_seq.find(transfers.integer(row, 0));
    if (entry == by_seq.end()) continue;
    Transfer transfer;
    transfer.book = transfers.string(row, 1);
    transfer.from = static_cast<Account>(transfers.integer(row, 2));
    transfer.to = static_cast<Account>(transfers.integer(row, 3));
    transfer.measure = static_cast<Measure>(transfers.integer(row, 4));
    transfer.quantity = Quantity::of_milli(transfers.integer(row, 5));
    transfer.service_key = transfers.string(row, 6);
    transfer.is_reversal = transfers.boolean(row, 7);
    transfer.reason = transfers.string(row, 8);
    entry->second->transfers.push_back(std::move(transfer));
  }
  return entries;
}

std::vector<Balance> read_balances(Transaction& transaction, int64_t subject_id) {
  const Rows rows =
      transaction.execute(kReadBalances, Parameters().integer(transaction.tenant_id()).integer(subject_id));
  std::vector<Balance> balances;
  for (size_t row = 0; row < rows.size(); ++row) {
    balances.push_back({rows.string(row, 0), static_cast<Account>(rows.integer(row, 1)),
                        static_cast<Measure>(rows.integer(row, 2)), Quantity::of_milli(rows.integer(row, 3))});
  }
  return balances;
}

void rebuild_balances(Transaction& transaction, int64_t subject_id) {
  transaction.execute(kDropBalances, Parameters().integer(transaction.tenant_id()).integer(subject_id));
  TransfersOfSubjects transfers;
  for (const JournalEntry& entry : read_entries(transaction, subject_id)) {
    std::vector<Transfer>& moved = transfers[subject_id];
    moved.insert(moved.end(), entry.transfers.begin(), entry.transfers.end());
  }
  add_to_balances(transaction, transfers);
}

}  // namespace authledger
