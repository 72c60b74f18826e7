#include "base/crypto.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/check.h"

namespace authledger {
namespace {

void append_big_endian(std::string& bytes, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>((number >> shift) & 0xFF));
}

std::string hex_of(const uint8_t* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (size_t i = 0; i < count; ++i) {
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 15]);
  }
  return text;
}

}  // namespace

Hash sha256(std::string_view bytes) {
  Hash hash{};
  unsigned int size = 0;
  int done = EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr);
  AUTHLEDGER_CHECK(done == 1 && size == hash.size());
  return hash;
}

std::string to_hex(const Hash& hash) {
  return hex_of(hash.data(), hash.size());
}

std::string_view bytes_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

HashInput& HashInput::add(std::string_view bytes) {
  append_big_endian(bytes_, bytes.size());
  bytes_.append(bytes);
  return *this;
}

HashInput& HashInput::add(int64_t number) {
  append_big_endian(bytes_, static_cast<uint64_t>(number));
  return *this;
}

Hash HashInput::sha256() const {
  return authledger::sha256(bytes_);
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

std::string random_hex(size_t byte_count) {
  std::string bytes(byte_count, '\0');
  AUTHLEDGER_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(byte_count)) == 1);
  return hex_of(reinterpret_cast<const uint8_t*>(bytes.data()), byte_count);
}

}  // namespace authledger
