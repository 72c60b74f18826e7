#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace authledger {

// Stands between libpq and PostgreSQL's Unix socket. One commit of choice reaches the server and is carried out; then
// both sides lose the connection before the client hears of it: the unknown outcome that only state can resolve.
class CommitSwallower {
 public:
  // `url` names a Unix socket by its folder (host=).
  explicit CommitSwallower(const std::string& url);
  ~CommitSwallower();

  const std::string& url() const { return url_; }
  // The n-th commit from now on, counted from 1. `meanwhile` runs between the server's reply and the loss of it.
  void swallow_reply_of(int commit, std::function<void()> meanwhile = {}) {
    meanwhile_ = std::move(meanwhile);
    left_ = commit;
  }
  int commits_seen() const { return seen_; }
  int swallowed() const { return swallowed_; }

 private:
  void accept_all();
  void relay(int client);

  std::string url_, server_socket_, folder_;
  std::function<void()> meanwhile_;  // Set while left_ is 0, read by the relay that brings it to 0 again.
  int listener_ = -1;
  std::atomic<int> left_{0}, seen_{0}, swallowed_{0};
  std::atomic<bool> is_ending_{false};
  std::thread acceptor_;
  std::vector<std::thread> relays_;
};

}  // namespace authledger
