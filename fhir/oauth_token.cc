#include "fhir/oauth_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/crypto.h"
#include "base/jose.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "fhir/smart_discovery.h"
#include "fhir/url.h"

namespace authledger {
namespace {

using std::chrono::seconds;

constexpr seconds kTokenLifeDefault{300};  // When the answer names no expires_in.
constexpr seconds kTokenLifeMax{86'400};
constexpr seconds kRenewBefore{30};
constexpr seconds kAssertionLife{180};  // At most five minutes by the server's clock, which may be behind ours.
constexpr seconds kClockSkewMin{30};
constexpr seconds kRefusalKept{60};
constexpr std::chrono::hours kDiscoveryKept{24};
constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// RFC 6749, 5.2: the code only. Descriptions may repeat what was sent.
std::string oauth_error_of(const std::string& body) {
  JsonDocument document;
  const auto root = document.parse(body);
  const std::string_view code = root ? (*root)["error"].text() : std::string_view();
  const bool is_code =
      !code.empty() && code.size() <= 40 && code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == code.npos;
  return is_code ? std::string(code) : std::string();
}

seconds life_of(JsonView answer) {
  int64_t life = kTokenLifeDefault.count();
  const std::string_view text = answer["expires_in"].text();
  if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), life);
  return seconds(std::clamp<int64_t>(life, 0, kTokenLifeMax.count()));
}

bool is_bearer(JsonView answer) {
  const std::string_view type = answer["token_type"].text();
  return type.empty() || lower_case(type) == "bearer";
}

// RFC 6750, 2.1: b64token.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

struct OauthGrant {
  OauthGrant(const EndpointConfig& config, std::string secrets_folder)
      : endpoint(config), auth(endpoint.auth), folder(std::move(secrets_folder)) {}

  const EndpointConfig endpoint;
  const AuthConfig& auth;
  const std::string folder;
  std::mutex mutex;  // Of all that follows, held while the token endpoint is asked.
  std::string token_url, scope, granted_scope, value;
  Instant found_at{}, renew_at{};
  seconds server_ahead{0};  // Of our clock, as far as the server's Date header tells.
  bool was_accepted = true;
  std::optional<Instant> renewed_at;
  // Who the server does not know is not shown to it with every request. FAULTS 63.
  std::optional<FhirError> refused;
  std::string refused_secret;
  Instant refused_at{};

  bool has_key() const { return auth.kind == AuthKind::smart_backend; }

  FhirError error(FhirErrorKind kind, int status, std::string_view text) const {
    return {kind, status, fmt::format("{}: {}", endpoint.name, text)};
  }

