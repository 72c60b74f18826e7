#include "fhir/rate_limit.h"

#include <algorithm>

namespace authledger {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::seconds kPlaceWaitMin{120};

// A tenth of a longer limit may come at once: short rounds are not slowed down, and the limit still holds.
int burst_of(int count) {
  return std::max(1, count / 10);
}

}  // namespace

PacedLimit::PacedLimit(int count, nanoseconds period, int burst) {
  if (count <= 0) return;
  // `burst` at once and then one each interval make burst + (period / interval) - 1 = count in a half-open period.
  burst = std::clamp(burst, 1, count);
  interval_ = nanoseconds((period.count() + (count - burst)) / (count - burst + 1));
  ahead_ = interval_ * (burst - 1);
}

PacedLimit::Time PacedLimit::earliest(Time now) const {
  return interval_ == nanoseconds(0) || next_ == Time{} ? now : std::max(now, next_ - ahead_);
}

void PacedLimit::take(Time at) {
  if (interval_ != nanoseconds(0)) next_ = std::max(next_, at) + interval_;
}

std::chrono::seconds place_wait_max(const EndpointConfig& endpoint) {
  return std::max(endpoint.retry_after_max, kPlaceWaitMin);
}

RateLimit::RateLimit(const EndpointConfig& endpoint, std::shared_ptr<LimitStore> store)
    : endpoint_(endpoint.name),
      patience_(place_wait_max(endpoint)),
      limits_{
          PacedLimit(endpoint.requests_per_second_max, std::chrono::seconds(1), 1),
          PacedLimit(endpoint.requests_per_minute_max, std::chrono::minutes(1),
                     burst_of(endpoint.requests_per_minute_max)),
          PacedLimit(endpoint.requests_per_day_max, std::chrono::hours(24), burst_of(endpoint.requests_per_day_max))} {
  const bool has_limit =
      endpoint.requests_per_second_max > 0 || endpoint.requests_per_minute_max > 0 || endpoint.requests_per_day_max > 0;
  if (has_limit) store_ = std::move(store);
}

void RateLimit::update(PacedLimit::Time now, const std::function<void(LimitState&, PacedLimit::Time now)>& book) {
  if (store_) {
    store_->update(endpoint_, book);
  } else {
    book(state_, now);
  }
}

std::optional<nanoseconds> RateLimit::reserve(PacedLimit::Time now, nanoseconds wait_max) {
  const std::lock_guard lock(mutex_);
  std::optional<nanoseconds> wait;
  update(now, [&](LimitState& state, PacedLimit::Time shared_now) {
    // What is too far ahead is forgotten in the bookings too, though no place may be taken now.
    const PacedLimit::Time latest = shared_now + std::max(wait_max, patience_);
    state.held_until = std::min(state.held_until, latest);
    PacedLimit::Time at = std::max(shared_now, state.held_until);
    for (size_t i = 0; i < limits_.size(); ++i) {
      limits_[i].resume(state.next[i], latest);
      state.next[i] = limits_[i].next();
      at = limits_[i].earliest(at);
    }
    if (at - shared_now > wait_max) return;
    for (size_t i = 0; i < limits_.size(); ++i) {
      limits_[i].take(at);
      state.next[i] = limits_[i].next();
    }
    wait = at - shared_now;
  });
  return wait;
}

void RateLimit::hold(PacedLimit::Time now, nanoseconds pause) {
  const std::lock_guard lock(mutex_);
  update(now, [&](LimitState& state, PacedLimit::Time shared_now) {
    state.held_until = std::max(state.held_until, shared_now + pause);
  });
}

std::shared_ptr<RateLimit> RateLimits::of(const EndpointConfig& endpoint) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<RateLimit>& limit = limits_[endpoint.name];
  if (!limit) limit = std::make_shared<RateLimit>(endpoint, store_);  // Shared by the clients of the endpoint.
  return limit;
}

}  // namespace authledger
