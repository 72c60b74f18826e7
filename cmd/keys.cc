#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>

#include "base/jose.h"
#include "cmd/commands.h"

namespace authledger {
namespace {

struct KeysOptions {
  std::string algorithm = "RS384", out = "authledger-key.jwk", file, key_id;
};

int fail(const std::string& message) {
  fmt::print(stderr, "authledger keys: {}\n", message);
  return kExitBadUsage;
}

// Never overwrites: whoever loses a registered key loses access until the EHR's administrator registers another.
Outcome write_private(const std::string& file, const std::string& text) {
  const int handle = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (handle < 0) {
    return Failure{errno == EEXIST
                       ? fmt::format("{} is there already and is not overwritten: name another file with --out", file)
                       : fmt::format("cannot write {}: {}", file, std::generic_category().message(errno))};
  }
  const bool is_written = fchmod(handle, S_IRUSR | S_IWUSR) == 0 &&
                          write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                          fsync(handle) == 0;
  close(handle);
  if (is_written) return Done{};
  unlink(file.c_str());
  return Failure{fmt::format("cannot write {}", file)};
}

void print_next_steps(const KeysOptions& options, const SigningKey& key) {
  fmt::print(stderr,
             "\nThe private key is in {} (only you can read it; keep it out of backups that others read).\n"
             "The line above is the public key set. What to do next:\n"
             "  1. Register authledger with the EHR as a backend app (system-to-system, client credentials) and give\n"
             "     it this key set: paste it, upload it, or publish it at an https URL and register that (then also\n"
             "     write auth.jwks_url). Key id: {}, algorithm: {}.\n"
             "  2. Write into the endpoint of authledger.yaml, with the client_id that the registration gives:\n"
             "       auth: {{kind: smart_backend, client_id: CLIENT_ID, secret_file: {}}}\n"
             "  3. authledger probe shows whether the EHR takes it, and what authledger will do there.\n",
             options.out, key.key_id(), word_of(key.algorithm()), options.out);
}

int make_key(const KeysOptions& options) {
  const auto key =
      SigningKey::generate(options.algorithm == "ES384" ? SigningAlgorithm::es384 : SigningAlgorithm::rs384);
  if (!key) return fail(key.error().message);
  if (const Outcome written = write_private(options.out, key->private_jwk() + "\n"); !written) {
    return fail(written.error().message);
  }
  fmt::print("{}\n", key->public_jwks());
  std::fflush(stdout);
  print_next_steps(options, *key);
  return kExitDone;
}

int show_key(const KeysOptions& options) {
  std::ifstream in(options.file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail("cannot read " + options.file);
  const auto key = SigningKey::read(text.str(), options.key_id);
  if (!key) return fail(fmt::format("{}: {}", options.file, key.error().message));
  fmt::print("{}\n", key->public_jwks());
  return kExitDone;
}

}  // namespace

void add_keys_command(CommandLine line) {
  auto options = std::make_shared<KeysOptions>();  // Shared by the parser and the run that follows it.
  CLI::App* keys = line.app.add_subcommand("keys", "Keys for SMART Backend Services (auth kind smart_backend)");
  keys->require_subcommand(1);
  CLI::App* make = keys->add_subcommand("new", "Make a private key; print the public key set to register");
  make->add_option("--alg", options->algorithm, "RS384 (every EHR takes it) or ES384")
      ->capture_default_str()
      ->check(CLI::IsMember({"RS384", "ES384"}));
  make->add_option("--out", options->out, "Where the private key goes; never overwritten")->capture_default_str();
  make->callback([line, options] { line.run = [options] { return make_key(*options); }; });
  CLI::App* show = keys->add_subcommand("show", "Print the public key set of a private key (JWK or PEM)");
  show->add_option("FILE", options->file, "The private key")->required();
  show->add_option("--key-id", options->key_id, "The kid, when the config's auth.key_id names one");
  show->callback([line, options] { line.run = [options] { return show_key(*options); }; });
}

}  // namespace authledger
