#pragma once

#include <string>

namespace authledger {

// A DNS record of the test's own: what getaddrinfo answers in this process for one name.
class ResolvedName {
 public:
  // An empty name ends it. Not thread-safe beside a running request.
  static void set(const std::string& name, const std::string& address);
};

}  // namespace authledger
