#include <fmt/format.h>

#include <algorithm>

#include "config/read_endpoint.h"

namespace authledger {
namespace {

const std::vector<std::pair<std::string, AuthKind>> kAuthKinds = {{"none", AuthKind::none},
                                                                  {"bearer", AuthKind::bearer},
                                                                  {"basic", AuthKind::basic},
                                                                  {"client_secret", AuthKind::client_secret},
                                                                  {"smart_backend", AuthKind::smart_backend}};
const std::vector<std::pair<std::string, SecretPlace>> kSecretPlaces = {{"header", SecretPlace::header},
                                                                        {"body", SecretPlace::body}};

// Keys under which people try to write a secret into the file itself.
constexpr const char* kSecretKeys[] = {"token",       "password", "secret",  "client_secret",
                                       "private_key", "bearer",   "api_key", "key"};

// A key that another kind of auth reads says that the kind is not the one that was meant.
void refuse_unused(YamlMapReader& map, const AuthConfig& auth) {
  const auto only_for = [&](const char* key, std::initializer_list<AuthKind> kinds, const char* names) {
    if (map.has(key) && std::find(kinds.begin(), kinds.end(), auth.kind) == kinds.end()) {
      map.problem(key, fmt::format("is for kind {} only", names));
    }
  };
  only_for("user", {AuthKind::basic}, "basic");
  only_for("secret_in", {AuthKind::client_secret}, "client_secret");
  only_for("key_id", {AuthKind::smart_backend}, "smart_backend");
  only_for("jwks_url", {AuthKind::smart_backend}, "smart_backend");
}

void check_urls(YamlMapReader& map, const AuthConfig& auth) {
  for (const auto& [key, url] : {std::pair("token_url", auth.token_url), std::pair("jwks_url", auth.jwks_url)}) {
    if (url.empty()) continue;
    if (std::string problem = http_url_problem(url); !problem.empty()) map.problem(key, problem);
  }
  if (auth.jwks_url.starts_with("http://")) {
    map.problem("jwks_url", "must be https: whoever could change the answer could sign in our name");
  }
}

// Over clear text whoever stands on the way reads the credential, and with it the whole EHR.
void check_clear_text(YamlMapReader& map, const EndpointConfig& endpoint) {
  constexpr const char* kAllowed = "secrets_and_patients_in_clear_text";
  const AuthConfig& auth = endpoint.auth;
  const bool is_abroad = is_clear_text_abroad(endpoint.base_url);
  if (!is_abroad && auth.secrets_and_patients_in_clear_text) {
    map.problem(kAllowed, "is for a base_url of http:// on another machine only: leave it out");
  }
  if (!is_abroad || auth.kind == AuthKind::none) return;
  if (!auth.secrets_and_patients_in_clear_text) {
    map.problem("kind",
                fmt::format("base_url is http://: everybody on the way would read this credential and the patients' "
                            "records; use https://, or, on a line that nobody else can listen to, say {}: true",
                            kAllowed));
  }
  if (auth.kind == AuthKind::client_secret && auth.token_url.empty()) {
    map.problem("kind",
                "token_url is needed where base_url is http://: anybody on the way could name a token endpoint of "
                "their own, and would be given the client secret");
  }
}

}  // namespace

void read_vendor_auth(YamlMapReader& preset_map, EndpointConfig& endpoint) {
  preset_map.word("vendor_auth", endpoint.vendor_auth, kAuthKinds);
}

void refuse_secrets(YamlMapReader& map) {
  for (const char* key : kSecretKeys) {
    if (map.node().members.empty()) return;
    auto is_key = [&](const YamlMember& member) { return member.key == key; };
    if (std::none_of(map.node().members.begin(), map.node().members.end(), is_key)) continue;
    map.problem(key,
                "a secret does not belong in this file: write secret_file: PATH (a file that only authledger's user "
                "can read) or secret_env: NAME (an environment variable)");
  }
}

void read_auth(YamlMapReader& endpoint_map, EndpointConfig& endpoint, const std::string& folder) {
  const YamlNode* node = endpoint_map.find("auth");
  if (node == nullptr) return;
  YamlMapReader map(*node, endpoint_map.path_of("auth"), endpoint_map.problems());
  refuse_secrets(map);
  AuthConfig& auth = endpoint.auth;
  map.required("kind", "none, bearer, basic, client_secret or smart_backend");
  map.word("kind", auth.kind, kAuthKinds);
  map.text("user", auth.user);
  map.text("client_id", auth.client_id);
  map.word("secret_in", auth.secret_in, kSecretPlaces);
  map.text("key_id", auth.key_id);
  map.text("jwks_url", auth.jwks_url);
  map.text("token_url", auth.token_url);
  map.text("scope", auth.scope);
  map.text("secret_file", auth.secret_file);
  map.text("secret_env", auth.secret_env);
  map.boolean("secrets_and_patients_in_clear_text", auth.secrets_and_patients_in_clear_text);
  refuse_unused(map, auth);
  map.finish();
  auth.secret_file = path_below(folder, auth.secret_file);
  check_urls(map, auth);
  check_clear_text(map, endpoint);
  if (!auth.secret_file.empty() && !auth.secret_env.empty()) {
    map.problem("secret_env", "secret_file is given too: keep one of them");
  }
  bool needs_client = auth.kind == AuthKind::client_secret || auth.kind == AuthKind::smart_backend;
  if (auth.kind != AuthKind::none && auth.secret_file.empty() && auth.secret_env.empty()) {
    map.problem("secret_file",
                "is missing: name the file (secret_file) or the environment variable (secret_env) that "
                "holds the token, password, client secret or private key");
  }
  if (auth.kind == AuthKind::basic && auth.user.empty()) map.problem("user", "is missing; kind basic needs it");
  if (needs_client && auth.client_id.empty()) {
    map.problem("client_id", "is missing; kinds client_secret and smart_backend need it");
  }
}

}  // namespace authledger
