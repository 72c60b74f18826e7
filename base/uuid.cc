#include "base/uuid.h"

namespace authledger {

std::string name_based_uuid(const Hash& hash) {
  const std::string hex = to_hex(hash);
  std::string uuid;
  for (size_t i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) uuid += '-';
    uuid += i == 12 ? '5' : i == 16 ? '8' : hex[i];
  }
  return uuid;
}

}  // namespace authledger
