#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace authledger {

void check_failed(const char* condition, const char* file, int line) {
  // The log may be what is broken, so this goes straight to standard error.
  std::fprintf(stderr, "authledger: invariant broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace authledger
