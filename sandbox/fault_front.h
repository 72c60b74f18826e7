#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/fault_switch.h"
#include "sandbox/http_message.h"

// The sandbox's public port. It passes each request on to the cpprestsdk listener behind it, and does to connections
// what that listener cannot: reset, cut short, delay without holding one of its threads, swallow an answer.

namespace authledger {

class FaultFront {
 public:
  // Takes over a listening socket; `backend_port` is the listener's. `faults` must outlive the front. Thread-safe.
  FaultFront(Socket listening, int backend_port, FaultSwitch& faults);
  ~FaultFront();  // Ends all connections.

  int64_t requests() const { return requests_.load(); }
  std::vector<std::string> request_log() const;

 private:
  struct Connection {
    std::jthread thread;
    std::atomic<bool> ended{false};
  };

  void accept_connections();
  void serve(Socket client);
  // What goes back to the client. False when the connection is over.
  bool answer(Socket& client, HttpMessage request, Socket& backend, HttpReader& backend_reader);
  std::optional<HttpMessage> forward(const HttpMessage& request, Socket& backend, HttpReader& backend_reader);
  bool pause(std::chrono::milliseconds wait) const;  // False when the front stops meanwhile.
  // Both until the client goes, or the front stops.
  void drip(Socket& client, const std::string& bytes, size_t body_bytes) const;
  void flood(Socket& client) const;

  Socket listening_;
  const int backend_port_;
  FaultSwitch& faults_;
  int stop_descriptor_;  // An eventfd; readable once the front stops.
  std::atomic<int64_t> requests_{0};
  mutable std::mutex log_mutex_;
  std::vector<std::string> request_log_;
  std::list<Connection> connections_;  // Touched by the accepting thread only, until that has ended.
  std::jthread accepting_;
};

}  // namespace authledger
