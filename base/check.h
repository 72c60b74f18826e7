#pragma once

namespace authledger {

// Logs the failed condition and aborts. Never returns.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace authledger

// For mistakes of the program itself, never for bad input: the condition holds, or the process ends.
#define AUTHLEDGER_CHECK(condition)                               \
  do {                                                            \
    if (!(condition)) {                                           \
      ::authledger::check_failed(#condition, __FILE__, __LINE__); \
    }                                                             \
  } while (false)
