#include "tests/support/raw_http.h"

#include <sys/socket.h>

#include <chrono>

#include "base/text.h"

namespace authledger {
namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::string_view kHeadEnd = "\r\n\r\n";

size_t content_length(const std::string& head) {
  constexpr std::string_view kName = "content-length:";
  const size_t at = lower_case(head).find(kName);
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + kName.size()));
}

}  // namespace

bool RawConnection::receive_more() {
  if (wait_readable(socket_.descriptor(), -1, kPatience) != WaitResult::readable) return false;
  char bytes[4096];
  const ssize_t count = recv(socket_.descriptor(), bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  received_.append(bytes, static_cast<size_t>(count));
  return true;
}

RawAnswer RawConnection::receive(bool is_head) {
  size_t head_end = received_.find(kHeadEnd);
  while (head_end == std::string::npos) {
    if (!receive_more()) return {};
    head_end = received_.find(kHeadEnd);
  }
  RawAnswer answer;
  answer.head = received_.substr(0, head_end + kHeadEnd.size());
  answer.status = std::stoi(answer.head.substr(answer.head.find(' ') + 1));
  received_.erase(0, answer.head.size());
  const size_t length = is_head ? 0 : content_length(answer.head);
  while (received_.size() < length) {
    if (!receive_more()) return {};
  }
  answer.body = received_.substr(0, length);
  received_.erase(0, length);
  return answer;
}

bool RawConnection::is_closed() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (wait_readable(socket_.descriptor(), -1, kPatience) != WaitResult::readable) return false;
    char bytes[4096];
    if (recv(socket_.descriptor(), bytes, sizeof bytes, 0) <= 0) return true;
  }
  return false;
}

}  // namespace authledger
