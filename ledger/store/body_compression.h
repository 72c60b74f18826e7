#pragma once

#include <string>
#include <string_view>

// Bodies of resources as raw_resource and quarantine keep them: zlib streams. Inside of ledger/store only.

namespace authledger {

// "" stays "".
std::string compress_body(std::string_view body);
// Throws std::runtime_error when the bytes are no zlib stream or hold more than kBodyBytesMax.
std::string expand_body(std::string_view compressed);

inline constexpr size_t kBodyBytesMax = size_t{64} << 20;

}  // namespace authledger
