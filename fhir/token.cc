#include "fhir/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "fhir/outcome.h"
#include "fhir/url.h"

namespace authledger {
namespace {

constexpr std::chrono::seconds kTokenLifeDefault{300};  // When the answer names no expires_in.
constexpr std::chrono::seconds kTokenLifeMax{86'400};
constexpr std::chrono::seconds kRenewBefore{30};

class NoToken final : public TokenSource {
 public:
  Result<std::string, FhirError> authorization(Exchange&) override { return std::string(); }
  bool renew() override { return false; }
};

// A bearer token or a password from a file or the environment.
class SecretToken final : public TokenSource {
 public:
  SecretToken(AuthConfig auth, std::string folder, const std::string& secret)
      : auth_(std::move(auth)), folder_(std::move(folder)), value_(value_of(secret)) {}

  Result<std::string, FhirError> authorization(Exchange&) override { return value_; }

  bool renew() override {
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

class ClientSecretToken final : public TokenSource {
 public:
  ClientSecretToken(const EndpointConfig& endpoint, std::string folder, const Clock& clock)
      : auth_(endpoint.auth),
        name_(endpoint.name),
        base_url_(endpoint.base_url),
        folder_(std::move(folder)),
        clock_(clock),
        token_url_(endpoint.auth.token_url) {}

  Result<std::string, FhirError> authorization(Exchange& exchange) override {
    if (!value_.empty() && clock_.now() < renew_at_) return value_;
    value_.clear();
    if (token_url_.empty()) {
      const auto found = discover(exchange);
      if (!found) return found.error();
      token_url_ = *found;
    }
    return fetch(exchange);
  }

  bool renew() override {
    value_.clear();
    return true;
  }

 private:
  FhirError error(FhirErrorKind kind, int status, std::string_view text) const {
    return {kind, status, fmt::format("{}: {}", name_, text)};
  }

  Result<std::string, FhirError> discover(Exchange& exchange) const {
    const HttpRequest request{
        "GET", base_url_ + "/.well-known/smart-configuration", {{"Accept", "application/json"}}, ""};
    const auto answer = exchange.send(request, Repeat::safe, name_ + ": GET smart-configuration");
    if (!answer) return answer.error();
    JsonDocument document;
    const auto parsed = document.parse(answer->body);
    const std::string found = answer->status == 200 && parsed ? (*parsed)["token_endpoint"].string() : std::string();
    if (found.empty()) {
      return error(FhirErrorKind::unauthorized, answer->status,
                   "the endpoint's smart-configuration names no token endpoint; set auth.token_url");
    }
    return found;
  }

  Result<std::string, FhirError> fetch(Exchange& exchange) {
    const auto url = parse_url(token_url_);
    if (!url || (url->scheme != "https" && !is_loopback(*url))) {
      return error(FhirErrorKind::unauthorized, 0, "the token endpoint must be an https URL");
    }
    const auto secret = read_secret(auth_.secret_file, auth_.secret_env, folder_);
    if (!secret) return error(FhirErrorKind::unauthorized, 0, secret.error().message);
    // RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
    const std::string basic = base64(fmt::format("{}:{}", query_value(auth_.client_id), query_value(*secret)));
    HttpRequest request{"POST", token_url_, {}, "grant_type=client_credentials"};
    if (!auth_.scope.empty()) request.body += "&scope=" + query_value(auth_.scope);
    request.headers = {{"Authorization", "Basic " + basic},
                       {"Accept", "application/json"},
                       {"Content-Type", "application/x-www-form-urlencoded"}};
    const auto answer = exchange.send(request, Repeat::safe, name_ + ": token request");
    if (!answer) return answer.error();
    return take(*answer);
  }

  Result<std::string, FhirError> take(const HttpResponse& answer) {
    JsonDocument document;
    const auto parsed = document.parse(answer.body);
    const std::string token = answer.status == 200 && parsed ? (*parsed)["access_token"].string() : std::string();
    if (token.empty()) {
      const auto kind = answer.status == 429   ? FhirErrorKind::throttled
                        : answer.status >= 500 ? FhirErrorKind::server_error
                                               : FhirErrorKind::unauthorized;
      return error(kind, answer.status, fmt::format("the token endpoint answered {} without a token", answer.status));
    }
    int64_t seconds = kTokenLifeDefault.count();
    const std::string_view life = (*parsed)["expires_in"].text();
    if (!life.empty()) std::from_chars(life.data(), life.data() + life.size(), seconds);
    seconds = std::clamp<int64_t>(seconds, 0, kTokenLifeMax.count());
    // A very short life is used up to its last third rather than never.
    const auto margin = std::min<std::chrono::seconds>(kRenewBefore, std::chrono::seconds(seconds / 3));
    renew_at_ = clock_.now() + std::chrono::seconds(seconds) - margin;
    value_ = "Bearer " + token;
    return value_;
  }

  AuthConfig auth_;
  std::string name_, base_url_, folder_;
  const Clock& clock_;
  std::string token_url_, value_;
  Instant renew_at_{};
};

}  // namespace

Result<std::unique_ptr<TokenSource>> open_token_source(const EndpointConfig& endpoint, const std::string& config_folder,
                                                       const Clock& clock) {
  using Source = std::unique_ptr<TokenSource>;
  const AuthConfig& auth = endpoint.auth;
  if (auth.kind == AuthKind::none) return Source(std::make_unique<NoToken>());
  if (auth.kind == AuthKind::smart_backend) {
    return Failure{
        fmt::format("{}: auth kind smart_backend (private_key_jwt) is not part of this version yet; use "
                    "client_secret, bearer or basic",
                    endpoint.name)};
  }
  const auto secret = read_secret(auth.secret_file, auth.secret_env, config_folder);
  if (!secret) return Failure{fmt::format("{}: {}", endpoint.name, secret.error().message)};
  if (secret->empty()) return Failure{fmt::format("{}: the secret is empty", endpoint.name)};
  if (auth.kind == AuthKind::client_secret) {
    return Source(std::make_unique<ClientSecretToken>(endpoint, config_folder, clock));
  }
  return Source(std::make_unique<SecretToken>(auth, config_folder, *secret));
}

}  // namespace authledger
