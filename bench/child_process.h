#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace authledger {

// A process of this machine that ends with this object.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Until it ends by itself; its exit code.
  int wait();

 private:
  pid_t id_;
};

}  // namespace authledger
