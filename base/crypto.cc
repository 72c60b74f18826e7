#include "base/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <charconv>
#include <ctime>
#include <memory>

#include "base/check.h"
#include "base/running_hash.h"

namespace authledger {
namespace {

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

template <auto release>
struct Releaser {
  template <typename T>
  void operator()(T* handle) const {
    release(handle);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Releaser<&EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Releaser<&BN_free>>;

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(unsigned_bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

Key key_of(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, Releaser<&OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder));
  const std::unique_ptr<EVP_PKEY_CTX, Releaser<&EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

bool verify_sha384(EVP_PKEY* key, std::string_view bytes, const unsigned char* signature, size_t signature_bytes) {
  const std::unique_ptr<EVP_MD_CTX, Releaser<&EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature, signature_bytes, unsigned_bytes(bytes), bytes.size()) == 1;
}

using Digest = std::unique_ptr<EVP_MD, Releaser<&EVP_MD_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releaser<&EVP_MD_CTX_free>>;

// OpenSSL 3 looks an algorithm up by name, under locks, whenever EVP_sha256() is used; that takes longer than hashing a
// journal entry. Looked up once a thread, and its context is used again.
class Sha256 {
 public:
  Sha256() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    AUTHLEDGER_CHECK(algorithm_ && context_);
  }
  Hash hash(std::string_view bytes) {
    Hash hash{};
    unsigned int size = 0;
    AUTHLEDGER_CHECK(EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
                     EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 &&
                     EVP_DigestFinal_ex(context_.get(), hash.data(), &size) == 1 && size == hash.size());
    return hash;
  }

 private:
  Digest algorithm_;
  DigestContext context_;
};

}  // namespace

struct RunningHash::State {
  Digest digest;
  DigestContext context;
};

RunningHash::RunningHash(const char* algorithm) : state_(std::make_unique<State>()) {
  state_->digest.reset(EVP_MD_fetch(nullptr, algorithm, nullptr));
  state_->context.reset(EVP_MD_CTX_new());
  AUTHLEDGER_CHECK(state_->digest && EVP_DigestInit_ex2(state_->context.get(), state_->digest.get(), nullptr) == 1);
}
RunningHash::RunningHash(RunningHash&&) noexcept = default;
RunningHash::~RunningHash() = default;

void RunningHash::add(std::string_view bytes) {
  AUTHLEDGER_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string RunningHash::finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  AUTHLEDGER_CHECK(EVP_DigestFinal_ex(state_->context.get(), bytes, &count) == 1);
  AUTHLEDGER_CHECK(EVP_DigestInit_ex2(state_->context.get(), state_->digest.get(), nullptr) == 1);
  return std::string(reinterpret_cast<const char*>(bytes), count);
}

Hash sha256(std::string_view bytes) {
  static thread_local Sha256 hasher;
  return hasher.hash(bytes);
}

std::string sha1(std::string_view bytes) {
  std::string digest(20, '\0');
  unsigned int size = 0;
  const int is_made = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                                 EVP_sha1(), nullptr);
  AUTHLEDGER_CHECK(is_made == 1 && size == digest.size());
  return digest;
}

std::string to_hex(const Hash& hash) {
  return hex_of(hash.data(), hash.size());
}

std::string_view bytes_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::optional<Hash> hash_from_hex(std::string_view text) {
  Hash hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (size_t i = 0; i < hash.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, hash[i], 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
  }
  return hash;
}

HashInput& HashInput::add(std::string_view bytes) {
  add(static_cast<int64_t>(bytes.size()));
  bytes_.append(bytes);
  return *this;
}

HashInput& HashInput::add(int64_t number) {
  // One store of eight bytes, whatever the processor's own order is.
  char text[8];
  for (size_t i = 0; i < sizeof text; ++i)
    text[i] = static_cast<char>(static_cast<uint64_t>(number) >> (56 - 8 * i) & 0xFF);
  bytes_.append(text, sizeof text);
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

std::optional<std::string> from_base64(std::string_view text) {
  std::string url_safe;
  url_safe.reserve(text.size());
  for (const char c : text) {
    if (c == '-' || c == '_') return std::nullopt;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    url_safe.push_back(c == '+' ? '-' : c == '/' ? '_' : c);
  }
  return from_base64url(url_safe);
}

std::optional<std::string> from_base64url(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<uint32_t>(c - '0') + 52;
    } else if (c == '-' || c == '_') {
      value = c == '-' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    bits = (bits << 6) | value;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>((bits >> bit_count) & 0xFF));
  }
  if (text.size() % 4 == 1) return std::nullopt;
  return bytes;
}

bool verify_rs384(std::string_view modulus, std::string_view exponent, std::string_view bytes,
                  std::string_view signature) {
  const std::unique_ptr<OSSL_PARAM_BLD, Releaser<&OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  const Number n = number_of(modulus), e = number_of(exponent);
  AUTHLEDGER_CHECK(builder && n && e && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                   OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Key key = key_of("RSA", builder.get());
  return key && verify_sha384(key.get(), bytes, unsigned_bytes(signature), signature.size());
}

bool verify_es384(std::string_view x, std::string_view y, std::string_view bytes, std::string_view signature) {
  constexpr size_t kCoordinateBytes = 48;
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes || signature.size() != 2 * kCoordinateBytes) {
    return false;
  }
  const std::unique_ptr<OSSL_PARAM_BLD, Releaser<&OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  const std::string point = "\x04" + std::string(x) + std::string(y);  // SEC 1, 2.3.3: uncompressed.
  AUTHLEDGER_CHECK(
      builder && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1);
  const Key key = key_of("EC", builder.get());
  if (!key) return false;
  const std::unique_ptr<ECDSA_SIG, Releaser<&ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  Number r = number_of(signature.substr(0, kCoordinateBytes)), s = number_of(signature.substr(kCoordinateBytes));
  // The pair owns both numbers from here on.
  AUTHLEDGER_CHECK(pair && r && s && ECDSA_SIG_set0(pair.get(), r.release(), s.release()) == 1);
  unsigned char* der = nullptr;
  const int der_bytes = i2d_ECDSA_SIG(pair.get(), &der);
  const bool is_valid = der_bytes > 0 && verify_sha384(key.get(), bytes, der, static_cast<size_t>(der_bytes));
  OPENSSL_free(der);
  return is_valid;
}

Result<Instant> certificate_end(std::string_view pem) {
  const std::unique_ptr<BIO, Releaser<&BIO_free_all>> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, Releaser<&X509_free>> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  std::tm parts{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) {
    return Failure{"there is no certificate in the file; it should be PEM and start with -----BEGIN CERTIFICATE"};
  }
  return Instant(std::chrono::seconds(timegm(&parts)));
}

std::string random_hex(size_t byte_count) {
  std::string bytes(byte_count, '\0');
  AUTHLEDGER_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(byte_count)) == 1);
  return hex_of(reinterpret_cast<const uint8_t*>(bytes.data()), byte_count);
}

}  // namespace authledger
