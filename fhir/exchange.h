#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "fhir/client.h"
#include "fhir/http.h"
#include "fhir/rate_limit.h"
#include "fhir/retry.h"

// Sends requests with the endpoint's patience: its pace, its retries, its Retry-After. Knows nothing of FHIR.

namespace authledger {

// Whether a request may be sent again when nobody knows if the first one was processed.
enum class Repeat { safe, only_unprocessed };

class Exchange {
 public:
  // `limit` is shared with the other clients of the endpoint.
  Exchange(const EndpointConfig& endpoint, std::unique_ptr<HttpClient> http, std::shared_ptr<RateLimit> limit,
           const Clock& clock, std::stop_token stop, uint64_t seed);

  // The last answer, whatever its status, after retries of 429, 502, 503, 504 and lost connections. With
  // `only_unprocessed`, only a 429 and a connection that was never made are repeated.
  // Errors: unreachable (also without being sent, while the endpoint's circuit is open), bad_answer (too large),
  // throttled (a Retry-After or a wait for the endpoint's own limits beyond its retry_after_max), outcome_unknown
  // (only_unprocessed, and the answer was lost), refused (a URL that cannot be sent), stopped. `what` names the request
  // in messages, without patient data ("ehr: GET Encounter").
  Result<HttpResponse, FhirError> send(const HttpRequest& request, Repeat repeat, const std::string& what);
  // The same with a request that is made anew for each try: an assertion must not be sent twice.
  Result<HttpResponse, FhirError> send_fresh(const std::function<HttpRequest()>& make, Repeat repeat,
                                             const std::string& what, const MaySend& may_send = nullptr);

  // Waits as before the `attempt`-th retry (from 0). False when stopped.
  bool wait_before_retry(int attempt);

  uint64_t requests() const { return requests_; }
  // Nothing is sent now: the endpoint gives no service, or asked for a longer pause.
  bool is_paused() const { return limit_->circuit().is_open(clock_.now()); }

 private:
  Result<HttpResponse, FhirError> send_by(const std::function<Result<HttpResponse, HttpError>()>& send_once,
                                          Repeat repeat, const std::string& what, const MaySend& may_send);
  std::optional<FhirError> wait_for_place(const std::string& what);
  std::optional<FhirError> refuse_while_open(const std::string& what);
  void gave_up();
  std::optional<std::chrono::milliseconds> asked_wait(const HttpResponse& answer) const;

  std::string endpoint_;  // Its name.
  int retries_max_;
  std::chrono::seconds retry_after_max_, place_wait_max_, pause_after_429_;
  std::unique_ptr<HttpClient> http_;
  std::shared_ptr<RateLimit> limit_;
  const Clock& clock_;
  std::stop_token stop_;
  std::mt19937_64 random_;
  uint64_t requests_ = 0;
};

}  // namespace authledger
