#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "fhir/rate_limit.h"
#include "ledger/store/pg.h"

namespace authledger {

// The bookings of endpoints in the database: run as many processes as you like, together they keep the limits.
// Thread-safe. Throws DbError when the database is lost.
class SharedLimits : public LimitStore {
 public:
  SharedLimits(std::string url, int64_t tenant_id);
  void update(const std::string& endpoint, const std::function<void(LimitState&, PacedLimit::Time now)>& book) override;

 private:
  void update_once(const std::string& endpoint, const std::function<void(LimitState&, PacedLimit::Time now)>& book);

  const std::string url_;
  const int64_t tenant_id_;
  std::mutex mutex_;
  std::unique_ptr<PgConnection> connection_;  // Made when it is first needed; its transactions are no work of a round.
};

}  // namespace authledger
