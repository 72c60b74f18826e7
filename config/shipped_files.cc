#include "base/shipped_file.h"
#include "config/config.h"

namespace authledger {

std::optional<std::string_view> shipped_file(std::string_view path) {
  for (unsigned long i = 0; i < k_shipped_files_count; ++i) {
    if (k_shipped_files[i].path == path) return k_shipped_files[i].text;
  }
  return std::nullopt;
}

}  // namespace authledger
