#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/json.h"
#include "sandbox/sandbox.h"

// Which fault the next request meets. Counts run down as requests come in. Thread-safe.

namespace authledger {

enum class RequestFault {
  none,
  throttle,
  unavailable,
  fail,
  html,
  body,
  redirect,
  reset,
  truncate,
  drip,
  oversized,
  silent_after_write,
  hold
};

struct FaultDecision {
  RequestFault kind = RequestFault::none;
  std::chrono::milliseconds wait{0};  // Before the answer.
  std::string retry_after;            // For throttle.
  int status = 0;                     // For fail.
  std::string location;               // For redirect.
  std::string body;                   // For body.
};

class FaultSwitch {
 public:
  void set(const SandboxFaults& faults);
  SandboxFaults faults() const;
  // What happens to this request; uses up one count. `target` is the path with its query.
  FaultDecision decide(std::string_view method, std::string_view target);
  // Whether one of a counted fault that the server behind plays is left; uses it up.
  bool use_up_one(int SandboxFaults::*count);
  // Faults of search pages, when they apply to this path.
  SandboxFaults page_faults(std::string_view method, std::string_view path) const;

 private:
  mutable std::mutex mutex_;
  SandboxFaults faults_;
};

// Whether SandboxFaults::withheld names an interaction or a search parameter of a type.
bool is_withheld(const std::string& withheld, const std::string& type, std::string_view what);

// Durations are whole milliseconds. Members left out have their defaults, so `{}` ends all faults.
// Errors: a member that is no fault, or a value of the wrong kind.
Result<SandboxFaults> parse_faults(JsonView json);
std::string faults_to_json(const SandboxFaults& faults);

}  // namespace authledger
