#include "sync/shared_limits.h"

#include "ledger/store/request_limit_store.h"
#include "ledger/store/schema.h"

namespace authledger {
namespace {

using Time = PacedLimit::Time;

// The arithmetic of limits needs no more of a time than differences.
Time time_of(const std::optional<Instant>& instant) {
  return instant ? Time(instant->time_since_epoch()) : Time{};
}

std::optional<Instant> instant_of(Time time) {
  if (time == Time{}) return std::nullopt;
  return Instant(std::chrono::ceil<Instant::duration>(time.time_since_epoch()));
}

}  // namespace

SharedLimits::SharedLimits(std::string url, int64_t tenant_id) : url_(std::move(url)), tenant_id_(tenant_id) {}

void SharedLimits::update(const std::string& endpoint, const std::function<void(LimitState&, Time now)>& book) {
  const std::lock_guard lock(mutex_);
  const bool is_known = connection_ != nullptr;
  try {
    return update_once(endpoint, book);
  } catch (const DbError& error) {
    connection_.reset();
    if (!is_known || !error.is_connection_lost()) throw;
  }
  // It was cut since it was used last. A place that is booked twice is one too many, not one too few.
  update_once(endpoint, book);
}

void SharedLimits::update_once(const std::string& endpoint, const std::function<void(LimitState&, Time now)>& book) {
  if (!connection_) {
    connection_ = std::make_unique<PgConnection>(url_);
    become_application(*connection_);
  }
  transact(*connection_, tenant_id_, [&](Transaction& transaction) {
    Instant now{};
    RequestBookings bookings = lock_request_bookings(transaction, endpoint, now);
    LimitState state{{time_of(bookings.next[0]), time_of(bookings.next[1]), time_of(bookings.next[2])},
                     time_of(bookings.held_until)};
    book(state, time_of(now));
    for (size_t i = 0; i < state.next.size(); ++i) bookings.next[i] = instant_of(state.next[i]);
    bookings.held_until = instant_of(state.held_until);
    save_request_bookings(transaction, endpoint, bookings);
  });
}

}  // namespace authledger
