#pragma once

#include <string>
#include <string_view>

#include "sandbox/loopback_socket.h"

namespace authledger {

struct RawAnswer {
  int status = 0;    // 0 when no answer came.
  std::string head;  // Status line and headers, as they came.
  std::string body;
};

// HTTP/1.1 as bytes, for what no client library sends: half a request, an endless one.
class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(connect_to_loopback(port)) {}

  // False when the server has gone.
  bool send(std::string_view bytes) { return send_all(socket_, bytes); }
  // Waits for the next answer, five seconds at most. One to HEAD has no body, whatever its headers say.
  RawAnswer receive(bool is_head = false);
  // Whether the server closes the connection within five seconds; what still comes is dropped.
  bool is_closed();

 private:
  // False when nothing more comes.
  bool receive_more();

  Socket socket_;
  std::string received_;
};

}  // namespace authledger
