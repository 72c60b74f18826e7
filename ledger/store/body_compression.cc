#include "ledger/store/body_compression.h"

#include <zlib.h>

#include <stdexcept>

#include "base/check.h"

namespace authledger {

std::string compress_body(std::string_view body) {
  if (body.empty()) return {};
  uLongf size = compressBound(static_cast<uLong>(body.size()));
  std::string out(size, '\0');
  // The fastest level: it halves FHIR JSON at a third of the default level's time.
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(body.data()),
                               static_cast<uLong>(body.size()), Z_BEST_SPEED);
  AUTHLEDGER_CHECK(status == Z_OK);
  out.resize(size);
  return out;
}

std::string expand_body(std::string_view compressed) {
  if (compressed.empty()) return {};
  for (size_t room = compressed.size() * 8 + 1024;; room *= 4) {
    if (room > kBodyBytesMax) room = kBodyBytesMax;
    std::string out(room, '\0');
    uLongf size = static_cast<uLongf>(room);
    const int status =
        uncompress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(compressed.data()),
                   static_cast<uLong>(compressed.size()));
    if (status == Z_OK) {
      out.resize(size);
      return out;
    }
    if (status != Z_BUF_ERROR || room == kBodyBytesMax) throw std::runtime_error("a stored body cannot be expanded");
  }
}

}  // namespace authledger
