#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/store/pg.h"

namespace authledger {

// Something that an EHR said has changed. `resource_id` is empty when any resource of the type may have.
struct Wakeup {
  std::string source, resource_type, resource_id;
  Instant received_at = {};  // The database's clock, which all workers share.
};

// Repeated ones keep the latest time. Throws DbError.
void record_wakeups(Transaction& transaction, const std::vector<Wakeup>& wakeups);
std::vector<Wakeup> read_wakeups(PgConnection& connection, int64_t tenant_id, const std::string& source);
// When the newest that nobody has read yet came in.
std::optional<Instant> newest_wakeup(PgConnection& connection, int64_t tenant_id);
// Forgets those that have been read; one that came again since then stays.
void remove_wakeups(PgConnection& connection, int64_t tenant_id, const std::vector<Wakeup>& wakeups);

}  // namespace authledger
