#include "fhir/token.h"

#include <fmt/format.h>

#include <utility>

#include "base/crypto.h"
#include "base/jose.h"
#include "fhir/oauth_token.h"

namespace authledger {
namespace {

class NoToken final : public TokenSource {
 public:
  Result<std::string, FhirError> authorization(Exchange&) override { return std::string(); }
  bool renew(TokenRefusal) override { return false; }
};

// A bearer token or a password from a file or the environment.
class SecretToken final : public TokenSource {
 public:
  SecretToken(AuthConfig auth, std::string folder, const std::string& secret)
      : auth_(std::move(auth)), folder_(std::move(folder)), value_(value_of(secret)) {}

  Result<std::string, FhirError> authorization(Exchange&) override { return value_; }

  bool renew(TokenRefusal) override {
    const auto secret = read_secret(auth_.secret_file, auth_.secret_env, folder_);
    if (!secret) return false;
    const std::string former = std::exchange(value_, value_of(*secret));
    return former != value_;
  }

 private:
  std::string value_of(const std::string& secret) const {
    return auth_.kind == AuthKind::basic ? "Basic " + base64(fmt::format("{}:{}", auth_.user, secret))
                                         : "Bearer " + secret;
  }

  AuthConfig auth_;
  std::string folder_;
  std::string value_;
};

}  // namespace

Result<std::unique_ptr<TokenSource>> open_token_source(const EndpointConfig& endpoint, const std::string& config_folder,
                                                       const Clock& clock, OauthGrants* grants) {
  using Source = std::unique_ptr<TokenSource>;
  const AuthConfig& auth = endpoint.auth;
  if (auth.kind == AuthKind::none) return Source(std::make_unique<NoToken>());
  const auto secret = read_secret(auth.secret_file, auth.secret_env, config_folder);
  if (!secret) return Failure{fmt::format("{}: {}", endpoint.name, secret.error().message)};
  if (secret->empty()) return Failure{fmt::format("{}: the secret is empty", endpoint.name)};
  if (auth.kind == AuthKind::smart_backend) {
    // A key that no server would take is told at the start.
    const auto key = SigningKey::read(*secret, auth.key_id);
    if (!key) return Failure{fmt::format("{}: {}", endpoint.name, key.error().message)};
  }
  if (auth.kind == AuthKind::client_secret || auth.kind == AuthKind::smart_backend) {
    auto grant = grants ? grants->of(endpoint, config_folder) : make_oauth_grant(endpoint, config_folder);
    return Source(std::make_unique<OauthToken>(std::move(grant), clock));
  }
  return Source(std::make_unique<SecretToken>(auth, config_folder, *secret));
}

}  // namespace authledger
