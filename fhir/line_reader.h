#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace authledger {

// Reads a text file, plain or gzip, line by line or whole, in constant memory.
class LineReader {
 public:
  // Errors: not a readable regular file.
  static Result<LineReader> open(const std::string& path);
  // What this process is given, plain or gzip.
  static Result<LineReader> open_standard_input();
  LineReader(LineReader&&) noexcept;
  ~LineReader();

  enum class Status {
    line,      // `line` holds the next one, without its line break.
    too_long,  // The next line is longer than the limit; it was skipped.
    end,
    broken  // The file cannot be read on: a disk error, or compressed data that end early or are damaged.
  };
  Status next(std::string& line, size_t line_bytes_max);

  // Whole lines, together at least `bytes` long unless the file ends, with their line breaks; the last one may lack
  // its own. `block` is empty for too_long: one line was skipped.
  Status next_block(std::string& block, size_t bytes, size_t line_bytes_max);

  // The rest of the file. Status::line when it was read, too_long when it exceeds the limit.
  Status rest(std::string& text, size_t bytes_max);

 private:
  struct State;
  explicit LineReader(std::unique_ptr<State> state);
  bool fill();
  bool skip_line();
  std::unique_ptr<State> state_;
};

}  // namespace authledger