  std::optional<FhirError> find_token_endpoint(Exchange& exchange, Instant now);
  Result<HttpRequest, FhirError> request(const std::string& secret, const Clock& clock) const;
  std::optional<FhirError> add_client(HttpRequest& request, const std::string& secret, const Clock& clock) const;
  Result<HttpResponse, FhirError> post(Exchange& exchange, const std::string& secret, const Clock& clock) const;
  Result<std::string, FhirError> ask(Exchange& exchange, const std::string& secret, const Clock& clock);
  Result<std::string, FhirError> fetch(Exchange& exchange, const Clock& clock);
  Result<std::string, FhirError> take(const HttpResponse& answer, Instant now);
  bool was_refused(const std::string& secret, Instant now) const;
  FhirError refusal(const HttpResponse& answer) const;
  bool learns_clock(const HttpResponse& answer, Instant now);
};

namespace {

// Within `time` before now; a time that is yet to come is of a clock that was set back.
bool is_lately(Instant then, Instant now, seconds time) {
  return then <= now && now - then < time;
}

}  // namespace

std::optional<FhirError> OauthGrant::find_token_endpoint(Exchange& exchange, Instant now) {
  if (!token_url.empty() && is_lately(found_at, now, kDiscoveryKept)) return std::nullopt;
  const bool needs_scope = has_key() && auth.scope.empty();
  if (!auth.token_url.empty()) {
    scope = needs_scope ? needed_scope(endpoint, ScopeVersion::v2) : auth.scope;
    token_url = auth.token_url;
  } else {
    const auto base = parse_url(endpoint.base_url);
    if (!has_key() && base && base->scheme == "http" && !is_loopback(*base)) {
      // Whoever stands on the way would name a token endpoint of his own.
      return error(FhirErrorKind::unauthorized, 0,
                   "base_url is http://, so the token endpoint is not asked of it: set auth.token_url");
    }
    const auto found = discover_smart(exchange, endpoint.name, endpoint.base_url);
    // What was found before stands until another one is known.
    if (!found) return token_url.empty() ? std::optional(found.error()) : std::nullopt;
    if (has_key() && !found->offers_private_key_jwt) {
      return error(FhirErrorKind::unauthorized, 0,
                   "the endpoint's smart-configuration does not offer private_key_jwt; use kind client_secret, or ask "
                   "its administrator to allow asymmetric client authentication");
    }
    scope = needs_scope ? needed_scope(endpoint, found->scopes) : auth.scope;
    token_url = found->token_url;
  }
  found_at = now;
  const std::string problem = token_url_problem(token_url, endpoint.base_url);
  if (problem.empty()) return std::nullopt;
  token_url.clear();
  return error(FhirErrorKind::unauthorized, 0, problem);
}

std::optional<FhirError> OauthGrant::add_client(HttpRequest& request, const std::string& secret,
                                                const Clock& clock) const {
  if (!has_key()) {
    // RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
    if (auth.secret_in == SecretPlace::header) {
      const std::string basic = base64(fmt::format("{}:{}", query_value(auth.client_id), query_value(secret)));
      request.headers.emplace_back("Authorization", "Basic " + basic);
    } else {
      request.body += fmt::format("&client_id={}&client_secret={}", query_value(auth.client_id), query_value(secret));
    }
    return std::nullopt;
  }
  const auto key = SigningKey::read(secret, auth.key_id);
  if (!key) return error(FhirErrorKind::unauthorized, 0, key.error().message);
  const Instant end = clock.now() + server_ahead + kAssertionLife;
  JsonWriter claims;
  claims.begin_object().member("iss", auth.client_id).member("sub", auth.client_id).member("aud", token_url);
  claims.member("jti", random_hex(16)).key("exp");
  claims.number(std::chrono::floor<seconds>(end).time_since_epoch().count()).end_object();
  const auto assertion = key->sign(claims.take(), auth.jwks_url);
  if (!assertion) return error(FhirErrorKind::unauthorized, 0, assertion.error().message);
  request.body += fmt::format("&client_assertion_type={}&client_assertion={}", query_value(kAssertionType), *assertion);
  return std::nullopt;
}

Result<HttpRequest, FhirError> OauthGrant::request(const std::string& secret, const Clock& clock) const {
  HttpRequest request{"POST", token_url, {}, "grant_type=client_credentials"};
  if (!scope.empty()) request.body += "&scope=" + query_value(scope);
  request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/x-www-form-urlencoded"}};
  if (auto problem = add_client(request, secret, clock)) return *problem;
  return request;
}

Result<HttpResponse, FhirError> OauthGrant::post(Exchange& exchange, const std::string& secret,
                                                 const Clock& clock) const {
  // The first is made here for its errors; a key that has signed once signs again.
  auto first = request(secret, clock);
  if (!first) return first.error();
  std::optional<HttpRequest> next = std::move(*first);
  const auto make = [&] {
    HttpRequest made = next ? std::move(*next) : request(secret, clock).value();
    next.reset();
    return made;
  };
  return exchange.send_fresh(make, Repeat::safe, endpoint.name + ": token request");
}

// An assertion is judged by the server's clock. True when ours differs so much that another try is worth it.
bool OauthGrant::learns_clock(const HttpResponse& answer, Instant now) {
  if (!has_key() || answer.status < 400 || answer.status >= 500 || server_ahead != seconds(0)) return false;
  const auto server_now = parse_http_date(answer.header("date"));
  if (!server_now) return false;
  const auto ahead = std::chrono::floor<seconds>(*server_now - now);
  if (std::chrono::abs(ahead) < kClockSkewMin) return false;
  server_ahead = ahead;
  log_warning("clock_differs", {{"endpoint", endpoint.name}, {"server_ahead_seconds", ahead.count()}});
  return true;
}

FhirError OauthGrant::refusal(const HttpResponse& answer) const {
  const std::string code = oauth_error_of(answer.body);
  const auto kind = answer.status == 429   ? FhirErrorKind::throttled
                    : answer.status >= 500 ? FhirErrorKind::server_error
                                           : FhirErrorKind::unauthorized;
  std::string text = fmt::format("the token endpoint answered {}{} without a token", answer.status,
                                 code.empty() ? "" : fmt::format(" ({})", code));
  if (kind == FhirErrorKind::unauthorized) {
    if (code == "invalid_scope") {
      text += fmt::format(
          "; it does not grant the scope that was asked for: set auth.scope to what was registered "
          "(asked: {})",
          scope.empty() ? "none" : scope);
    } else if (code == "unauthorized_client" || code == "unsupported_grant_type") {
      text +=
          fmt::format("; client_id {} is not registered there for client_credentials (a backend app)", auth.client_id);
    } else if (has_key()) {
      text += fmt::format(
          "; is client_id {} registered there with the public key that `authledger keys show` prints, "
          "and is its token URL {}?",
          auth.client_id, token_url);
    } else {
      text += fmt::format("; is client_id {} registered there, and is the secret the present one?", auth.client_id);
    }
  }
  return error(kind, answer.status, text);
}

Result<std::string, FhirError> OauthGrant::take(const HttpResponse& answer, Instant now) {
  JsonDocument document;
  const auto parsed = document.parse(answer.body);
  const std::string token = answer.status == 200 && parsed ? (*parsed)["access_token"].string() : std::string();
  // A login page, say: it passes.
  if (answer.status == 200 && !parsed) {
    return error(FhirErrorKind::bad_answer, answer.status, "the token endpoint answered 200 with what is no JSON");
  }
  if (!is_token(token)) return refusal(answer);
  if (!is_bearer(*parsed)) {
    return error(FhirErrorKind::unauthorized, answer.status, "the token endpoint gave a token that is no bearer token");
  }
  // RFC 6749, 5.1: left out when it is what was asked for.
  granted_scope = (*parsed)["scope"].exists() ? (*parsed)["scope"].string() : scope;
  if (const auto missing = scopes_not_granted(scope, granted_scope); !missing.empty()) {
    log_warning("scope_reduced", {{"endpoint", endpoint.name}, {"not_granted", join(missing, " ")}});
  }
  const seconds life = life_of(*parsed);
  // A very short life is used up to its last third rather than never.
  renew_at = now + life - std::min(kRenewBefore, life / 3);
  value = "Bearer " + token;
  return value;
}

Result<std::string, FhirError> OauthGrant::ask(Exchange& exchange, const std::string& secret, const Clock& clock) {
  if (auto problem = find_token_endpoint(exchange, clock.now())) return *problem;
  auto answer = post(exchange, secret, clock);
  if (answer && learns_clock(*answer, clock.now())) answer = post(exchange, secret, clock);
  if (!answer) return answer.error();
  return take(*answer, clock.now());
}

Result<std::string, FhirError> OauthGrant::fetch(Exchange& exchange, const Clock& clock) {
  const auto secret = read_secret(auth.secret_file, auth.secret_env, folder);
  if (!secret) return error(FhirErrorKind::unauthorized, 0, secret.error().message);
  if (was_refused(*secret, clock.now())) return *refused;
  refused.reset();
  auto token = ask(exchange, *secret, clock);
  if (token) return token;
  // The token endpoint may have moved.
  if (token.error().kind != FhirErrorKind::stopped && token.error().kind != FhirErrorKind::throttled) token_url.clear();
  if (token.error().kind == FhirErrorKind::unauthorized) {
    refused = token.error();
    refused_secret = *secret;
    refused_at = clock.now();
  }
  return token;
}

// Lately, and with this secret: another one may be known.
bool OauthGrant::was_refused(const std::string& secret, Instant now) const {
  return refused && refused_secret == secret && is_lately(refused_at, now, kRefusalKept);
}

std::shared_ptr<OauthGrant> make_oauth_grant(const EndpointConfig& endpoint, const std::string& folder) {
  return std::make_shared<OauthGrant>(endpoint, folder);  // Shared by the clients of the endpoint.
}

std::shared_ptr<OauthGrant> OauthGrants::of(const EndpointConfig& endpoint, const std::string& folder) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<OauthGrant>& grant = grants_[endpoint.name];
  if (!grant) grant = make_oauth_grant(endpoint, folder);
  return grant;
}

