#include "sync/seal.h"

#include "ledger/store/journal_store.h"

namespace authledger {

void seal_tenant(RoundContext& context) {
  transact(context.session.connection(), context.session.tenant_id(),
           [&](Transaction& transaction) { post_seal(transaction, context.clock.now()); });
}

}  // namespace authledger
