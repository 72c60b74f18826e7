#include "ledger/store/known_until.h"

#include <algorithm>

namespace authledger {

namespace {

constexpr Statement kSettleUntil{"settle_until", R"(
  update tenant
     set known_until_at = $2
   where tenant_id = $1
     and (known_until_at is null or known_until_at < $2))"};

constexpr Statement kReadSettled{"read_settled", R"(
  select known_until_at
    from tenant
   where tenant_id = $1
     for share)"};

}  // namespace

void settle_until(Transaction& transaction, Instant at) {
  transaction.execute(kSettleUntil, Parameters().integer(transaction.tenant_id()).instant(at));
}

Instant posting_time(Transaction& transaction, Instant now) {
  const Rows rows = transaction.execute(kReadSettled, Parameters().integer(transaction.tenant_id()));
  const std::optional<Instant> settled = rows.size() == 0 ? std::nullopt : rows.optional_instant(0, 0);
  return settled ? std::max(now, *settled + std::chrono::microseconds(1)) : now;
}

}  // namespace authledger
