#include "ledger/store/seal_store.h"

#include <algorithm>

#include "ledger/store/journal_store.h"

namespace authledger {

namespace {

constexpr Statement kOldestOpenTransaction{"oldest_open_transaction", R"(
  select least(oldest_other_transaction_at(), now()))"};

// Seals of one tenant follow each other.
constexpr Statement kLockSeals{"lock_seals", R"(
  select pg_advisory_xact_lock(470212, $1::bigint::integer))"};

constexpr Statement kLastSeal{"last_seal", R"(
  select seal_seq, seal_hash
    from seal
   where tenant_id = $1
   order by seal_seq desc
   limit 1)"};

constexpr Statement kReadUnsealedHeads{"read_unsealed_heads", R"(
  select subject_id, entry_seq, entry_hash
    from subject
   where tenant_id = $1
     and entry_seq > sealed_entry_seq
   order by subject_id
     for update)"};

constexpr Statement kInsertSeal{"insert_seal", R"(
  insert into seal (
         tenant_id, seal_seq, sealed_at, root_hash, previous_hash, seal_hash, subject_ids, entry_seqs,
         entry_hashes)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9))"};

constexpr Statement kMarkSealed{"mark_sealed", R"(
  update subject
     set sealed_entry_seq = entry_seq
   where tenant_id = $1
     and subject_id = any($2::bigint[]))"};

#define AUTHLEDGER_SEAL_COLUMNS \
  "seal_seq, sealed_at, root_hash, previous_hash, seal_hash, subject_ids, entry_seqs, entry_hashes"

constexpr Statement kReadSeals{"read_seals", "select " AUTHLEDGER_SEAL_COLUMNS R"(
    from seal
   where tenant_id = $1
     and seal_seq > $2
   order by seal_seq
   limit $3)"};

// Clocks of workers may differ: a day of grace.
constexpr Statement kReadSealOfEntry{"read_seal_of_entry", "select " AUTHLEDGER_SEAL_COLUMNS R"(
    from seal
   where tenant_id = $1
     and sealed_at >= (
         select posted_at - interval '1 day'
           from journal_entry
          where tenant_id = $1
            and subject_id = $2
            and entry_seq = $3)
     and entry_seqs[array_position(subject_ids, $2)] >= $3
   order by seal_seq
   limit 1)"};

constexpr Statement kReadEntryHashes{"read_entry_hashes", R"(
  select head.no, entry.entry_hash
    from unnest($2::bigint[], $3::bigint[]) with ordinality as head (subject_id, entry_seq, no)
   cross join lateral (
         select entry_hash
           from journal_entry
          where tenant_id = $1
            and subject_id = head.subject_id
            and entry_seq = head.entry_seq
         offset 0) as entry)"};

StoredSeal seal_from_row(Transaction& transaction, const Rows& rows, size_t row) {
  StoredSeal stored;
  Seal& seal = stored.seal;
  seal.tenant_id = transaction.tenant_id();
  seal.seal_seq = rows.integer(row, 0);
  seal.sealed_at = rows.instant(row, 1);
  seal.root_hash = rows.hash(row, 2);
  seal.previous_hash = rows.hash(row, 3);
  seal.seal_hash = rows.hash(row, 4);
  const std::vector<int64_t> subject_ids = rows.integer_array(row, 5), entry_seqs = rows.integer_array(row, 6);
  for (size_t i = 0; i < subject_ids.size(); ++i) {
    seal.heads.push_back({subject_ids[i], i < entry_seqs.size() ? entry_seqs[i] : 0, {}});
  }
  stored.journal_hashes = read_entry_hashes(transaction, seal.heads);
  const std::string hashes = rows.bytes(row, 7);
  stored.has_hashes = hashes.size() == seal.heads.size() * sizeof(Hash);
  for (size_t i = 0; i < seal.heads.size(); ++i) {
    Hash& hash = seal.heads[i].entry_hash;
    if (stored.has_hashes) {
      std::copy_n(hashes.begin() + static_cast<std::ptrdiff_t>(i * sizeof(Hash)), sizeof(Hash), hash.begin());
    } else {
      hash = stored.journal_hashes[i].value_or(Hash{});
    }
  }
  return stored;
}

}  // namespace

std::vector<std::optional<Hash>> read_entry_hashes(Transaction& transaction, std::span<const SealedHead> heads) {
  std::vector<std::optional<Hash>> hashes(heads.size());
  std::vector<int64_t> subject_ids, entry_seqs;
  for (const SealedHead& head : heads) {
    subject_ids.push_back(head.subject_id);
    entry_seqs.push_back(head.entry_seq);
  }
  const Rows rows = transaction.execute(
      kReadEntryHashes,
      Parameters().integer(transaction.tenant_id()).integer_array(subject_ids).integer_array(entry_seqs));
  for (size_t row = 0; row < rows.size(); ++row) {
    hashes[static_cast<size_t>(rows.integer(row, 0) - 1)] = rows.hash(row, 1);
  }
  return hashes;
}

std::vector<StoredSeal> read_seals(Transaction& transaction, int64_t after_seq, int64_t limit) {
  std::vector<StoredSeal> seals;
  const Rows rows =
      transaction.execute(kReadSeals, Parameters().integer(transaction.tenant_id()).integer(after_seq).integer(limit));
  for (size_t row = 0; row < rows.size(); ++row) seals.push_back(seal_from_row(transaction, rows, row));
  return seals;
}

std::optional<StoredSeal> read_seal_of_entry(Transaction& transaction, int64_t subject_id, int64_t entry_seq) {
  const Rows rows = transaction.execute(
      kReadSealOfEntry, Parameters().integer(transaction.tenant_id()).integer(subject_id).integer(entry_seq));
  if (rows.size() == 0) return std::nullopt;
  return seal_from_row(transaction, rows, 0);
}

Instant oldest_open_transaction(Transaction& transaction) {
  return transaction.execute(kOldestOpenTransaction).instant(0, 0);
}

bool post_seal(Transaction& transaction, Instant sealed_at) {
  const int64_t tenant_id = transaction.tenant_id();
  transaction.execute(kLockSeals, Parameters().integer(tenant_id));
  const Rows heads = transaction.execute(kReadUnsealedHeads, Parameters().integer(tenant_id));
  if (heads.size() == 0) return false;
  const Rows last = transaction.execute(kLastSeal, Parameters().integer(tenant_id));

  std::vector<int64_t> subject_ids, entry_seqs;
  std::vector<Hash> leaves;
  for (size_t row = 0; row < heads.size(); ++row) {
    subject_ids.push_back(heads.integer(row, 0));
    entry_seqs.push_back(heads.integer(row, 1));
    leaves.push_back(heads.hash(row, 2));
  }
  Seal seal;
  seal.tenant_id = tenant_id;
  seal.seal_seq = last.size() == 0 ? 1 : last.integer(0, 0) + 1;
  seal.sealed_at = sealed_at;
  seal.root_hash = merkle_root(leaves);
  seal.previous_hash = last.size() == 0 ? Hash{} : last.hash(0, 1);
  std::string hashes;
  for (const Hash& leaf : leaves) hashes += bytes_of(leaf);
  Parameters parameters;
  parameters.integer(tenant_id).integer(seal.seal_seq).instant(sealed_at);
  parameters.hash(seal.root_hash).hash(seal.previous_hash).hash(seal_hash(seal));
  parameters.integer_array(subject_ids).integer_array(entry_seqs).bytes(hashes);
  transaction.execute(kInsertSeal, parameters);
  transaction.execute(kMarkSealed, Parameters().integer(tenant_id).integer_array(subject_ids));
  return true;
}

}  // namespace authledger
