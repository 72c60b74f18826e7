#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// The one door to OpenSSL outside of what libcurl and cpprestsdk use by themselves.

namespace authledger {

using Hash = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4).
Hash sha256(std::string_view bytes);
std::string to_hex(const Hash& hash);
std::string_view bytes_of(const Hash& hash);

// Builds the bytes that a hash covers: every field carries its length, so that no two records share their bytes.
class HashInput {
 public:
  HashInput& add(std::string_view bytes);
  HashInput& add(int64_t number);  // Eight bytes, big-endian.
  Hash sha256() const;
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// RFC 4648, section 4 (with padding).
std::string base64(std::string_view bytes);
// From the system's random source.
std::string random_hex(size_t byte_count);

}  // namespace authledger
