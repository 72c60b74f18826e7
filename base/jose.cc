#include "base/jose.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

// libjose's headers are C and do not say so.
extern "C" {
#include <jose/jose.h>
#include <jose/openssl.h>
}

#include "base/text.h"

namespace authledger {
namespace {

constexpr int kGeneratedRsaBits = 3072;
constexpr size_t kRsaModulusBytesMin = 2048 / 8;  // RFC 7518, 3.3.

struct JsonReference {
  void operator()(json_t* json) const { json_decref(json); }
};
using Json = std::unique_ptr<json_t, JsonReference>;

std::string text_of(const json_t* object, const char* member) {
  const char* text = json_string_value(json_object_get(object, member));
  return text == nullptr ? std::string() : text;
}

std::string dump(const json_t* json) {
  const size_t size = json_dumpb(json, nullptr, 0, JSON_COMPACT | JSON_SORT_KEYS);
  std::string text(size, '\0');
  json_dumpb(json, text.data(), size, JSON_COMPACT | JSON_SORT_KEYS);
  return text;
}

std::string thumbprint(const json_t* jwk) {
  const Json thumb(jose_jwk_thp(nullptr, jwk, "S256"));
  const char* text = json_string_value(thumb.get());
  return text == nullptr ? std::string() : text;
}

Json read_pem(std::string_view text) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                        &BIO_free);
  // Without a callback OpenSSL would ask the terminal for the passphrase of an encrypted key.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  return Json(key ? jose_openssl_jwk_from_EVP_PKEY(nullptr, key.get()) : nullptr);
}

// The one private key of a set.
Result<Json> only_private_key(const json_t* set) {
  json_t* found = nullptr;
  size_t index = 0;
  json_t* key = nullptr;
  json_array_foreach(json_object_get(set, "keys"), index, key) {
    if (json_object_get(key, "d") == nullptr) continue;
    if (found != nullptr) return Failure{"the key set holds several private keys: keep one key a file"};
    found = key;
  }
  if (found == nullptr) return Failure{"the key set holds no private key; authledger keys new makes one"};
  return Json(json_incref(found));
}

Result<Json> read_jwk(std::string_view text) {
  Json json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
  if (!json_is_object(json.get())) {
    return Failure{
        "the key is neither a JWK (JSON) nor a PEM that starts with -----BEGIN; authledger keys new makes one"};
  }
  return json_is_array(json_object_get(json.get(), "keys")) ? only_private_key(json.get())
                                                            : Result<Json>(std::move(json));
}

Result<SigningAlgorithm> algorithm_for(const json_t* jwk) {
  const std::string type = text_of(jwk, "kty"), curve = text_of(jwk, "crv"), stated = text_of(jwk, "alg");
  SigningAlgorithm algorithm = SigningAlgorithm::rs384;
  if (type == "RSA") {
    const size_t modulus_bytes = jose_b64_dec(json_object_get(jwk, "n"), nullptr, 0);
    if (modulus_bytes == SIZE_MAX || modulus_bytes < kRsaModulusBytesMin) {
      return Failure{"the RSA key is shorter than 2048 bits; authledger keys new makes one that servers accept"};
    }
  } else if (type == "EC" && curve == "P-384") {
    algorithm = SigningAlgorithm::es384;
  } else {
    return Failure{
        "the key must be RSA (RS384) or EC on the curve P-384 (ES384), as SMART Backend Services asks; authledger keys "
        "new makes one"};
  }
  if (!stated.empty() && stated != word_of(algorithm)) {
    return Failure{"the key's alg is not the one that SMART Backend Services takes for its type (RS384, ES384)"};
  }
  return algorithm;
}

}  // namespace

std::string_view word_of(SigningAlgorithm algorithm) {
  switch (algorithm) {
    case SigningAlgorithm::rs384:
      return "RS384";
    case SigningAlgorithm::es384:
      return "ES384";
  }
  return "";
}

struct SigningKey::State {
  Json jwk;
  SigningAlgorithm algorithm;
  std::string key_id;
};

SigningKey::SigningKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::generate(SigningAlgorithm algorithm) {
  Json jwk(json_pack("{s:s}", "alg", std::string(word_of(algorithm)).c_str()));
  if (algorithm == SigningAlgorithm::rs384) json_object_set_new(jwk.get(), "bits", json_integer(kGeneratedRsaBits));
  if (!jose_jwk_gen(nullptr, jwk.get())) return Failure{"libjose could not make a key"};
  return read(dump(jwk.get()), "");
}

Result<SigningKey> SigningKey::read(std::string_view text, const std::string& key_id) {
  text = trim(text);
  const bool is_pem = text.starts_with("-----BEGIN");
  Result<Json> read = is_pem ? Result<Json>(read_pem(text)) : read_jwk(text);
  if (!read) return read.error();
  Json jwk = std::move(*read);
  if (!jwk) return Failure{"the PEM holds no private key that can be read; an encrypted one has to be decrypted first"};
  if (json_object_get(jwk.get(), "d") == nullptr) {
    return Failure{"the key is a public one: name the file that authledger keys new wrote (the private key)"};
  }
  const auto algorithm = algorithm_for(jwk.get());
  if (!algorithm) return algorithm.error();
  auto state = std::make_unique<State>(State{std::move(jwk), *algorithm, key_id});
  if (state->key_id.empty()) state->key_id = text_of(state->jwk.get(), "kid");
  if (state->key_id.empty()) state->key_id = thumbprint(state->jwk.get());
  if (state->key_id.empty()) return Failure{"the key is damaged: its numbers cannot be read"};
  json_object_set_new(state->jwk.get(), "alg", json_string(std::string(word_of(*algorithm)).c_str()));
  json_object_set_new(state->jwk.get(), "kid", json_string(state->key_id.c_str()));
  return SigningKey(std::move(state));
}

SigningAlgorithm SigningKey::algorithm() const {
  return state_->algorithm;
}

const std::string& SigningKey::key_id() const {
  return state_->key_id;
}

std::string SigningKey::private_jwk() const {
  return dump(state_->jwk.get());
}

std::string SigningKey::public_jwks() const {
  const Json key(json_deep_copy(state_->jwk.get()));
  jose_jwk_pub(nullptr, key.get());
  // `use` and key_ops together must agree (RFC 7517, 4.3); authorization servers look for `use`.
  json_object_del(key.get(), "key_ops");
  json_object_set_new(key.get(), "use", json_string("sig"));
  const Json set(json_pack("{s:[O]}", "keys", key.get()));
  return dump(set.get());
}

Result<std::string> SigningKey::sign(std::string_view claims, const std::string& jwks_url) const {
  const Json jws(json_object());
  json_object_set_new(jws.get(), "payload", jose_b64_enc(claims.data(), claims.size()));
  const Json header(json_pack("{s:s,s:s,s:s}", "alg", std::string(word_of(state_->algorithm)).c_str(), "kid",
                              state_->key_id.c_str(), "typ", "JWT"));
  if (!jwks_url.empty()) json_object_set_new(header.get(), "jku", json_string(jwks_url.c_str()));
  const Json signature(json_pack("{s:O}", "protected", header.get()));
  if (!jose_jws_sig(nullptr, jws.get(), signature.get(), state_->jwk.get())) {
    return Failure{"the key cannot sign; is its file damaged?"};
  }
  return text_of(jws.get(), "protected") + "." + text_of(jws.get(), "payload") + "." + text_of(jws.get(), "signature");
}

}  // namespace authledger
