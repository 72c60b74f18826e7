#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "sandbox/fhir_routes.h"

// The sandbox's token endpoint: SMART Backend Services as an EHR offers it, checked strictly and by OpenSSL alone, so
// that what authledger signs with libjose is judged by other code. Source: SMART App Launch 2.2, "Backend Services" and
// "Client Authentication: Asymmetric"; RFC 7523; FAULTS 62.

namespace authledger {

class AuthorizationServer {
 public:
  AuthorizationServer(SandboxAuthorization settings, std::string base_url, const Clock& clock);

  std::string token_url() const { return token_url_; }
  SandboxAnswer smart_configuration() const;
  // POST of a form. Errors as RFC 6749, 5.2, without detail: an attacker learns nothing.
  SandboxAnswer token(const SandboxRequest& request);
  // Why a FHIR request is turned away (401, 403 insufficient_scope), or nullopt.
  std::optional<SandboxAnswer> refuse(const SandboxRequest& request, std::string_view type);

  void revoke_all();
  void set(const SandboxAuthorization& settings);
  int64_t issued() const;
  std::chrono::seconds clock_ahead() const;

 private:
  struct Token {
    std::string scope;
    Instant end{};
  };

  bool is_client(const SandboxRequest& request, const std::map<std::string, std::string>& form);
  bool is_assertion(const std::string& assertion);
  bool is_signed(const std::string& assertion, JsonView header) const;
  SandboxAnswer issue(const std::string& scope);

  mutable std::mutex mutex_;
  SandboxAuthorization settings_;
  const std::string base_url_, token_url_;
  const Clock& clock_;
  std::map<std::string, Instant> used_;  // jti → when its assertion ends.
  std::map<std::string, Token> tokens_;
  int64_t issued_ = 0;
};

}  // namespace authledger
