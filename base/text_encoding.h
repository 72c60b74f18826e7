#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace authledger {

// Turns text of another encoding into UTF-8, piece by piece, by the C library's iconv. Not thread-safe.
class Utf8Converter {
 public:
  // Errors: an encoding that the C library does not know.
  static Result<Utf8Converter> from(const std::string& encoding);
  Utf8Converter(Utf8Converter&&) noexcept;
  Utf8Converter& operator=(Utf8Converter&&) noexcept;
  ~Utf8Converter();

  // Appends what `bytes` say. Bytes that are not of the encoding become U+FFFD; a character that is cut off at the end
  // waits for the next piece.
  void append(std::string_view bytes, std::string& out);

 private:
  struct State;
  explicit Utf8Converter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace authledger
