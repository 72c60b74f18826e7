#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <stop_token>
#include <string>

#include "base/day.h"
#include "fhir/http.h"

// How long to wait before asking again.

namespace authledger {

// 429, 502, 503, 504: the server, or what stands before it, serves nobody now, whatever was asked.
bool is_no_service_status(int status);

// The wait that a response's Retry-After states (RFC 9110, 10.2.3), in seconds or as a date. A date is taken against
// the response's own Date header, so that the two clocks need not agree, or else against `now`. Past dates give zero;
// nullopt without the header or when it cannot be read.
std::optional<std::chrono::milliseconds> stated_wait(const HttpResponse& response, Instant now);

// Exponential back-off for the `attempt`-th retry (from 0), with jitter so that many clients do not return together.
std::chrono::milliseconds back_off(int attempt, std::mt19937_64& random);

// Jitter that comes on top of a stated wait: the server is never asked sooner than it said.
std::chrono::milliseconds jitter_on_top(std::chrono::milliseconds stated, std::mt19937_64& random);

// Waits; false when `stop` came first.
bool wait_unless_stopped(std::chrono::milliseconds duration, const std::stop_token& stop);

}  // namespace authledger
