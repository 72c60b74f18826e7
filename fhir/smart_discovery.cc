#include "fhir/smart_discovery.h"

#include <fmt/format.h>

#include "base/json.h"
#include "fhir/capability.h"
#include "fhir/url.h"

namespace authledger {
namespace {

bool has_text(JsonView list, std::string_view text) {
  for (const JsonView item : list) {
    if (item.text() == text) return true;
  }
  return false;
}

// Servers name what they know in `capabilities`; some older ones only list scopes.
ScopeVersion scopes_of(JsonView configuration) {
  const JsonView capabilities = configuration["capabilities"];
  if (has_text(capabilities, "permission-v2")) return ScopeVersion::v2;
  if (has_text(capabilities, "permission-v1")) return ScopeVersion::v1;
  bool has_v1 = false;
  for (const JsonView scope : configuration["scopes_supported"]) {
    const std::string_view text = scope.text();
    if (text.ends_with(".rs") || text.ends_with(".cruds")) return ScopeVersion::v2;
    has_v1 |= text.ends_with(".read");
  }
  return has_v1 ? ScopeVersion::v1 : ScopeVersion::v2;
}

Result<HttpResponse, FhirError> get(Exchange& exchange, const std::string& url, const char* accept,
                                    const std::string& what) {
  return exchange.send({"GET", url, {{"Accept", accept}}, ""}, Repeat::safe, what);
}

}  // namespace

std::string token_url_problem(const std::string& token_url, const std::string& base_url) {
  const auto url = parse_url(token_url), base = parse_url(base_url);
  if (url && url->scheme == "https") return "";
  if (url && is_loopback(*url) && base && is_loopback(*base)) return "";
  return "the token endpoint must be an https URL: credentials are not sent in clear text";
}

Result<SmartConfiguration, FhirError> discover_smart(Exchange& exchange, const std::string& name,
                                                     const std::string& base_url) {
  SmartConfiguration found;
  JsonDocument document;
  auto answer = get(exchange, base_url + "/.well-known/smart-configuration", "application/json",
                    name + ": GET smart-configuration");
  if (!answer) return answer.error();
  if (const auto root = document.parse(answer->body); answer->status == 200 && root) {
    found.token_url = (*root)["token_endpoint"].string();
    found.found_in = "smart-configuration";
    found.scopes = scopes_of(*root);
    const JsonView methods = (*root)["token_endpoint_auth_methods_supported"];
    found.offers_private_key_jwt = methods.size() == 0 || has_text(methods, "private_key_jwt");
  }
  if (found.token_url.empty()) {
    answer = get(exchange, base_url + "/metadata", "application/fhir+json", name + ": GET metadata");
    if (!answer) return answer.error();
    if (const auto root = document.parse(answer->body); answer->status == 200 && root) {
      found.token_url = read_capability(*root).token_url;
      found.found_in = "metadata";
      found.scopes = ScopeVersion::v1;  // A server without smart-configuration is older than version 2 scopes.
    }
  }
  if (found.token_url.empty()) {
    return FhirError{FhirErrorKind::unauthorized, answer->status,
                     name +
                         ": neither .well-known/smart-configuration nor /metadata names a token endpoint; set "
                         "auth.token_url"};
  }
  if (const std::string problem = token_url_problem(found.token_url, base_url); !problem.empty()) {
    return FhirError{FhirErrorKind::unauthorized, 0, fmt::format("{}: {}", name, problem)};
  }
  return found;
}

}  // namespace authledger
