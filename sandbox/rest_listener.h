#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "sandbox/fhir_routes.h"

// cpprestsdk's http_listener on a free loopback port; only the fault front speaks to it.

namespace authledger {

class RestListener {
 public:
  using Handler = std::function<SandboxAnswer(const SandboxRequest&)>;

  // The handler runs on cpprestsdk's threads, several at a time, and must not wait.
  static Result<std::unique_ptr<RestListener>> start(Handler handler);
  ~RestListener();  // Waits for handlers that run.

  int port() const;

 private:
  struct State;
  explicit RestListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
