#include "tests/simulation_year/commit_swallower.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace authledger {
namespace {

constexpr const char* kSocketName = "/.s.PGSQL.5432";
constexpr int kPauseMilliseconds = 50;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("the socket's path is too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

bool send_whole(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

// A simple query is one message: 'Q', its length, its text. Source: PostgreSQL 15, protocol message formats.
bool is_commit(std::string_view message) {
  return message.size() > 5 && message[0] == 'Q' && message.substr(5).starts_with("commit");
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

CommitSwallower::CommitSwallower(const std::string& url) : url_(url) {
  const size_t host = url.find("host=") + 5, end = std::min(url.find('&', host), url.size());
  server_socket_ = decoded(std::string_view(url).substr(host, end - host)) + kSocketName;
  std::string folder = (std::filesystem::temp_directory_path() / "swallow-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make a folder for a socket");
  folder_ = folder;
  url_.replace(host, end - host, folder_);
  const sockaddr_un address = address_of(folder_ + kSocketName);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 16) != 0) {
    throw std::runtime_error("cannot listen on " + folder_);
  }
  acceptor_ = std::thread([this] { accept_all(); });
}

CommitSwallower::~CommitSwallower() {
  is_ending_ = true;
  acceptor_.join();
  for (std::thread& relay : relays_) relay.join();
  close(listener_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void CommitSwallower::accept_all() {
  while (!is_ending_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kPauseMilliseconds) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) relays_.emplace_back([this, client] { relay(client); });
  }
}

void CommitSwallower::relay(int client) {
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(server_socket_);
  bool goes_on = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  bool swallows = false;
  std::array<char, 1 << 16> buffer;
  while (goes_on && !is_ending_) {
    std::array<pollfd, 2> waiting{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (poll(waiting.data(), waiting.size(), kPauseMilliseconds) <= 0) continue;
    for (const auto& [from, to] : {std::pair(client, server), std::pair(server, client)}) {
      if ((waiting[from == client ? 0 : 1].revents & (POLLIN | POLLHUP)) == 0) continue;
      const ssize_t size = recv(from, buffer.data(), buffer.size(), 0);
      if (size <= 0 || (swallows && from == server)) {
        if (swallows && size > 0) {
          if (meanwhile_) meanwhile_();
          ++swallowed_;
        }
        goes_on = false;
        break;
      }
      if (from == client && is_commit({buffer.data(), static_cast<size_t>(size)})) {
        ++seen_;
        swallows = left_ > 0 && --left_ == 0;
      }
      goes_on = send_whole(to, buffer.data(), static_cast<size_t>(size));
    }
  }
  close(client);
  close(server);
}

}  // namespace authledger
