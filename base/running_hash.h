#pragma once

#include <memory>
#include <string>
#include <string_view>

// Written in base/crypto.cc, the door to OpenSSL.

namespace authledger {

// A hash of what comes in pieces: "SHA256" or "MD5", the latter only to compare with what a server states.
class RunningHash {
 public:
  explicit RunningHash(const char* algorithm);
  RunningHash(RunningHash&&) noexcept;
  ~RunningHash();
  void add(std::string_view bytes);
  std::string finish();  // The raw bytes; then it begins anew.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace authledger
