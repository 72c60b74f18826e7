#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace authledger {

// A file that only its owner may read, and that is whole or not there: it gets its name when it is finished.
class PrivateFile {
 public:
  // Errors: the folder does not exist or may not be written.
  static Result<PrivateFile> create(const std::string& path);
  PrivateFile(PrivateFile&&) noexcept;
  PrivateFile& operator=(PrivateFile&&) = delete;
  ~PrivateFile();  // Removes what was not finished.

  void write(std::string_view bytes);
  // Errors: the disk is full, …
  Outcome finish();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  PrivateFile(std::string path, std::string unfinished, std::FILE* file);
  std::string path_, unfinished_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace authledger
