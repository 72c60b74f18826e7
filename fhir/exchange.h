#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "fhir/client.h"
#include "fhir/http.h"
#include "fhir/retry.h"

// Sends requests with the endpoint's patience: its pace, its retries, its Retry-After. Knows nothing of FHIR.

namespace authledger {

// Whether a request may be sent again when nobody knows if the first one was processed.
enum class Repeat { safe, only_unprocessed };

class Exchange {
 public:
  Exchange(const EndpointConfig& endpoint, std::unique_ptr<HttpClient> http, const Clock& clock, std::stop_token stop,
           uint64_t seed);

  // The last answer, whatever its status, after retries of 429, 502, 503, 504 and lost connections. With
  // `only_unprocessed`, only a 429 and a connection that was never made are repeated.
  // Errors: unreachable, bad_answer (too large), throttled (a Retry-After beyond the endpoint's retry_after_max),
  // outcome_unknown (only_unprocessed, and the answer was lost), refused (a URL that cannot be sent), stopped.
  // `what` names the request in messages, without patient data ("ehr: GET Encounter").
  Result<HttpResponse, FhirError> send(const HttpRequest& request, Repeat repeat, const std::string& what);

  // Waits as before the `attempt`-th retry (from 0). False when stopped.
  bool wait_before_retry(int attempt);

  uint64_t requests() const { return requests_; }

 private:
  int retries_max_;
  std::chrono::seconds retry_after_max_;
  std::unique_ptr<HttpClient> http_;
  const Clock& clock_;
  std::stop_token stop_;
  std::mt19937_64 random_;
  RequestPace pace_;
  uint64_t requests_ = 0;
};

}  // namespace authledger
