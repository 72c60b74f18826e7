#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/loopback_socket.h"

// HTTP/1.1 messages read from and written to a socket, no more than the fault front needs. Source: RFC 9112.

namespace authledger {

inline constexpr size_t kHeadBytesMax = size_t{64} << 10;
inline constexpr size_t kBodyBytesMax = size_t{64} << 20;

struct HttpMessage {
  std::string start_line;
  std::string headers;  // Lines with their CRLF, without the framing ones (Content-Length, Transfer-Encoding …).
  std::string body;
  bool keeps_alive = true;

  std::string method() const { return start_line.substr(0, start_line.find(' ')); }
  // Of a request: path and query.
  std::string target() const;
};

// Reads messages from one socket, one after the other; bytes that came early wait for the next call.
class HttpReader {
 public:
  // `stop_descriptor` becomes readable when the server stops.
  explicit HttpReader(int stop_descriptor) : stop_descriptor_(stop_descriptor) {}

  // nullopt when the peer closed, the message is malformed or beyond the limits, or the server stops. Sends
  // "100 Continue" to a peer that waits for it.
  std::optional<HttpMessage> read(const Socket& socket);

 private:
  bool receive(const Socket& socket);
  bool fill(const Socket& socket, size_t bytes);
  std::optional<std::string> read_line(const Socket& socket);
  bool read_chunked(const Socket& socket, std::string& body);

  int stop_descriptor_;
  std::string buffer_;
};

// The message as bytes, framed by Content-Length.
std::string to_bytes(const HttpMessage& message);
// Percent-encodes what may not stand in a request target but is often sent, such as "|".
std::string encode_target(std::string_view target);

}  // namespace authledger
