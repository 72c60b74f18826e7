#pragma once

#include "base/clock.h"

namespace authledger {

// The one time of a simulated year.
class SimulatedTime {
 public:
  explicit SimulatedTime(Instant start) : now_(start) {}
  Instant now() const { return now_; }
  void advance(std::chrono::microseconds by) { now_ += by; }
  void advance_to(Instant instant) { now_ = std::max(now_, instant); }

 private:
  Instant now_;
};

// A clock of somebody who may be wrong about it: the adapter's host, or the EHR. FAULTS 39.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(const SimulatedTime& time) : time_(time) {}
  Instant now() const override { return time_.now() + ahead_; }
  void set_ahead(std::chrono::seconds ahead) { ahead_ = ahead; }
  std::chrono::seconds ahead() const { return ahead_; }

 private:
  const SimulatedTime& time_;
  std::chrono::seconds ahead_{0};
};

}  // namespace authledger
