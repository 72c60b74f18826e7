#pragma once

namespace authledger {

// A loopback port that was free a moment ago.
int free_tcp_port();

// A raw socket that listens on a loopback port, as another program would.
class OccupiedPort {
 public:
  OccupiedPort();
  ~OccupiedPort();
  OccupiedPort(const OccupiedPort&) = delete;
  OccupiedPort& operator=(const OccupiedPort&) = delete;
  int port() const { return port_; }

 private:
  int handle_;
  int port_;
};

}  // namespace authledger
