#include "server/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <mutex>
#include <optional>
#include <shared_mutex>

// Without this, cpprestsdk defines a macro U that breaks fmt's headers.
#define _TURN_OFF_PLATFORM_STRING
#include <cpprest/http_listener.h>
#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace authledger {
namespace {

using web::http::experimental::listener::http_listener;

constexpr int kFreePortTriesMax = 5;

struct ListenAddress {
  std::string host;
  uint16_t port = 0;
  std::string text() const { return fmt::format("{}:{}", host, port); }
};

bool is_loopback_host(const std::string& host) {
  if (host == "localhost") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

Result<ListenAddress> read_listen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  ListenAddress address;
  if (colon != std::string::npos) {
    address.host = listen.substr(0, colon);
    const char* end = listen.data() + listen.size();
    const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, address.port);
    if (error != std::errc() || stop != end) address.host.clear();
  }
  if (address.host.empty()) return Failure{fmt::format("server.listen must be ADDRESS:PORT, not \"{}\"", listen)};
  if (!is_loopback_host(address.host)) {
    return Failure{
        fmt::format("server.listen is {}, but authledger listens on loopback addresses only (127.0.0.1); put "
                    "nginx in front: authledger proxy-config nginx",
                    address.host)};
  }
  return address;
}

// Port 0 means "any free one", which cpprestsdk cannot do: the kernel is asked for one that is free now.
std::optional<uint16_t> free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (handle < 0) return std::nullopt;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = bind(handle, generic, size) == 0 && getsockname(handle, generic, &size) == 0;
  close(handle);
  return bound ? std::optional<uint16_t>(ntohs(address.sin_port)) : std::nullopt;
}

}  // namespace

ServerResponse error_response(int status, std::string_view message) {
  JsonWriter writer;
  writer.begin_object().member("error", message).end_object();
  return {status, "application/json", writer.take()};
}

struct HttpServer::State {
  struct DeferredRoute {
    size_t body_bytes_max;
    DeferredHandler handler;
  };

  std::unique_ptr<http_listener> listener;
  ListenAddress address;
  std::shared_mutex mutex;
  std::map<std::string, std::map<std::string, Handler>> routes;  // path → method → handler
  std::map<std::string, DeferredRoute> deferred;                 // prefix → route

  void answer(const web::http::http_request& message);
  ServerResponse respond(const ServerRequest& request, std::string& allowed);
  // Nothing when no prefix fits.
  std::optional<DeferredRoute> deferred_route(const std::string& path);
  void answer_deferred(const web::http::http_request& message, ServerRequest request, const DeferredRoute& route);
};

namespace {

ServerRequest read_request(const web::http::http_request& message) {
  ServerRequest request;
  request.method = message.method();
  request.path = web::uri::decode(message.relative_uri().path());
  for (const auto& [name, value] : web::uri::split_query(message.relative_uri().query())) {
    request.query[web::uri::decode(name)] = web::uri::decode(value);
  }
  for (const auto& [name, value] : message.headers()) request.headers[lower_case(name)] = value;
  return request;
}

void send_reply(const web::http::http_request& message, const ServerResponse& response, const std::string& allowed) {
  web::http::http_response reply(static_cast<web::http::status_code>(response.status));
  reply.set_body(response.body, response.content_type);
  reply.headers().add("Cache-Control", "no-store");
  reply.headers().add("X-Content-Type-Options", "nosniff");
  if (!allowed.empty()) reply.headers().add("Allow", allowed);
  for (const auto& [name, value] : response.headers) reply.headers().add(name, value);
  message.reply(reply).then([](const pplx::task<void>& sent) {
    try {
      sent.get();
    } catch (const std::exception& error) {
      log_debug("reply_not_sent", {{"cause", error.what()}});  // The client went away.
    }
  });
}

// cpprestsdk has no body limit of its own: a body that does not say its length is not read.
std::optional<ServerResponse> refuse_body(const ServerRequest& request, size_t body_bytes_max) {
  if (request.headers.contains("transfer-encoding")) return error_response(411, "send the body with a Content-Length");
  const auto length = request.headers.find("content-length");
  if (length == request.headers.end()) return std::nullopt;
  size_t bytes = 0;
  const char* end = length->second.data() + length->second.size();
  const auto [stop, error] = std::from_chars(length->second.data(), end, bytes);
  if (error != std::errc() || stop != end) return error_response(400, "Content-Length is no number");
  if (bytes > body_bytes_max) return error_response(413, fmt::format("a body has at most {} bytes", body_bytes_max));
  return std::nullopt;
}

}  // namespace

