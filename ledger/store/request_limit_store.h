#pragma once

#include <array>
#include <optional>
#include <string>

#include "ledger/store/pg.h"

namespace authledger {

// What all processes have booked at an endpoint; times by the database's clock.
struct RequestBookings {
  std::array<std::optional<Instant>, 3> next;  // Of the limits per second, minute and day.
  std::optional<Instant> held_until;
};

// Locks the endpoint's bookings until the transaction ends; `now` is the time once they are locked. Throws DbError.
RequestBookings lock_request_bookings(Transaction& transaction, const std::string& source, Instant& now);
void save_request_bookings(Transaction& transaction, const std::string& source, const RequestBookings& bookings);

}  // namespace authledger
