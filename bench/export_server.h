#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace authledger {

// A server of one Bulk Data export in a process of its own: a file of Encounters of the wanted size, made while it is
// sent. Twenty thousand visits of two thousand patients come again and again, about eight kilobytes each.
class ExportServer {
 public:
  explicit ExportServer(int64_t file_bytes);
  ~ExportServer();
  ExportServer(const ExportServer&) = delete;
  ExportServer& operator=(const ExportServer&) = delete;
  std::string base_url() const;

 private:
  int port_ = 0;
  pid_t process_ = 0;
};

}  // namespace authledger
