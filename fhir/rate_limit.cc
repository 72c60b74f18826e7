#include "fhir/rate_limit.h"

#include <algorithm>

namespace authledger {
namespace {

using std::chrono::nanoseconds;

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

RateLimit::RateLimit(const EndpointConfig& endpoint)
    : limits_{
          PacedLimit(endpoint.requests_per_second_max, std::chrono::seconds(1), 1),
          PacedLimit(endpoint.requests_per_minute_max, std::chrono::minutes(1),
                     burst_of(endpoint.requests_per_minute_max)),
          PacedLimit(endpoint.requests_per_day_max, std::chrono::hours(24), burst_of(endpoint.requests_per_day_max))} {}

std::optional<nanoseconds> RateLimit::reserve(PacedLimit::Time now, nanoseconds wait_max) {
  const std::lock_guard lock(mutex_);
  PacedLimit::Time at = std::max(now, held_until_);
  for (const PacedLimit& limit : limits_) at = limit.earliest(at);
  if (at - now > wait_max) return std::nullopt;
  for (PacedLimit& limit : limits_) limit.take(at);
  return at - now;
}

void RateLimit::hold_until(PacedLimit::Time until) {
  const std::lock_guard lock(mutex_);
  held_until_ = std::max(held_until_, until);
}

std::shared_ptr<RateLimit> RateLimits::of(const EndpointConfig& endpoint) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<RateLimit>& limit = limits_[endpoint.name];
  if (!limit) limit = std::make_shared<RateLimit>(endpoint);  // Shared by the clients of the endpoint.
  return limit;
}

}  // namespace authledger
