#pragma once

#include "base/day.h"

namespace authledger {

// Where time comes from. Everything below the commands takes a Clock or a Day, so that tests own the time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

// The system's wall clock, in microseconds. Thread-safe.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

// A clock that stands until it is set. Not thread-safe. For tests and for `--on DAY`.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Instant now) : now_(now) {}
  Instant now() const override { return now_; }
  void set(Instant now) { now_ = now; }

 private:
  Instant now_;
};

}  // namespace authledger
