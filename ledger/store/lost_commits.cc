#include "ledger/store/lost_commits.h"

namespace authledger {

namespace {

constexpr Statement kLastSealMark{"last_seal_mark", R"(
  select seal_seq, seal_hash
    from seal
   where tenant_id = $1
   order by seal_seq desc
   limit 1)"};

constexpr Statement kHasSeal{"has_seal", R"(
  select exists (select
                   from seal
                  where tenant_id = $1
                    and seal_seq = $2
                    and seal_hash = $3))"};

constexpr Statement kLookForAll{"look_for_all_notices", R"(
  update notice
     set looks_due = 2,
         due_at = $2
   where tenant_id = $1
     and not is_retired)"};

constexpr Statement kFindUnknown{"find_unknown_notices", R"(
  select asked.notice_key
    from unnest($2::text[]) as asked (notice_key)
   where not exists (select
                       from notice
                      where notice.tenant_id = $1
                        and notice.notice_key = asked.notice_key collate "C"))"};

}  // namespace

SealMark last_seal(Transaction& transaction) {
  const Rows rows = transaction.execute(kLastSealMark, Parameters().integer(transaction.tenant_id()));
  return rows.size() == 0 ? SealMark{} : SealMark{rows.integer(0, 0), rows.hash(0, 1)};
}

bool has_seal(Transaction& transaction, const SealMark& mark) {
  if (mark.seal_seq == 0) return true;
  return transaction
      .execute(kHasSeal, Parameters().integer(transaction.tenant_id()).integer(mark.seal_seq).hash(mark.seal_hash))
      .boolean(0, 0);
}

int64_t look_for_all_notices(Transaction& transaction, Instant now) {
  return transaction.execute(kLookForAll, Parameters().integer(transaction.tenant_id()).instant(now)).affected();
}

std::vector<std::string> find_unknown_notices(Transaction& transaction, std::span<const std::string> notice_keys) {
  const Rows rows =
      transaction.execute(kFindUnknown, Parameters().integer(transaction.tenant_id()).text_array(notice_keys));
  std::vector<std::string> unknown;
  for (size_t row = 0; row < rows.size(); ++row) unknown.push_back(rows.string(row, 0));
  return unknown;
}

}  // namespace authledger
