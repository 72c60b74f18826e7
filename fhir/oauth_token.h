#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "fhir/token.h"

namespace authledger {

// What is known of the access to one endpoint: token, token endpoint, and what was refused. Shared by its clients.
struct OauthGrant;
// `folder`: where relative secret files start.
std::shared_ptr<OauthGrant> make_oauth_grant(const EndpointConfig& endpoint, const std::string& folder);

// One grant for each endpoint, made when it is first asked for, so that all clients of a process ask for one token, and
// a round that follows asks for none while that one is good. Thread-safe.
class OauthGrants {
 public:
  // Shared: a client keeps its grant for as long as it lives.
  std::shared_ptr<OauthGrant> of(const EndpointConfig& endpoint, const std::string& folder);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<OauthGrant>> grants_;
};

// OAuth 2.0 client credentials (RFC 6749, 4.4) with a client secret (2.3.1: HTTP Basic or in the body), or with an
// assertion signed by a private key (RFC 7523; SMART App Launch 2.2, "Backend Services"). The token is kept until
// shortly before it ends. Secret and key are read anew for each token, so that a rotated file takes effect.
//
// Assertions: iss = sub = client_id, aud = the token URL to the letter, a jti of its own for every try, exp three
// minutes ahead. A server whose clock differs from ours by more than half a minute gets one more try by its own Date
// header.
// While one client asks for a token, the others of the endpoint wait for it. A token that was refused is renewed at
// once, but a second time only after a minute, or once the new one was accepted; who the token endpoint does not know
// is not shown to it again within a minute. FAULTS 61, 63.
class OauthToken final : public TokenSource {
 public:
  OauthToken(std::shared_ptr<OauthGrant> grant, const Clock& clock) : grant_(std::move(grant)), clock_(clock) {}

  Result<std::string, FhirError> authorization(Exchange& exchange) override;
  bool renew(TokenRefusal why) override;
  void accepted() override;
  std::string scope_hint() const override;

 private:
  const std::shared_ptr<OauthGrant> grant_;  // Of all clients of the endpoint.
  const Clock& clock_;
  std::string used_;  // What authorization() gave last.
};

}  // namespace authledger
