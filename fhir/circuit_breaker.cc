#include "fhir/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace authledger {
namespace {

using std::chrono::microseconds;

constexpr int kGivenUpMax = 3;
constexpr microseconds kPauseFirst = std::chrono::seconds(2);
constexpr microseconds kPauseMax = std::chrono::minutes(1);
constexpr microseconds kAskedPauseMax = std::chrono::hours(24);

}  // namespace

std::optional<microseconds> CircuitBreaker::Pause::left(Instant now) const {
  if (length == microseconds(0) || now < since || now - since >= length) return std::nullopt;
  return length - (now - since);
}

std::optional<microseconds> CircuitBreaker::wait_left(Instant now) {
  const std::lock_guard lock(mutex_);
  const auto left = std::max(failing_.left(now), asked_.left(now));  // Nullopt is less than any.
  if (!left && failing_.length > microseconds(0)) failing_.since = now;
  return left;
}

bool CircuitBreaker::is_open(Instant now) const {
  const std::lock_guard lock(mutex_);
  return failing_.left(now) || asked_.left(now);
}

bool CircuitBreaker::answered() {
  const std::lock_guard lock(mutex_);
  given_up_ = 0;
  return std::exchange(failing_.length, microseconds(0)) > microseconds(0);
}

bool CircuitBreaker::gave_up(Instant now) {
  const std::lock_guard lock(mutex_);
  if (++given_up_ < kGivenUpMax) return false;
  const bool opens = failing_.length == microseconds(0);
  failing_ = {now, opens ? kPauseFirst : std::min(failing_.length * 2, kPauseMax)};
  return opens;
}

void CircuitBreaker::asked_to_pause(Instant now, microseconds pause) {
  const std::lock_guard lock(mutex_);
  asked_ = {now, std::min(pause, kAskedPauseMax)};
}

}  // namespace authledger
