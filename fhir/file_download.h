#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/running_hash.h"
#include "fhir/http.h"

// The bytes of one file as they come over several tries: each goes on where the last one ended, where the server can
// (RFC 9110, 14), else what came before is passed over.

namespace authledger {

class FileDownload {
 public:
  using Take = std::function<bool(std::string_view bytes)>;  // False ends the download.
  // `from_byte`: where a former process ended. `take` gets what follows, once.
  FileDownload(int64_t from_byte, Take take);

  // The headers of the next try, and what its answer's body goes through.
  void begin_try(HttpRequest& request);

  int64_t bytes_taken() const { return at_; }  // Of the file, from its beginning.
  bool was_refused() const { return was_refused_; }
  // After the last byte: what contradicts the size or digest that the server stated, or "".
  std::string problem(const HttpResponse& last);

 private:
  bool take_bytes(const HttpResponse& head, std::string_view bytes);
  bool begin_answer(const HttpResponse& head);

  Take take_;
  int64_t at_;        // Bytes given to take_, and before this process.
  int64_t skip_ = 0;  // Of this answer's body, still to be passed over.
  bool is_new_answer_ = true, was_refused_ = false;
  bool is_hashed_;  // From the first byte on.
  std::string etag_;
  RunningHash sha256_, md5_;
};

}  // namespace authledger
