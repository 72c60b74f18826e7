#include "ledger/store/request_limit_store.h"

namespace authledger {
namespace {

// Locks the row, makes it where there is none, and reads it as the one before left it.
constexpr Statement kLockBookings{"lock_request_bookings", R"(
  insert into request_limit as booked (tenant_id, source)
  values ($1, $2)
      on conflict (tenant_id, source) do update
     set source = excluded.source
  returning next_second, next_minute, next_day, held_until, clock_timestamp())"};

constexpr Statement kSaveBookings{"save_request_bookings", R"(
  update request_limit
     set next_second = $3,
         next_minute = $4,
         next_day = $5,
         held_until = $6
   where tenant_id = $1
     and source = $2)"};

}  // namespace

RequestBookings lock_request_bookings(Transaction& transaction, const std::string& source, Instant& now) {
  const Rows rows = transaction.execute(kLockBookings, Parameters().integer(transaction.tenant_id()).text(source));
  now = rows.instant(0, 4);
  return {{rows.optional_instant(0, 0), rows.optional_instant(0, 1), rows.optional_instant(0, 2)},
          rows.optional_instant(0, 3)};
}

void save_request_bookings(Transaction& transaction, const std::string& source, const RequestBookings& bookings) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source);
  for (const std::optional<Instant>& next : bookings.next) parameters.optional_instant(next);
  parameters.optional_instant(bookings.held_until);
  transaction.execute(kSaveBookings, parameters);
}

}  // namespace authledger
