#include "server/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

// Without this, cpprestsdk defines a macro U that breaks fmt's headers.
#define _TURN_OFF_PLATFORM_STRING
#include <cpprest/http_listener.h>
#include <fmt/format.h>
#include <pplx/threadpool.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace authledger {
namespace {

using web::http::experimental::listener::http_listener;

constexpr int kFreePortTriesMax = 5;
// How long the sender of a body that nobody reads may go on before it is cut off.
constexpr std::chrono::seconds kUnreadBodyPatience{1};

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

ServerResponse method_refusal(std::string_view allowed) {
  ServerResponse response = error_response(405, "this page does not take that method");
  response.headers["Allow"] = allowed;
  return response;
}

struct HttpServer::State {
  struct BodyRoute {
    std::string prefix;
    size_t body_bytes_max;
    Admission admit;
    DeferredHandler handler;
  };

  std::unique_ptr<http_listener> listener;
  ListenAddress address;
  std::shared_mutex mutex;
  std::map<std::string, std::map<std::string, Handler>> routes;  // path → method → handler
  std::vector<BodyRoute> body_routes;

  // Bodies that are being read: their handlers run on cpprestsdk's threads, also while the listener closes.
  std::mutex reading_mutex;
  std::condition_variable all_read;
  int reading = 0;

