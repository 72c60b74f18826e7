#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "config/config.h"
#include "config/read_endpoint.h"

namespace authledger {
namespace {

constexpr size_t kSecretBytesMax = 64 << 10;

}  // namespace

Result<std::string> read_secret(const std::string& secret_file, const std::string& secret_env,
                                const std::string& folder) {
  std::string secret;
  std::string source;
  if (!secret_file.empty()) {
    std::string path = path_below(folder, secret_file);
    source = "the file " + path;
    std::ifstream file(path, std::ios::binary);
    if (!file) return Failure{fmt::format("cannot read {}: does it exist, and may this user read it?", source)};
    secret.resize(kSecretBytesMax + 1);
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    if (file.bad()) return Failure{fmt::format("cannot read {}", source)};
    secret.resize(static_cast<size_t>(file.gcount()));
    if (secret.size() > kSecretBytesMax) return Failure{fmt::format("{} is too long for a secret", source)};
  } else if (!secret_env.empty()) {
    source = "the environment variable " + secret_env;
    // Nothing in this program sets the environment, so that reading it from several threads is safe.
    const char* value = std::getenv(secret_env.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return Failure{fmt::format("{} is not set", source)};
    secret = value;
  } else {
    return Failure{"no secret is named: set secret_file or secret_env"};
  }
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return Failure{fmt::format("{} is empty", source)};
  return secret;
}

}  // namespace authledger
