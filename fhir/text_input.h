#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fhir/line_reader.h"

namespace authledger {

// One piece of the input.
struct InputPart {
  std::string text;
  std::string file;       // As messages name it.
  bool is_first = false;  // Of its file.
  bool is_lines = true;   // Whole NDJSON lines; else one JSON text.
  std::string problem;    // Instead of a text: what is wrong with the next line (is_lines) or with the file.
};

// Files, plain or gzip, and standard input for "-", one after the other: NDJSON in blocks of whole lines, in constant
// memory; what is no NDJSON (a resource, a Bundle, an array over several lines) whole.
class TextInput {
 public:
  explicit TextInput(std::vector<std::string> files);
  // The next piece, in the memory of a former one; false at the end.
  bool next(InputPart& part);

 private:
  void read(InputPart& part);

  std::vector<std::string> files_;
  size_t at_ = 0;
  std::optional<LineReader> lines_;  // Of files_[at_].
  bool is_first_ = true;
  bool is_known_ndjson_ = false;
  bool is_broken_ = false;  // The rest of the file is given up.
};

}  // namespace authledger
