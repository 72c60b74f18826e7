#include "tests/fhir/resolved_name.h"

#include <dlfcn.h>
#include <netdb.h>

namespace authledger {
namespace {

std::string& own_name() {
  static std::string name;
  return name;
}

std::string& own_address() {
  static std::string address;
  return address;
}

}  // namespace

void ResolvedName::set(const std::string& name, const std::string& address) {
  own_name() = name;
  own_address() = address;
}

}  // namespace authledger

// Stands before the C library's, also for libcurl.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool is_ours = node != nullptr && !authledger::own_name().empty() && authledger::own_name() == node;
  return real(is_ours ? authledger::own_address().c_str() : node, service, hints, result);
}
