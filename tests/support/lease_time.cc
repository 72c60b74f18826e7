#include "tests/support/lease_time.h"

namespace authledger {
namespace {

constexpr Statement kPassFeeds{"pass_lease_time_of_feeds", R"(
  update feed
     set lease_until = lease_until - make_interval(secs => $2::integer)
   where tenant_id = $1
     and lease_until is not null)"};

constexpr Statement kPassNotices{"pass_lease_time_of_notices", R"(
  update notice
     set lease_until = lease_until - make_interval(secs => $2::integer),
         due_at = case when due_at = lease_until then due_at - make_interval(secs => $2::integer) else due_at end
   where tenant_id = $1
     and lease_until is not null)"};

}  // namespace

void pass_lease_time(PgConnection& owner, int64_t tenant_id, std::chrono::seconds by) {
  Transaction transaction(owner, tenant_id);
  const Parameters parameters = Parameters().integer(tenant_id).integer(by.count());
  transaction.execute(kPassFeeds, parameters);
  transaction.execute(kPassNotices, parameters);
  transaction.commit();
}

}  // namespace authledger
