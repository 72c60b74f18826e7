#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/day.h"
#include "base/result.h"

// The one door to OpenSSL outside of what libcurl and cpprestsdk use by themselves.

namespace authledger {

using Hash = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4).
Hash sha256(std::string_view bytes);
// SHA-1 (FIPS 180-4), 20 bytes: only where a standard asks for it (FHIR Attachment.hash).
std::string sha1(std::string_view bytes);
std::string to_hex(const Hash& hash);
std::optional<Hash> hash_from_hex(std::string_view text);
std::string_view bytes_of(const Hash& hash);

// Builds the bytes that a hash covers: every field carries its length, so that no two records share their bytes.
class HashInput {
 public:
  HashInput& add(std::string_view bytes);
  HashInput& add(int64_t number);  // Eight bytes, big-endian.
  Hash sha256() const;
  void clear() { bytes_.clear(); }  // Keeps the memory for the next record.
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// RFC 4648, section 4 (with padding).
std::string base64(std::string_view bytes);
// Blanks between the characters, as FHIR's base64Binary allows them, are passed over. Errors → nullopt.
std::optional<std::string> from_base64(std::string_view text);
// RFC 4648, section 5 (URL-safe), padding left out or not. Errors → nullopt.
std::optional<std::string> from_base64url(std::string_view text);
// From the system's random source.
std::string random_hex(size_t byte_count);

// Whether `signature` over `bytes` is that of the public key. Source: RFC 7518, 3.3 and 3.4 (ES384: r and s of 48 bytes
// each). Numbers are big-endian, as in a JWK after base64url. False for a key that is none.
bool verify_rs384(std::string_view modulus, std::string_view exponent, std::string_view bytes,
                  std::string_view signature);
bool verify_es384(std::string_view x, std::string_view y, std::string_view bytes, std::string_view signature);

// When the first certificate of a PEM ends to be valid. Errors: no certificate.
Result<Instant> certificate_end(std::string_view pem);

}  // namespace authledger
