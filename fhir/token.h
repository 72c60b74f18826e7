#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "fhir/exchange.h"

// What goes into the Authorization header of one endpoint.

namespace authledger {

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // The header's value, empty when the endpoint wants none. May ask the token endpoint, through `exchange`.
  // Errors: unauthorized, unreachable, bad_answer, throttled, stopped.
  virtual Result<std::string, FhirError> authorization(Exchange& exchange) = 0;
  // After a 401: forgets the present value. False when another try would send the same value again.
  virtual bool renew() = 0;
};

// bearer: the secret as it stands; re-read after a 401, so that a rotated file takes effect.
// basic: RFC 7617. client_secret: OAuth 2.0 client credentials (RFC 6749, 4.4) with HTTP Basic; the token endpoint
// comes from `token_url` or from <base>/.well-known/smart-configuration (SMART App Launch 2), and must be https unless
// it is loopback. Errors: a secret that cannot be read; an auth kind that this version does not have.
Result<std::unique_ptr<TokenSource>> open_token_source(const EndpointConfig& endpoint, const std::string& config_folder,
                                                       const Clock& clock);

}  // namespace authledger
