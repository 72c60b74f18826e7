#include "sandbox/fault_front.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace authledger {
namespace {

constexpr size_t kConnectionsMax = 256;
constexpr size_t kRequestLogMax = 1'000'000;
constexpr std::chrono::milliseconds kDripPause{100};
constexpr int64_t kFloodBytes = 10'000'000'000;

HttpMessage plain_answer(std::string status, std::string headers, std::string body) {
  HttpMessage message;
  message.start_line = "HTTP/1.1 " + std::move(status);
  message.headers = std::move(headers);
  message.body = std::move(body);
  return message;
}

HttpMessage outcome(std::string status, const std::string& headers, std::string_view code) {
  std::string body =
      fmt::format(R"({{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"{}"}}]}})", code);
  return plain_answer(std::move(status), headers + "Content-Type: application/fhir+json\r\n", std::move(body));
}

// The answer that a fault gives without asking the server behind, or nullopt.
std::optional<HttpMessage> faulty_answer(const FaultDecision& decision) {
  switch (decision.kind) {
    case RequestFault::throttle: {
      const std::string header = decision.retry_after.empty() ? "" : "Retry-After: " + decision.retry_after + "\r\n";
      return outcome("429 Too Many Requests", header, "throttled");
    }
    case RequestFault::unavailable:
      return outcome("503 Service Unavailable", "", "transient");
    case RequestFault::fail:
      return outcome(fmt::format("{} Failed", decision.status), "",
                     decision.status >= 500 ? "exception" : "suppressed");
    case RequestFault::html:
      return plain_answer("200 OK", "Content-Type: text/html\r\n",
                          "<!DOCTYPE html><html><body><form>Please sign in</form></body></html>");
    case RequestFault::body:
      return plain_answer("200 OK", "Content-Type: application/fhir+json\r\n", decision.body);
    case RequestFault::redirect:
      return plain_answer("307 Temporary Redirect", "Location: " + decision.location + "\r\n", "");
    case RequestFault::none:
    case RequestFault::reset:
    case RequestFault::truncate:
    case RequestFault::drip:
    case RequestFault::oversized:
    case RequestFault::silent_after_write:
    case RequestFault::hold:
      break;
  }
  return std::nullopt;
}

}  // namespace

FaultFront::FaultFront(Socket listening, int backend_port, FaultSwitch& faults)
    : listening_(std::move(listening)),
      backend_port_(backend_port),
      faults_(faults),
      stop_descriptor_(::eventfd(0, EFD_CLOEXEC)),
      accepting_([this] { accept_connections(); }) {}

FaultFront::~FaultFront() {
  ::eventfd_write(stop_descriptor_, 1);
  accepting_.join();
  connections_.clear();  // Joins their threads.
  ::close(stop_descriptor_);
}

std::vector<std::string> FaultFront::request_log() const {
  const std::lock_guard lock(log_mutex_);
  return request_log_;
}

void FaultFront::accept_connections() {
  const std::chrono::milliseconds no_limit(-1);
  while (wait_readable(listening_.descriptor(), stop_descriptor_, no_limit) == WaitResult::readable) {
    Socket client(::accept4(listening_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.is_open()) continue;
    connections_.remove_if([](const Connection& connection) { return connection.ended.load(); });
    if (connections_.size() >= kConnectionsMax) continue;  // Closes it.
    const int on = 1;
    setsockopt(client.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection& connection = connections_.emplace_back();
    connection.thread = std::jthread([this, &connection, socket = std::move(client)]() mutable {
      serve(std::move(socket));
      connection.ended = true;
    });
  }
}

void FaultFront::serve(Socket client) {
  HttpReader reader(stop_descriptor_), backend_reader(stop_descriptor_);
  Socket backend;
  for (;;) {
    auto request = reader.read(client);
    if (!request) return;
    const bool keeps_alive = request->keeps_alive;
    if (!answer(client, std::move(*request), backend, backend_reader) || !keeps_alive) return;
  }
}

bool FaultFront::pause(std::chrono::milliseconds wait) const {
  return wait_readable(-1, stop_descriptor_, wait) == WaitResult::timed_out;
}

std::optional<HttpMessage> FaultFront::forward(const HttpMessage& request, Socket& backend,
                                               HttpReader& backend_reader) {
  if (!backend.is_open()) backend = connect_to_loopback(backend_port_);
  if (!backend.is_open() || !send_all(backend, to_bytes(request))) return std::nullopt;
  return backend_reader.read(backend);
}

void FaultFront::drip(Socket& client, const std::string& bytes, size_t body_bytes) const {
  size_t at = bytes.size() - body_bytes;
  if (!send_all(client, std::string_view(bytes).substr(0, at))) return;
  while (at < bytes.size() && pause(kDripPause) && send_all(client, std::string_view(bytes).substr(at, 1))) ++at;
}

void FaultFront::flood(Socket& client) const {
  const std::string block(size_t{64} << 10, ' ');
  const std::string head =
      fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n", kFloodBytes);
  if (!send_all(client, head)) return;
  for (int64_t sent = 0; sent < kFloodBytes && send_all(client, block); sent += static_cast<int64_t>(block.size())) {
    if (!pause(std::chrono::milliseconds(0))) return;
  }
}

bool FaultFront::answer(Socket& client, HttpMessage request, Socket& backend, HttpReader& backend_reader) {
  const std::string method = request.method(), target = request.target();
  const std::string path = target.substr(0, target.find('?'));
  const bool is_control = path.ends_with("/$faults") || path.ends_with("/$load");
  FaultDecision decision;
  if (!is_control) {
    requests_.fetch_add(1);
    {
      const std::lock_guard lock(log_mutex_);
      if (request_log_.size() < kRequestLogMax) request_log_.push_back(method + " " + path);
    }
    decision = faults_.decide(method, target);
  }
  if (decision.kind == RequestFault::reset) {
    client.reset();
    return false;
  }
  if (decision.kind == RequestFault::hold) {
    wait_readable(client.descriptor(), stop_descriptor_, std::chrono::milliseconds(-1));  // Until the client goes.
    return false;
  }
  if (decision.kind == RequestFault::oversized) {
    flood(client);
    return false;
  }
  auto reply = faulty_answer(decision);
  if (!reply) {
    request.start_line = fmt::format("{} {} HTTP/1.1", method, encode_target(target));
    request.keeps_alive = true;
    reply = forward(request, backend, backend_reader);
    if (!reply) return false;
  }
  if (decision.kind == RequestFault::silent_after_write) {
    wait_readable(client.descriptor(), stop_descriptor_, std::chrono::milliseconds(-1));  // Until the client goes.
    return false;
  }
  if (decision.wait.count() > 0 && !pause(decision.wait)) return false;
  if (decision.kind == RequestFault::drip) {
    drip(client, to_bytes(*reply), reply->body.size());
    return false;
  }
  if (decision.kind == RequestFault::truncate) {
    const std::string bytes = to_bytes(*reply);
    send_all(client, std::string_view(bytes).substr(0, bytes.size() - (reply->body.size() + 1) / 2));
    return false;
  }
  return send_all(client, to_bytes(*reply));
}

}  // namespace authledger
