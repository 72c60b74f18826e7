#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "fhir/exchange.h"

// What goes into the Authorization header of one endpoint.

namespace authledger {

// Why an endpoint refused a token: 401, or 403 that says insufficient_scope.
enum class TokenRefusal { not_accepted, lacks_scope };

class OauthGrants;

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // The header's value, empty when the endpoint wants none. May ask the token endpoint, through `exchange`.
  // Errors: unauthorized, unreachable, bad_answer, throttled, stopped.
  virtual Result<std::string, FhirError> authorization(Exchange& exchange) = 0;
  // Forgets the value that authorization() gave last. False when another try is pointless: it would send the same
  // value, or a new one was refused lately.
  virtual bool renew(TokenRefusal why) = 0;
  // The endpoint took the present value.
  virtual void accepted() {}
  // What of the scope that was asked for the token lacks, as an end of a sentence; "" when it lacks nothing.
  virtual std::string scope_hint() const { return ""; }
};

// bearer: the secret as it stands; re-read after a 401, so that a rotated file takes effect. basic: RFC 7617.
// client_secret and smart_backend: OauthToken, whose token is one of `grants` where they are given. Errors: a secret or
// key that cannot be read or used.
Result<std::unique_ptr<TokenSource>> open_token_source(const EndpointConfig& endpoint, const std::string& config_folder,
                                                       const Clock& clock, OauthGrants* grants = nullptr);

}  // namespace authledger