  void answer(const web::http::http_request& message);
  ServerResponse respond(const ServerRequest& request);
  // Nothing when no prefix fits.
  std::optional<BodyRoute> body_route(const std::string& path);
  void answer_with_body(const web::http::http_request& message, ServerRequest request, const BodyRoute& route);
  void take_body(const web::http::http_request& message, ServerRequest request, const BodyRoute& route,
                 const pplx::task<std::optional<std::string>>& read);
};

namespace {

using web::http::http_request;

ServerRequest read_request(const http_request& message) {
  ServerRequest request;
  request.method = message.method();
  request.path = web::uri::decode(message.relative_uri().path());
  for (const auto& [name, value] : web::uri::split_query(message.relative_uri().query())) {
    request.query[web::uri::decode(name)] = web::uri::decode(value);
  }
  for (const auto& [name, value] : message.headers()) request.headers[lower_case(name)] = value;
  return request;
}

void send_reply(const http_request& message, const ServerResponse& response) {
  web::http::http_response reply(static_cast<web::http::status_code>(response.status));
  // What follows the headers of an answer to HEAD would be read as the next answer.
  if (message.method() == "HEAD") {
    reply.headers().set_content_type(response.content_type);
  } else {
    reply.set_body(response.body, response.content_type);
  }
  reply.headers().add("Cache-Control", "no-store");
  reply.headers().add("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) reply.headers().add(name, value);
  try {
    message.reply(reply).then([](const pplx::task<void>& sent) {
      try {
        sent.get();
      } catch (const std::exception& error) {
        log_debug("reply_not_sent", {{"cause", error.what()}});  // The client went away.
      }
    });
  } catch (const std::exception& error) {
    log_debug("reply_not_sent", {{"cause", error.what()}});  // The server closed the connection before.
  }
}

bool is_chunked(const http_request& message) {
  return message.headers().has("Transfer-Encoding");
}

bool has_body(const http_request& message) {
  const auto length = message.headers().find("Content-Length");
  return is_chunked(message) || (length != message.headers().end() && length->second != "0");
}

// Ends the body here, whatever still comes. cpprestsdk sends an answer only then; it must close the connection.
void cut_body(const http_request& message) {
  const auto why = std::make_exception_ptr(web::http::http_exception("the body is not read"));
  // Closed without a reason, cpprestsdk would try the same bytes again and again.
  message._get_impl()->outstream().close(why);
  message._get_impl()->_complete(0, why);
}

// Answers a request whose body nobody wants: cpprestsdk would read and keep it all before it answers. One that ends
// soon is dropped as it comes, since a connection that is closed before may take the answer along. Not waited for are
// chunks, which cpprestsdk holds until they are whole, however long they say they are, and who asks before sending
// (Expect).
void answer_unread(const http_request& message, ServerResponse response) {
  if (!has_body(message)) return send_reply(message, response);
  response.headers["Connection"] = "close";
  message.body().close();
  send_reply(message, response);
  if (is_chunked(message) || message.headers().has("Expect")) return cut_body(message);
  auto& service = crossplat::threadpool::shared_instance().service();
  // Shared, since it must live until it has gone off.
  auto timer = std::make_shared<boost::asio::steady_timer>(service, kUnreadBodyPatience);
  timer->async_wait([timer, message](const boost::system::error_code&) { cut_body(message); });
}

void refuse_logged(const http_request& message, const std::string& prefix, const ServerResponse& refusal) {
  log_warning("body_refused", {{"below", prefix}, {"status", refusal.status}, {"answer", refusal.body}});
  answer_unread(message, refusal);
}

ServerResponse too_long(size_t body_bytes_max) {
  return error_response(413, fmt::format("a body has at most {} bytes", body_bytes_max));
}

// What may be wrong with a body before any of it is read.
std::optional<ServerResponse> refuse_body(const ServerRequest& request, size_t body_bytes_max) {
  const auto encoding = request.headers.find("transfer-encoding");
  const auto length = request.headers.find("content-length");
  if (encoding != request.headers.end()) {
    if (lower_case(encoding->second) != "chunked") return error_response(501, "send the body whole, or chunked");
    if (length == request.headers.end()) return std::nullopt;
    return error_response(400, "send Content-Length or Transfer-Encoding, not both");
  }
  if (length == request.headers.end()) return std::nullopt;
  size_t bytes = 0;
  const char* end = length->second.data() + length->second.size();
  const auto [stop, error] = std::from_chars(length->second.data(), end, bytes);
  if (error != std::errc() || stop != end) return error_response(400, "Content-Length is no number");
  if (bytes > body_bytes_max) return too_long(body_bytes_max);
  return std::nullopt;
}

// The body, or nothing when it has more than `bytes_max` bytes. Throws, by the task, when its sender goes away.
pplx::task<std::optional<std::string>> read_body(const http_request& message, size_t bytes_max) {
  const auto length = message.headers().find("Content-Length");
  const size_t bytes = length == message.headers().end() ? 0 : std::stoull(length->second);
  // Of a chunked one a byte more than may be is asked for, which comes only when it is too long.
  auto body = std::make_shared<std::string>(is_chunked(message) ? bytes_max + 1 : bytes, '\0');  // Outlives the read.
  auto* start = reinterpret_cast<unsigned char*>(body->data());
  return message.body().streambuf().getn(start, body->size()).then([message, body, bytes_max](size_t read) {
    if (read > bytes_max) return pplx::task_from_result(std::optional<std::string>());
    body->resize(read);
    return message.content_ready().then([body](const http_request&) { return std::optional(std::move(*body)); });
  });
}

}  // namespace

std::optional<HttpServer::State::BodyRoute> HttpServer::State::body_route(const std::string& path) {
  const std::shared_lock lock(mutex);
  for (const BodyRoute& route : body_routes) {
    if (path.starts_with(route.prefix)) return route;
  }
  return std::nullopt;
}

void HttpServer::State::answer_with_body(const http_request& message, ServerRequest request, const BodyRoute& route) {
  if (auto refusal = route.admit(request)) return answer_unread(message, std::move(*refusal));
  if (auto refusal = refuse_body(request, route.body_bytes_max)) return refuse_logged(message, route.prefix, *refusal);
  const pplx::task<std::optional<std::string>> body = read_body(message, route.body_bytes_max);
  {
    const std::lock_guard lock(reading_mutex);
    ++reading;
  }
  body.then(
      [this, message, request = std::move(request), route](const pplx::task<std::optional<std::string>>& read) mutable {
        take_body(message, std::move(request), route, read);
        const std::lock_guard lock(reading_mutex);
        --reading;
        all_read.notify_all();
      });
}

void HttpServer::State::take_body(const http_request& message, ServerRequest request, const BodyRoute& route,
                                  const pplx::task<std::optional<std::string>>& read) {
  std::optional<std::string> body;
  try {
    body = read.get();
  } catch (const std::exception& error) {
    log_debug("body_not_received", {{"cause", error.what()}});  // The client went away.
    return answer_unread(message, error_response(400, "the body did not come whole"));
  }
  if (!body) return refuse_logged(message, route.prefix, too_long(route.body_bytes_max));
  request.body = std::move(*body);
  try {
    route.handler(request, [message](const ServerResponse& response) { send_reply(message, response); });
  } catch (const std::exception& error) {
    log_error("handler_failed", {{"cause", error.what()}});
    send_reply(message, error_response(500, "internal error"));
  }
}

ServerResponse HttpServer::State::respond(const ServerRequest& request) {
  Handler handler;
  {
    const std::shared_lock lock(mutex);
    const auto methods = routes.find(request.path);
    if (methods == routes.end()) return error_response(404, "no such page");
    const auto found = methods->second.find(request.method == "HEAD" ? "GET" : request.method);
    if (found == methods->second.end()) {
      std::string allowed;
      for (const auto& [method, unused] : methods->second) allowed += method + (method == "GET" ? ", HEAD, " : ", ");
      return method_refusal(std::string_view(allowed).substr(0, allowed.size() - 2));
    }
    handler = found->second;
  }
  return handler(request);
}

void HttpServer::State::answer(const http_request& message) {
  ServerResponse response;
  try {
    ServerRequest request = read_request(message);
    if (const auto route = body_route(request.path)) return answer_with_body(message, std::move(request), *route);
    response = respond(request);
  } catch (const web::uri_exception&) {
    response = error_response(400, "the URL cannot be read");
  } catch (const std::exception& error) {
    // cpprestsdk would drop the request without an answer.
    log_error("handler_failed", {{"cause", error.what()}});
    response = error_response(500, "internal error");
  }
  answer_unread(message, std::move(response));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  try {
    state_->listener->close().wait();
  } catch (const std::exception& error) {
    log_warning("http_server_close_failed", {{"cause", error.what()}});
  }
  std::unique_lock lock(state_->reading_mutex);
  state_->all_read.wait(lock, [this] { return state_->reading == 0; });
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
      const auto answer = [shared](const web::http::http_request& message) { shared->answer(message); };
      state->listener->support(answer);
      // cpprestsdk would answer these itself: TRACE with the request's own headers, the secret of a hook among them.
      state->listener->support(web::http::methods::OPTIONS, answer);
      state->listener->support(web::http::methods::TRCE, answer);
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

void HttpServer::route_below(const std::string& prefix, size_t body_bytes_max, Admission admit,
                             DeferredHandler handler) {
  const std::unique_lock lock(state_->mutex);
  state_->body_routes.push_back({prefix, body_bytes_max, std::move(admit), std::move(handler)});
}

std::string HttpServer::address() const {
  return state_->address.text();
}

}  // namespace authledger
