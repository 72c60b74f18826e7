#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cmd/commands.h"
#include "server/health.h"

namespace authledger {
namespace {

// The values stand unquoted in nginx's file: what could end a directive there is refused.
std::string plain_word(const std::string& text) {
  return text.empty() || text.find_first_of(" \t\r\n;{}\"'#$\\") != std::string::npos ? "must be one plain word"
                                                                                      : std::string();
}

}  // namespace

void add_proxy_config_command(CommandLine line) {
  CLI::App* proxy =
      line.app.add_subcommand("proxy-config", "Print the configuration of the web server that stands in front");
  proxy->require_subcommand(1);
  CLI::App* nginx = proxy->add_subcommand("nginx", "A hardened nginx front: TLS, limits, timeouts, strict framing");
  auto front =
      std::make_shared<NginxFront>();  // Shared: CLI11 fills it, and `run` reads it after this function has ended.
  front->listen = "127.0.0.1:8089";
  front->server_name = "authledger.example";
  const CLI::Validator word(plain_word, "WORD");
  nginx->add_option("--listen", front->listen, "authledger's own address (server.listen)")
      ->capture_default_str()
      ->check(word);
  nginx->add_option("--server-name", front->server_name, "The name that users type")
      ->capture_default_str()
      ->check(word);
  nginx->add_option("--certificate", front->certificate, "PEM file with the certificate chain")
      ->capture_default_str()
      ->check(word);
  nginx->add_option("--certificate-key", front->certificate_key, "PEM file with its key")
      ->capture_default_str()
      ->check(word);
  nginx->add_option("--port", front->port, "Port of the front")->capture_default_str()->check(CLI::Range(1, 65535));
  nginx->callback([&run = line.run, front] {
    run = [front] {
      std::cout << nginx_config(*front);
      return static_cast<int>(kExitDone);
    };
  });
}

}  // namespace authledger
