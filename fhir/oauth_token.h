#pragma once

#include <memory>
#include <string>

#include "fhir/token.h"

namespace authledger {

// OAuth 2.0 client credentials (RFC 6749, 4.4) with a client secret (2.3.1: HTTP Basic or in the body), or with an
// assertion signed by a private key (RFC 7523; SMART App Launch 2.2, "Backend Services"). The token is kept until
// shortly before it ends. Secret and key are read anew for each token, so that a rotated file takes effect.
//
// Assertions: iss = sub = client_id, aud = the token URL to the letter, a jti of its own for every try, exp three
// minutes ahead. A server whose clock differs from ours by more than half a minute gets one more try by its own Date
// header.
class OauthToken final : public TokenSource {
 public:
  // `folder`: where relative secret files start.
  OauthToken(const EndpointConfig& endpoint, std::string folder, const Clock& clock);
  ~OauthToken() override;

  Result<std::string, FhirError> authorization(Exchange& exchange) override;
  bool renew() override;
  void accepted() override;
  std::string scope_hint() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace authledger