Result<std::string, FhirError> OauthToken::authorization(Exchange& exchange) {
  const std::lock_guard lock(grant_->mutex);
  if (grant_->value.empty() || clock_.now() >= grant_->renew_at) {
    grant_->value.clear();
    const auto token = grant_->fetch(exchange, clock_);
    if (!token) return token;
  }
  used_ = grant_->value;
  return used_;
}

bool OauthToken::renew(TokenRefusal why) {
  const std::lock_guard lock(grant_->mutex);
  if (grant_->value != used_) return true;  // Another client did, since.
  const Instant now = clock_.now();
  const bool was_lately = grant_->renewed_at && is_lately(*grant_->renewed_at, now, kRefusalKept);
  // A token that reaches too little is accepted elsewhere: that says nothing of the next one.
  if (was_lately && (why == TokenRefusal::lacks_scope || !grant_->was_accepted)) return false;
  grant_->renewed_at = now;
  grant_->was_accepted = false;
  grant_->value.clear();
  return true;
}

void OauthToken::accepted() {
  const std::lock_guard lock(grant_->mutex);
  if (grant_->value == used_) grant_->was_accepted = true;
}

std::string OauthToken::scope_hint() const {
  const std::lock_guard lock(grant_->mutex);
  const auto missing = scopes_not_granted(grant_->scope, grant_->granted_scope);
  return missing.empty() ? "" : fmt::format("the server granted less than was asked for, not {}", join(missing, " "));
}

}  // namespace authledger
