#include "sandbox/loopback_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace authledger {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool fill_address(const std::string& host, int port, Address& address) {
  const auto network_port = htons(static_cast<uint16_t>(port));
  if (host == "::1" || host == "[::1]") {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = network_port;
    v6.sin6_addr = in6addr_loopback;
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.bytes = sizeof v6;
    return true;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = network_port;
  if (inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &v4.sin_addr) != 1) return false;
  if ((ntohl(v4.sin_addr.s_addr) >> 24) != 127) return false;
  std::memcpy(&address.storage, &v4, sizeof v4);
  address.bytes = sizeof v4;
  return true;
}

}  // namespace

int Socket::release() {
  return std::exchange(descriptor_, -1);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = other.release();
  }
  return *this;
}

void Socket::close() {
  if (is_open()) ::close(release());
}

void Socket::reset() {
  if (!is_open()) return;
  const linger abort_at_once{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort_at_once, sizeof abort_at_once);
  close();
}

Result<Socket> listen_on_loopback(const std::string& host, int port) {
  Address address;
  if (!fill_address(host, port, address)) return Failure{host + " is not a loopback address; the sandbox has no locks"};
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  constexpr int kBacklog = 256;
  if (!socket.is_open() || ::bind(socket.descriptor(), address.get(), address.bytes) != 0 ||
      ::listen(socket.descriptor(), kBacklog) != 0) {
    return Failure{fmt::format("cannot listen on {}:{}: {}", host, port, std::strerror(errno))};
  }
  return socket;
}

int local_port(const Socket& socket) {
  Address address;
  address.bytes = sizeof address.storage;
  if (getsockname(socket.descriptor(), address.get(), &address.bytes) != 0) return 0;
  if (address.storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

int free_loopback_port() {
  const auto socket = listen_on_loopback("127.0.0.1", 0);
  return socket ? local_port(*socket) : 0;
}

Socket connect_to_loopback(int port) {
  Address address;
  fill_address("127.0.0.1", port, address);
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.descriptor(), address.get(), address.bytes) != 0) return {};
  const int on = 1;
  setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

WaitResult wait_readable(int descriptor, int stop_descriptor, std::chrono::milliseconds timeout) {
  pollfd watched[] = {{descriptor, POLLIN, 0}, {stop_descriptor, POLLIN, 0}};
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int wait = timeout.count() < 0 ? -1 : static_cast<int>(std::max<int64_t>(left.count(), 0));
    const int ready = ::poll(watched, 2, wait);
    if (ready < 0 && errno == EINTR) continue;
    if (watched[1].revents != 0) return WaitResult::stopped;
    return ready > 0 ? WaitResult::readable : WaitResult::timed_out;
  }
}

bool send_all(const Socket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace authledger
