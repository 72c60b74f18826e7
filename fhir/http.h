#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

// One HTTP exchange, without knowledge of FHIR. fhir/http_curl implements it with libcurl; tests of faults use a real
// server, not another implementation.

namespace authledger {

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case; the last value of a repeated header.
  std::string body;                            // Decoded (gzip, deflate).

  std::string header(const std::string& lower_case_name) const;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // Absolute.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool is_identity = false;  // The body is wanted as it is, not compressed: a range of it is asked for.
  // When set: gets the decoded body of a 200 or 206 piece by piece, in place of HttpResponse::body, without a limit of
  // size or of the whole time, as long as it comes; false ends the transfer. Must not throw. `head`: status and
  // headers.
  std::function<bool(const HttpResponse& head, std::string_view bytes)> take_body = {};
};

enum class HttpErrorKind { cannot_connect, timeout, interrupted, too_large, tls, stopped, refused };

struct HttpError {
  HttpErrorKind kind = HttpErrorKind::cannot_connect;
  std::string message;  // Names host and cause, never a query (it may name a patient) or a header.
  // True when the server may have acted on the request although no whole answer came: never repeat a POST blindly.
  bool may_have_been_processed = false;
};

// Not thread-safe: one client a worker thread. Redirects are never followed by the client itself.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse, HttpError> send(const HttpRequest& request) = 0;
};

}  // namespace authledger
