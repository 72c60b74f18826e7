#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

// The one door to cpprestsdk's listener outside the sandbox. It is archived upstream and knows neither body limits nor
// slow clients: it binds loopback addresses only, and handlers never wait. nginx stands in front (proxy-config nginx).

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

class HttpServer {
 public:
  using Handler = std::function<ServerResponse(const ServerRequest&)>;
  // Answers one request, once, from any thread, also after the handler has returned.
  using Reply = std::function<void(const ServerResponse&)>;
  using DeferredHandler = std::function<void(const ServerRequest&, Reply)>;

  // `listen` is "127.0.0.1:8089" or "localhost:0"; anything that is not loopback is refused, and so is [::1], which
  // cpprestsdk cannot listen on. Port 0 takes a free one. One server for one address in a process.
  static Result<std::unique_ptr<HttpServer>> start(const std::string& listen);
  ~HttpServer();

  // Handlers must not wait: they answer from memory. Register before traffic; thread-safe handlers only.
  void route(const std::string& method, const std::string& path, Handler handler);
  // Every method and path that begins with `prefix`, with its body of at most `body_bytes_max` bytes. What the handler
  // needs must live until the server has ended.
  void route_below(const std::string& prefix, size_t body_bytes_max, DeferredHandler handler);
  std::string address() const;  // "127.0.0.1:8089"

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
