#include "sandbox/authorization_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/crypto.h"
#include "base/text.h"
#include "sandbox/search_query.h"

namespace authledger {
namespace {

using std::chrono::seconds;

constexpr seconds kAssertionLifeMax{300};
constexpr seconds kClockLeeway{60};

SandboxAnswer json_answer(int status, std::string body) {
  SandboxAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.content_type = "application/json";
  answer.headers.emplace_back("Cache-Control", "no-store");
  return answer;
}

SandboxAnswer oauth_error(int status, std::string_view code) {
  return json_answer(status, fmt::format(R"({{"error":"{}"}})", code));
}

SandboxAnswer unauthorized(int status, std::string_view error) {
  SandboxAnswer answer =
      outcome_answer(status, status == 401 ? "login" : "forbidden", "a valid bearer token is needed");
  answer.headers.emplace_back("WWW-Authenticate", fmt::format("Bearer error=\"{}\"", error));
  return answer;
}

std::map<std::string, std::string> read_form(const std::string& body) {
  const auto pairs = parse_query(body);
  return pairs ? std::map<std::string, std::string>(pairs->begin(), pairs->end())
               : std::map<std::string, std::string>();
}

std::string value_of(const std::map<std::string, std::string>& form, const std::string& name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

// "system/Encounter.rs", "system/*.read": whether the scopes allow `permission` (c, r, u, d or s) on the type.
bool allows(const std::string& scopes, std::string_view type, char permission) {
  for (const std::string& scope : split(scopes, ' ')) {
    const size_t dot = scope.rfind('.');
    if (!scope.starts_with("system/") || dot == std::string::npos) continue;
    const std::string granted_type = scope.substr(7, dot - 7);
    std::string letters = scope.substr(dot + 1);
    if (letters == "read") letters = "rs";
    if (letters == "write") letters = "cud";
    if (letters == "*") letters = "cruds";
    if ((granted_type == "*" || granted_type == type) && letters.find(permission) != std::string::npos) return true;
  }
  return false;
}

char permission_of(const SandboxRequest& request) {
  if (request.method == "POST") return request.path.ends_with("/_search") ? 's' : 'c';
  if (request.method == "PUT") return 'u';
  if (request.method == "DELETE") return 'd';
  return std::count(request.path.begin(), request.path.end(), '/') > 2 ? 'r' : 's';
}

}  // namespace

AuthorizationServer::AuthorizationServer(SandboxAuthorization settings, std::string base_url, const Clock& clock)
    : settings_(std::move(settings)),
      base_url_(std::move(base_url)),
      token_url_(base_url_.substr(0, base_url_.rfind('/')) + "/auth/token"),
      clock_(clock) {}

void AuthorizationServer::revoke_all() {
  const std::lock_guard lock(mutex_);
  tokens_.clear();
}

void AuthorizationServer::set(const SandboxAuthorization& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
}

int64_t AuthorizationServer::issued() const {
  const std::lock_guard lock(mutex_);
  return issued_;
}

std::chrono::seconds AuthorizationServer::clock_ahead() const {
  const std::lock_guard lock(mutex_);
  return settings_.clock_ahead;
}

SandboxAnswer AuthorizationServer::smart_configuration() const {
  return json_answer(
      200, fmt::format(R"({{"token_endpoint":{},"grant_types_supported":["client_credentials"],)"
                       R"("token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_basic",)"
                       R"("client_secret_post"],"token_endpoint_auth_signing_alg_values_supported":["RS384","ES384"],)"
                       R"("capabilities":["client-confidential-asymmetric","permission-v2"]}})",
                       json_string(token_url_)));
}

SandboxAnswer AuthorizationServer::token(const SandboxRequest& request) {
  if (request.method != "POST") return oauth_error(405, "invalid_request");
  const auto form = read_form(request.body);
  const std::lock_guard lock(mutex_);
  if (value_of(form, "grant_type") != "client_credentials") return oauth_error(400, "unsupported_grant_type");
  if (!is_client(request, form)) return oauth_error(401, "invalid_client");
  return issue(value_of(form, "scope"));
}

bool AuthorizationServer::is_client(const SandboxRequest& request, const std::map<std::string, std::string>& form) {
  if (form.contains("client_assertion")) {
    return value_of(form, "client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" &&
           is_assertion(value_of(form, "client_assertion"));
  }
  if (settings_.client_secret.empty()) return false;
  const std::string& id = settings_.client_id;
  return request.header("authorization") == "Basic " + base64(id + ":" + settings_.client_secret) ||
         (value_of(form, "client_id") == id && value_of(form, "client_secret") == settings_.client_secret);
}

bool AuthorizationServer::is_assertion(const std::string& assertion) {
  const std::vector<std::string> parts = split(assertion, '.');
  if (parts.size() != 3) return false;
  JsonDocument header, claims;
  const auto header_text = from_base64url(parts[0]), claims_text = from_base64url(parts[1]);
  if (!header_text || !claims_text || !header.parse(*header_text) || !claims.parse(*claims_text)) return false;
  if (!is_signed(assertion, header.root())) return false;
  const JsonView said = claims.root();
  if (said["iss"].text() != settings_.client_id || said["sub"].text() != settings_.client_id) return false;
  if (said["aud"].text() != token_url_) return false;
  int64_t end_seconds = 0;
  const std::string_view end_text = said["exp"].text();
  const auto [end_of_text, failed] = std::from_chars(end_text.data(), end_text.data() + end_text.size(), end_seconds);
  if (!said["exp"].is_number() || failed != std::errc() || end_of_text != end_text.data() + end_text.size())
    return false;
  const Instant now = clock_.now() + settings_.clock_ahead, end = Instant(seconds(end_seconds));
  if (end < now - kClockLeeway || end > now + kAssertionLifeMax + kClockLeeway) return false;
  std::erase_if(used_, [&](const auto& each) { return each.second < now - kClockLeeway; });
  const std::string id = said["jti"].string();
  return !id.empty() && used_.emplace(id, end).second;
}

// The key comes from the registered set by `kid` alone: what the header says of jku or jwk is not followed.
bool AuthorizationServer::is_signed(const std::string& assertion, JsonView header) const {
  const size_t dot = assertion.rfind('.');
  const std::string bytes = assertion.substr(0, dot);
  const std::string signature = from_base64url(assertion.substr(dot + 1)).value_or("");
  JsonDocument set;
  const auto parsed = set.parse(settings_.jwks);
  if (!parsed) return false;
  for (const JsonView key : (*parsed)["keys"]) {
    if (key["kid"].text() != header["kid"].text()) continue;
    const auto number = [&](const char* member) { return from_base64url(key[member].text()).value_or(""); };
    if (key["kty"].text() == "RSA" && header["alg"].text() == "RS384") {
      return verify_rs384(number("n"), number("e"), bytes, signature);
    }
    return key["kty"].text() == "EC" && header["alg"].text() == "ES384" &&
           verify_es384(number("x"), number("y"), bytes, signature);
  }
  return false;
}

SandboxAnswer AuthorizationServer::issue(const std::string& scope) {
  const std::string granted = settings_.scope_max.empty() ? scope : settings_.scope_max;
  const std::string token = random_hex(24);
  tokens_[token] = {granted, clock_.now() + settings_.token_life};
  ++issued_;
  return json_answer(200,
                     fmt::format(R"({{"access_token":"{}","token_type":"bearer","expires_in":{},"scope":{}}})", token,
                                 settings_.stated_life.value_or(settings_.token_life).count(), json_string(granted)));
}

std::optional<SandboxAnswer> AuthorizationServer::refuse(const SandboxRequest& request, std::string_view type) {
  const std::string header = request.header("authorization");
  const std::lock_guard lock(mutex_);
  const auto found = header.starts_with("Bearer ") ? tokens_.find(header.substr(7)) : tokens_.end();
  if (found == tokens_.end() || found->second.end <= clock_.now()) return unauthorized(401, "invalid_token");
  if (!allows(found->second.scope, type, permission_of(request))) return unauthorized(403, "insufficient_scope");
  return std::nullopt;
}

}  // namespace authledger