std::optional<HttpServer::State::DeferredRoute> HttpServer::State::deferred_route(const std::string& path) {
  const std::shared_lock lock(mutex);
  for (const auto& [prefix, route] : deferred) {
    if (path.starts_with(prefix)) return route;
  }
  return std::nullopt;
}

void HttpServer::State::answer_deferred(const web::http::http_request& message, ServerRequest request,
                                        const DeferredRoute& route) {
  if (const auto refusal = refuse_body(request, route.body_bytes_max)) return send_reply(message, *refusal, "");
  web::http::http_request received = message;
  received.extract_vector().then([received, request = std::move(request), handler = route.handler](
                                     const pplx::task<std::vector<unsigned char>>& reading) mutable {
    try {
      const std::vector<unsigned char> body = reading.get();
      request.body.assign(body.begin(), body.end());
      handler(request, [received](const ServerResponse& response) { send_reply(received, response, ""); });
    } catch (const std::exception& error) {
      log_error("handler_failed", {{"cause", error.what()}});
      send_reply(received, error_response(500, "internal error"), "");
    }
  });
}

ServerResponse HttpServer::State::respond(const ServerRequest& request, std::string& allowed) {
  Handler handler;
  {
    const std::shared_lock lock(mutex);
    const auto methods = routes.find(request.path);
    if (methods == routes.end()) return error_response(404, "no such page");
    const auto found = methods->second.find(request.method);
    if (found == methods->second.end()) {
      for (const auto& [method, unused] : methods->second) allowed += (allowed.empty() ? "" : ", ") + method;
      return error_response(405, "this page does not take that method");
    }
    handler = found->second;
  }
  return handler(request);
}

void HttpServer::State::answer(const web::http::http_request& message) {
  ServerResponse response;
  std::string allowed;
  try {
    ServerRequest request = read_request(message);
    if (const auto route = deferred_route(request.path)) return answer_deferred(message, std::move(request), *route);
    response = respond(request, allowed);
  } catch (const web::uri_exception&) {
    response = error_response(400, "the URL cannot be read");
  } catch (const std::exception& error) {
    // cpprestsdk would drop the request without an answer.
    log_error("handler_failed", {{"cause", error.what()}});
    response = error_response(500, "internal error");
  }
  send_reply(message, response, allowed);
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  try {
    state_->listener->close().wait();
  } catch (const std::exception& error) {
    log_warning("http_server_close_failed", {{"cause", error.what()}});
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& listen) {
  const auto wanted = read_listen(listen);
  if (!wanted) return wanted.error();
  std::string cause = "no free port";
  for (int attempt = 0; attempt < kFreePortTriesMax; ++attempt) {
    auto state = std::make_unique<State>();
    state->address = *wanted;
    if (wanted->port == 0) state->address.port = free_port().value_or(0);
    if (state->address.port == 0) break;
    try {
      state->listener = std::make_unique<http_listener>(web::uri("http://" + state->address.text()));
      State* shared = state.get();
      state->listener->support([shared](const web::http::http_request& message) { shared->answer(message); });
      state->listener->open().wait();
      return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
    } catch (const std::exception& error) {
      cause = error.what();
    }
    if (wanted->port != 0) break;
  }
  return Failure{fmt::format("cannot listen on {}: {}", listen, cause)};
}

void HttpServer::route(const std::string& method, const std::string& path, Handler handler) {
  const std::unique_lock lock(state_->mutex);
  state_->routes[path][method] = std::move(handler);
}

void HttpServer::route_below(const std::string& prefix, size_t body_bytes_max, DeferredHandler handler) {
  const std::unique_lock lock(state_->mutex);
  state_->deferred[prefix] = {body_bytes_max, std::move(handler)};
}

std::string HttpServer::address() const {
  return state_->address.text();
}

}  // namespace authledger
