#include <algorithm>

#include "ledger/store/notice_rows.h"

// Which worker delivers which notice.

namespace authledger {

namespace {

// due_at is lease_until for as long as the desired notice stays as it is under the lease.
constexpr Statement kLeaseNotices{"lease_notices", R"(
  with due as (
    select notice.notice_key
      from notice
     where )" AUTHLEDGER_NOTICE_IS_PENDING R"(
       and (notice.is_released or not $6::boolean)
       and ($7::text[] is null or notice.notice_key = any($7::text[] collate "C"))
     order by notice.due_at
     limit $3
       for update skip locked)
  update notice
     set looks_due = case when notice.lease_token is null or notice.remote_id = '' and notice.create_begun_at is null
                          then notice.looks_due
                          else 2
                     end,
         parked_reason = null,
         lease_token = $4,
         lease_until = now() + make_interval(secs => $5::integer),
         due_at = now() + make_interval(secs => $5::integer)
    from due
   where notice.tenant_id = $1
     and notice.notice_key = due.notice_key
  returning )" AUTHLEDGER_NOTICE_COLUMNS};

constexpr Statement kHoldsLease{"holds_lease", R"(
  select exists (
         select
           from notice
          where tenant_id = $1
            and notice_key = $2
            and lease_token = $3
            and lease_until > now() + make_interval(secs => $4::integer)))"};

// due_at differs from lease_until when the desired notice changed under the lease.
constexpr Statement kReleaseNotices{"release_notices", R"(
  update notice
     set due_at = case when due_at is not distinct from lease_until then $3 else due_at end,
         lease_token = null,
         lease_until = null
   where tenant_id = $1
     and lease_token = $2)"};

}  // namespace

std::vector<StoredNotice> lease_due_notices(PgConnection& connection, int64_t tenant_id, Instant now,
                                            std::chrono::seconds lease, int limit, const std::string& lease_token,
                                            bool only_released,
                                            const std::optional<std::vector<std::string>>& only_keys) {
  std::vector<StoredNotice> notices;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    Parameters parameters;
    parameters.integer(tenant_id).instant(now).integer(limit).text(lease_token).integer(lease.count());
    parameters.boolean(only_released);
    only_keys ? parameters.text_array(*only_keys) : parameters.null();
    notices = notices_from(transaction.execute(kLeaseNotices, parameters));
  });
  // PostgreSQL gives them in the order of its pages, which no two runs share.
  std::sort(notices.begin(), notices.end(),
            [](const StoredNotice& a, const StoredNotice& b) { return a.record.notice_key < b.record.notice_key; });
  return notices;
}

bool holds_lease(PgConnection& connection, int64_t tenant_id, const std::string& notice_key,
                 const std::string& lease_token, std::chrono::seconds how_long) {
  bool is_held = false;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Parameters parameters =
        Parameters().integer(tenant_id).text(notice_key).text(lease_token).integer(how_long.count());
    is_held = transaction.execute(kHoldsLease, parameters).boolean(0, 0);
  });
  return is_held;
}

void release_notices(PgConnection& connection, int64_t tenant_id, const std::string& lease_token, Instant now) {
  transact(connection, tenant_id, [&](Transaction& transaction) {
    transaction.execute(kReleaseNotices, Parameters().integer(tenant_id).text(lease_token).instant(now));
  });
}

}  // namespace authledger
