#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "fhir/http.h"

// The one door to libcurl. HTTP/1.1 and 2, gzip, keep-alive, verified TLS 1.2 or later, no redirects, http and https
// only.

namespace authledger {

struct HttpOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  // The whole exchange; of a file, which takes as long as it comes, until its first byte.
  std::chrono::milliseconds request_timeout{60'000};
  size_t body_bytes_max = size_t{64} << 20;  // Of the decoded body: a gzip bomb ends here.
  std::string ca_file;                       // PEM; empty = the system's authorities.
  std::string client_certificate_file;       // Mutual TLS, both PEM; shown to a server that asks for it.
  std::string client_key_file;
  std::string proxy;  // URL, "none", or empty: the environment's (https_proxy, no_proxy), as every libcurl program.
  // A body that has begun and then brings less than this is given up as slow. A server may think before its first byte,
  // for as long as request_timeout.
  size_t body_bytes_per_second_min = 100;
  std::chrono::seconds slow_window{20};
};

// One client for one thread. `stop` ends a running transfer within about a second.
// Errors: a file of the options that is not there.
Result<std::unique_ptr<HttpClient>> open_http_client(const HttpOptions& options, std::stop_token stop);

}  // namespace authledger
