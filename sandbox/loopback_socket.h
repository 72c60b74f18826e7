#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

// TCP on the loopback interface, as far as the fault front needs it: what an HTTP library hides, such as a reset.

namespace authledger {

// Owns a file descriptor. Movable.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  void close();
  // Closes so that the peer sees "connection reset".
  void reset();

 private:
  int release();
  int descriptor_ = -1;
};

int free_loopback_port();
// `port` 0 chooses a free one. Errors: the address is no loopback address, or the port is taken.
Result<Socket> listen_on_loopback(const std::string& host, int port);
int local_port(const Socket& socket);
// Not open when nobody listens.
Socket connect_to_loopback(int port);

enum class WaitResult { readable, stopped, timed_out };
// Waits until `descriptor` can be read (or its peer closed), or `stop_descriptor` can. A negative timeout waits on.
WaitResult wait_readable(int descriptor, int stop_descriptor, std::chrono::milliseconds timeout);

// False when the peer has gone.
bool send_all(const Socket& socket, std::string_view bytes);

}  // namespace authledger
