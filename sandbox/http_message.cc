#include "sandbox/http_message.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>

#include "base/text.h"

namespace authledger {
namespace {

std::optional<size_t> number(std::string_view text, int base) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

}  // namespace

std::string HttpMessage::target() const {
  const size_t from = start_line.find(' ') + 1;
  return start_line.substr(from, start_line.find(' ', from) - from);
}

bool HttpReader::receive(const Socket& socket) {
  if (wait_readable(socket.descriptor(), stop_descriptor_, std::chrono::milliseconds(-1)) != WaitResult::readable) {
    return false;
  }
  char chunk[size_t{16} << 10];
  ssize_t received = 0;
  do {
    received = ::recv(socket.descriptor(), chunk, sizeof chunk, 0);
  } while (received < 0 && errno == EINTR);
  if (received <= 0) return false;
  buffer_.append(chunk, static_cast<size_t>(received));
  return true;
}

bool HttpReader::fill(const Socket& socket, size_t bytes) {
  while (buffer_.size() < bytes) {
    if (!receive(socket)) return false;
  }
  return true;
}

std::optional<std::string> HttpReader::read_line(const Socket& socket) {
  size_t end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (buffer_.size() > kHeadBytesMax || !receive(socket)) return std::nullopt;
    end = buffer_.find("\r\n");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool HttpReader::read_chunked(const Socket& socket, std::string& body) {
  for (;;) {
    const auto size_line = read_line(socket);
    const auto size = size_line ? number(*size_line, 16) : std::nullopt;
    if (!size || *size > kBodyBytesMax - body.size() || !fill(socket, *size + 2)) return false;
    body.append(buffer_, 0, *size);
    buffer_.erase(0, *size + 2);
    if (*size == 0) return true;
  }
}

std::optional<HttpMessage> HttpReader::read(const Socket& socket) {
  HttpMessage message;
  auto line = read_line(socket);
  if (!line || line->find(' ') == std::string::npos) return std::nullopt;
  message.start_line = *line;
  size_t body_bytes = 0, head_bytes = line->size();
  bool chunked = false, expects_continue = false;
  while ((line = read_line(socket)) && !line->empty()) {
    head_bytes += line->size();
    if (head_bytes > kHeadBytesMax) return std::nullopt;
    const std::string name = lower_case(std::string_view(*line).substr(0, line->find(':')));
    const std::string value = lower_case(trim(std::string_view(*line).substr(std::min(line->size(), name.size() + 1))));
    if (name == "content-length") {
      const auto bytes = number(value, 10);
      if (!bytes || *bytes > kBodyBytesMax) return std::nullopt;
      body_bytes = *bytes;
    } else if (name == "transfer-encoding") {
      chunked = value == "chunked";
    } else if (name == "connection") {
      message.keeps_alive = value != "close";
    } else if (name == "expect") {
      expects_continue = value == "100-continue";
    } else {
      message.headers += *line + "\r\n";
    }
  }
  if (!line) return std::nullopt;
  if (expects_continue && !send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n")) return std::nullopt;
  if (chunked) {
    if (!read_chunked(socket, message.body)) return std::nullopt;
  } else {
    if (!fill(socket, body_bytes)) return std::nullopt;
    message.body = buffer_.substr(0, body_bytes);
    buffer_.erase(0, body_bytes);
  }
  return message;
}

std::string to_bytes(const HttpMessage& message) {
  // 204 has no body and no length (RFC 9110, section 8.6).
  const bool bodiless = message.start_line.starts_with("HTTP/") && message.start_line.find(" 204") != std::string::npos;
  const std::string length = bodiless ? "" : fmt::format("Content-Length: {}\r\n", message.body.size());
  return fmt::format("{}\r\n{}{}Connection: {}\r\n\r\n{}", message.start_line, message.headers, length,
                     message.keeps_alive ? "keep-alive" : "close", message.body);
}

std::string encode_target(std::string_view target) {
  constexpr std::string_view kForbidden = "|\"<>^`{}\\[]";
  std::string encoded;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    encoded +=
        kForbidden.find(c) != std::string_view::npos || byte >= 0x80 ? fmt::format("%{:02X}", byte) : std::string(1, c);
  }
  return encoded;
}

}  // namespace authledger
