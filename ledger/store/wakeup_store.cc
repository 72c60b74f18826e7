#include "ledger/store/wakeup_store.h"

namespace authledger {
namespace {

// In key order, so that two writers of the same rows wait for each other instead of deadlocking.
constexpr Statement kRecordWakeups{"record_wakeups", R"(
  insert into wakeup as stored (tenant_id, source, resource_type, resource_id, received_at)
  select distinct $1::bigint, source, resource_type, resource_id, statement_timestamp()
    from unnest($2::text[], $3::text[], $4::text[]) as received (source, resource_type, resource_id)
   order by source, resource_type, resource_id
      on conflict (tenant_id, source, resource_type, resource_id) do update
     set received_at = greatest(stored.received_at, excluded.received_at))"};

constexpr Statement kReadWakeups{"read_wakeups", R"(
  select resource_type, resource_id, received_at
    from wakeup
   where tenant_id = $1
     and source = $2
   order by resource_type, resource_id)"};

constexpr Statement kNewestWakeup{"newest_wakeup", R"(
  select max(received_at) from wakeup where tenant_id = $1)"};

constexpr Statement kRemoveWakeups{"remove_wakeups", R"(
  delete from wakeup
   using unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
         as done (source, resource_type, resource_id, received_at)
   where wakeup.tenant_id = $1
     and wakeup.source = done.source
     and wakeup.resource_type = done.resource_type
     and wakeup.resource_id = done.resource_id
     and wakeup.received_at <= done.received_at)"};

Parameters parameters_of(int64_t tenant_id, const std::vector<Wakeup>& wakeups, bool with_times) {
  ArrayBuilder sources, types, ids, times;
  for (const Wakeup& wakeup : wakeups) {
    sources.text(wakeup.source);
    types.text(wakeup.resource_type);
    ids.text(wakeup.resource_id);
    times.instant(wakeup.received_at);
  }
  Parameters parameters;
  parameters.integer(tenant_id);
  for (ArrayBuilder* array : {&sources, &types, &ids}) array->add_to(parameters);
  if (with_times) times.add_to(parameters);
  return parameters;
}

}  // namespace

void record_wakeups(Transaction& transaction, const std::vector<Wakeup>& wakeups) {
  if (!wakeups.empty()) transaction.execute(kRecordWakeups, parameters_of(transaction.tenant_id(), wakeups, false));
}

std::vector<Wakeup> read_wakeups(PgConnection& connection, int64_t tenant_id, const std::string& source) {
  std::vector<Wakeup> wakeups;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    wakeups.clear();
    const Rows rows = transaction.execute(kReadWakeups, Parameters().integer(tenant_id).text(source));
    wakeups.reserve(rows.size());
    for (size_t row = 0; row < rows.size(); ++row) {
      wakeups.push_back({source, rows.string(row, 0), rows.string(row, 1), rows.instant(row, 2)});
    }
  });
  return wakeups;
}

std::optional<Instant> newest_wakeup(PgConnection& connection, int64_t tenant_id) {
  std::optional<Instant> newest;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    newest = transaction.execute(kNewestWakeup, Parameters().integer(tenant_id)).optional_instant(0, 0);
  });
  return newest;
}

void remove_wakeups(PgConnection& connection, int64_t tenant_id, const std::vector<Wakeup>& wakeups) {
  if (wakeups.empty()) return;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    transaction.execute(kRemoveWakeups, parameters_of(tenant_id, wakeups, true));
  });
}

}  // namespace authledger
