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
         tenant_id, seal_seq, sealed_at, root_hash, previous_hash, seal_hash, subject_ids, entry_seqs)
  values ($1, $2, $3, $4, $5, $6, $7, $8))"};

constexpr Statement kMarkSealed{"mark_sealed", R"(
  update subject
     set sealed_entry_seq = entry_seq
   where tenant_id = $1
     and subject_id = any($2::bigint[]))"};

}  // namespace

Instant oldest_open_transaction(Transaction& transaction) {
  return transaction.execute(kOldestOpenTransaction).instant(0, 0);
}

bool post_seal(Transaction& transaction, Instant sealed_at) {
  const int64_t tenant_id = transaction.tenant_id();
  transaction.execute(kLockSeals, Parameters().integer(tenant_id));
  const Rows heads = transaction.execute(kReadUnsealedHeads, Parameters().integer(tenant_id));
  if (heads.size() == 0) return false;
  const Rows last = transaction.execute(kLastSeal, Parameters().integer(tenant_id));
  const int64_t seal_seq = last.size() == 0 ? 1 : last.integer(0, 0) + 1;
  const Hash previous = last.size() == 0 ? Hash{} : last.hash(0, 1);

  std::vector<int64_t> subject_ids, entry_seqs;
  std::vector<Hash> leaves;
  for (size_t row = 0; row < heads.size(); ++row) {
    subject_ids.push_back(heads.integer(row, 0));
    entry_seqs.push_back(heads.integer(row, 1));
    leaves.push_back(heads.hash(row, 2));
  }
  const Hash root = merkle_root(leaves);
  const Hash seal = HashInput()
                        .add(tenant_id)
                        .add(seal_seq)
                        .add(sealed_at.time_since_epoch().count())
                        .add(bytes_of(root))
                        .add(bytes_of(previous))
                        .sha256();
  Parameters parameters;
  parameters.integer(tenant_id).integer(seal_seq).instant(sealed_at).hash(root).hash(previous).hash(seal);
  parameters.integer_array(subject_ids).integer_array(entry_seqs);
  transaction.execute(kInsertSeal, parameters);
  transaction.execute(kMarkSealed, Parameters().integer(tenant_id).integer_array(subject_ids));
  return true;
}

}  // namespace authledger
