#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/day.h"

// Whether an endpoint is asked at all. Source: FAULTS 17 and 18.

namespace authledger {

// Requests that were given up one after the other, after all their retries, open the circuit: nothing is sent for a
// pause, then one request as a trial, and the pause doubles until one is answered. A pause that the server itself asks
// for holds everybody in the same way. Time is an argument; a clock that steps back ends a pause. Thread-safe.
class CircuitBreaker {
 public:
  // How long nothing is to be sent yet. Nullopt: this request may go; after a pause it is the trial, and the others
  // wait for another pause unless it is answered.
  std::optional<std::chrono::microseconds> wait_left(Instant now);
  // The same without taking the trial.
  bool is_open(Instant now) const;
  // The endpoint serves. True when the circuit had been open.
  bool answered();
  // No service: unreachable, 429, 502, 503 or 504 to the last retry. True when this opened the circuit.
  bool gave_up(Instant now);
  // The server said for how long; counted for a day at most.
  void asked_to_pause(Instant now, std::chrono::microseconds pause);

 private:
  struct Pause {
    Instant since{};
    std::chrono::microseconds length{0};
    std::optional<std::chrono::microseconds> left(Instant now) const;
  };

  mutable std::mutex mutex_;
  int given_up_ = 0;
  Pause failing_, asked_;
};

}  // namespace authledger
