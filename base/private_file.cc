#include "base/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace authledger {

namespace {

Failure failure_of(const std::string& path) {
  return {fmt::format("cannot write {}: {}", path, std::strerror(errno))};
}

}  // namespace

PrivateFile::PrivateFile(std::string path, std::string unfinished, std::FILE* file)
    : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(file) {}

PrivateFile::PrivateFile(PrivateFile&&) noexcept = default;

PrivateFile::~PrivateFile() {
  if (file_) unlink(unfinished_.c_str());
}

Result<PrivateFile> PrivateFile::create(const std::string& path) {
  std::string unfinished = fmt::format("{}.unfinished-{}", path, getpid());
  unlink(unfinished.c_str());  // Left by one of the same process id that was killed: in a container that is every one.
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failure_of(path);
  std::FILE* const file = fdopen(fd, "w");
  if (file == nullptr) {
    close(fd);
    return failure_of(path);
  }
  return PrivateFile(path, std::move(unfinished), file);
}

void PrivateFile::write(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), file_.get());
}

Outcome PrivateFile::finish() {
  const bool is_written = std::fflush(file_.get()) == 0 && std::ferror(file_.get()) == 0 &&
                          fsync(fileno(file_.get())) == 0 && std::rename(unfinished_.c_str(), path_.c_str()) == 0;
  if (!is_written) return failure_of(path_);
  file_.reset();
  return Done{};
}

}  // namespace authledger
