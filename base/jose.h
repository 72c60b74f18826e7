#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

// The one door to libjose: the key that signs client assertions. Source: RFC 7515, 7517, 7518, 7638; SMART App Launch 2
// ("Backend Services" and "Client Authentication: Asymmetric") asks for RS384 or ES384.

namespace authledger {

enum class SigningAlgorithm { rs384, es384 };
std::string_view word_of(SigningAlgorithm algorithm);  // "RS384", "ES384"

// A private key. Immutable; movable. Nothing that it returns but private_jwk() holds private material.
class SigningKey {
 public:
  // RSA of 3072 bits or EC P-384; its `kid` is the RFC 7638 thumbprint.
  static Result<SigningKey> generate(SigningAlgorithm algorithm);

  // From a private JWK, a JWK Set with exactly one private key, or a PEM (PKCS #8, PKCS #1, SEC 1; not encrypted).
  // `key_id` replaces the key's own `kid`; without either the thumbprint stands in.
  // Errors: no such key, a public key, RSA below 2048 bits, a curve other than P-384; never with key material.
  static Result<SigningKey> read(std::string_view text, const std::string& key_id);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  SigningAlgorithm algorithm() const;
  const std::string& key_id() const;
  std::string private_jwk() const;  // JSON, for a file that only its owner reads.
  std::string public_jwks() const;  // {"keys":[…]} to register with an authorization server.

  // A compact JWS over `claims` (JSON text) with alg, kid, typ=JWT and, unless it is empty, jku.
  Result<std::string> sign(std::string_view claims, const std::string& jwks_url) const;

 private:
  struct State;
  explicit SigningKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
