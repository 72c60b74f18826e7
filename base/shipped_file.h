#pragma once

#include <string_view>

namespace authledger {

// One file that is compiled into the program, by its path in the repository. cmake/shipped_files.cmake writes the
// tables: `k_shipped_files` (presets, mappings, rules) and `k_schema_files` (migrations).
struct ShippedFile {
  std::string_view path;
  std::string_view text;
};

extern const ShippedFile k_shipped_files[];
extern const unsigned long k_shipped_files_count;
extern const ShippedFile k_schema_files[];
extern const unsigned long k_schema_files_count;

}  // namespace authledger
