#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "fhir/circuit_breaker.h"

// How fast one endpoint may be asked, token requests included. All clients of an endpoint share one limit, so that two
// workers together keep what the vendor publishes (eClinicalWorks: 250 requests a minute per practice).

namespace authledger {

// The arithmetic of one limit: at most `count` places in any half-open `period`, up to `burst` of them at once, the
// rest evenly spaced (the generic cell rate algorithm, ITU-T I.371). Pure: time is an argument.
class PacedLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  PacedLimit() = default;  // No limit.
  PacedLimit(int count, std::chrono::nanoseconds period, int burst);

  Time earliest(Time now) const;  // When a request may be sent, from `now` on.
  void take(Time at);             // Books a place at `at`, which earliest() gave.

 private:
  std::chrono::nanoseconds interval_{0};  // Between places; zero = no limit.
  std::chrono::nanoseconds ahead_{0};     // How far before its even place a request may come.
  Time next_{};
};

// Thread-safe.
class RateLimit {
 public:
  explicit RateLimit(const EndpointConfig& endpoint);

  // Books the next place and says how long to wait for it. Nullopt, and nothing booked, when that is more than
  // `wait_max`: the budget of the day is used up, say.
  std::optional<std::chrono::nanoseconds> reserve(PacedLimit::Time now, std::chrono::nanoseconds wait_max);
  // The server asked for a pause: no place before `until`.
  void hold_until(PacedLimit::Time until);
  CircuitBreaker& circuit() { return circuit_; }

 private:
  CircuitBreaker circuit_;
  std::mutex mutex_;
  std::array<PacedLimit, 3> limits_;  // Per second, minute, day.
  PacedLimit::Time held_until_{};
};

// One limit for each endpoint, made when it is first asked for. Thread-safe.
class RateLimits {
 public:
  // Shared: a client keeps its limit for as long as it lives.
  std::shared_ptr<RateLimit> of(const EndpointConfig& endpoint);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<RateLimit>> limits_;
};

}  // namespace authledger
