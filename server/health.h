#pragma once

#include <memory>
#include <string>

#include "server/http_server.h"

namespace authledger {

// What the loop tells the health pages. Thread-safe.
class ServerHealth {
 public:
  ServerHealth();
  ~ServerHealth();
  void set_database_ok(bool ok);
  void set_last_round(int64_t unix_seconds, bool ok, double seconds);
  void set_feed_age(const std::string& feed, double seconds);  // Feed is "endpoint/Type".
  void set_subjects(int64_t total, int64_t due, int64_t parked);
  void add_pulled(const std::string& resource_type, int64_t count);
  void add_facts(const std::string& outcome, int64_t count);    // new, unchanged, retracted, quarantined
  void add_notices(const std::string& outcome, int64_t count);  // created, updated, retired, parked
  void set_notices_held(int64_t count);
  void set_notices_undeliverable(int64_t count);
  void add_entries(int64_t count);
  void add_requests(const std::string& endpoint, int64_t count);

  bool is_ready(std::string& why_not) const;
  std::string prometheus_text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// GET /health/live, /health/ready, /metrics.
void add_health_routes(HttpServer& server, ServerHealth& state);

// The hardened nginx front: TLS, body and header limits, timeouts, strict framing. A file for nginx's http context
// (/etc/nginx/conf.d). /metrics is left out: Prometheus reads it on the loopback address.
struct NginxFront {
  std::string listen;  // authledger's own address, "127.0.0.1:8089".
  std::string server_name;
  std::string certificate = "/etc/authledger/tls/server.crt";  // PEM, with intermediates.
  std::string certificate_key = "/etc/authledger/tls/server.key";
  int port = 443;
};
std::string nginx_config(const NginxFront& front);
std::string nginx_config(const std::string& listen, const std::string& server_name);

}  // namespace authledger
