#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

// The one door to cpprestsdk's listener outside the sandbox. It is archived upstream and knows neither body limits nor
// slow clients: bodies that nobody asked for are dropped here, it binds loopback addresses only, and handlers never
// wait. nginx stands in front (proxy-config nginx): headers without an end, a connection that says nothing, a body
// under a URL that cannot be decoded, and a huge chunk from who was admitted are kept off there alone.

namespace authledger {

struct ServerRequest {
  std::string method, path;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;                            // Of routes that take one.
};

struct ServerResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers = {};  // Beside those that every answer has.
};

// {"error": message}, as every page refuses.
ServerResponse error_response(int status, std::string_view message);
// 405; `allowed` is what stands in Allow, "POST, PUT".
ServerResponse method_refusal(std::string_view allowed);

class HttpServer {
 public:
  using Handler = std::function<ServerResponse(const ServerRequest&)>;
  // Answers one request, once, from any thread, also after the handler has returned.
  using Reply = std::function<void(const ServerResponse&)>;
  using DeferredHandler = std::function<void(const ServerRequest&, Reply)>;
  // Looks at a request before its body is read; what it returns is the answer, and the body is not taken.
  using Admission = std::function<std::optional<ServerResponse>(const ServerRequest&)>;

  // `listen` is "127.0.0.1:8089" or "localhost:0"; anything that is not loopback is refused, and so is [::1], which
  // cpprestsdk cannot listen on. Port 0 takes a free one. One server for one address in a process.
  static Result<std::unique_ptr<HttpServer>> start(const std::string& listen);
  ~HttpServer();

  // Handlers must not wait: they answer from memory. Register before traffic; thread-safe handlers only. What they need
  // must live until the server has ended. A route for GET answers HEAD too; bodies are dropped.
  void route(const std::string& method, const std::string& path, Handler handler);
  // Every method and path that begins with `prefix` and that `admit` lets in, with its body of at most `body_bytes_max`
  // bytes.
  void route_below(const std::string& prefix, size_t body_bytes_max, Admission admit, DeferredHandler handler);
  std::string address() const;  // "127.0.0.1:8089"

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
