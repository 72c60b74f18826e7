#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "fhir/circuit_breaker.h"

// How fast one endpoint may be asked, token requests included. All clients of an endpoint share one limit, in all
// processes where a LimitStore is given, so that all workers together keep what the vendor publishes (eClinicalWorks:
// 250 requests a minute per practice).

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

  // What is booked, all that changes: kept elsewhere, and taken up again. Nobody books a place after `latest`: what is
  // booked further ahead than this limit then needs was booked by another limit, or by a clock that was wrong.
  Time next() const { return next_; }
  void resume(Time next, Time latest) { next_ = std::min(next, latest + ahead_ + interval_); }

 private:
  std::chrono::nanoseconds interval_{0};  // Between places; zero = no limit.
  std::chrono::nanoseconds ahead_{0};     // How far before its even place a request may come.
  Time next_{};
};

// What is booked at an endpoint.
struct LimitState {
  std::array<PacedLimit::Time, 3> next{};  // Of the limits per second, minute and day.
  PacedLimit::Time held_until{};
};

// How long a request waits for a place before it is given up: retry_after_max, and two minutes at least, since a limit
// of one request a minute is kept by waiting.
std::chrono::seconds place_wait_max(const EndpointConfig& endpoint);

// Keeps the bookings of endpoints for all processes that ask them. Thread-safe.
class LimitStore {
 public:
  virtual ~LimitStore() = default;
  // Calls `book` with what is kept and the time by a clock that all processes share, alone among all of them; keeps
  // what it leaves. May throw what the store throws.
  virtual void update(const std::string& endpoint,
                      const std::function<void(LimitState&, PacedLimit::Time now)>& book) = 0;
};

// Thread-safe.
class RateLimit {
 public:
  // `store` is asked only where the endpoint has a limit; null: this process asks alone.
  explicit RateLimit(const EndpointConfig& endpoint, std::shared_ptr<LimitStore> store = nullptr);

  // Books the next place and says how long to wait for it. Nullopt, and nothing booked, when that is more than
  // `wait_max`: the budget of the day is used up, say. What is booked beyond all that may be waited for does not count.
  std::optional<std::chrono::nanoseconds> reserve(PacedLimit::Time now, std::chrono::nanoseconds wait_max);
  // The server asked for a pause: no place before it is over.
  void hold(PacedLimit::Time now, std::chrono::nanoseconds pause);
  CircuitBreaker& circuit() { return circuit_; }

 private:
  void update(PacedLimit::Time now, const std::function<void(LimitState&, PacedLimit::Time now)>& book);

  CircuitBreaker circuit_;
  std::mutex mutex_;
  std::string endpoint_;
  std::chrono::nanoseconds patience_;  // Of all who ask the endpoint.
  std::array<PacedLimit, 3> limits_;   // Per second, minute, day.
  std::shared_ptr<LimitStore> store_;  // Shared by the limits of all endpoints; null: state_ holds the bookings.
  LimitState state_;
};

// One limit for each endpoint, made when it is first asked for. Thread-safe.
class RateLimits {
 public:
  explicit RateLimits(std::shared_ptr<LimitStore> store = nullptr) : store_(std::move(store)) {}
  // Shared: a client keeps its limit for as long as it lives.
  std::shared_ptr<RateLimit> of(const EndpointConfig& endpoint);

 private:
  std::mutex mutex_;
  std::shared_ptr<LimitStore> store_;  // Shared with each limit.
  std::map<std::string, std::shared_ptr<RateLimit>> limits_;
};

}  // namespace authledger
