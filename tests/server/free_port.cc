#include "tests/server/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

namespace authledger {

OccupiedPort::OccupiedPort() : handle_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  AUTHLEDGER_CHECK(bind(handle_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(handle_, 1) == 0);
  getsockname(handle_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

OccupiedPort::~OccupiedPort() {
  close(handle_);
}

int free_tcp_port() {
  return OccupiedPort().port();
}

}  // namespace authledger
