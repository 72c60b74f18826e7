#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace authledger {

// Why something could not be done, as a sentence for the reader of a log or a terminal: what is wrong and what to
// do next. Never holds patient data.
struct Failure {
  std::string message;
};

// An outcome that the caller must choose about at once: a value or an error. (std::expected comes with C++23.)
template <typename T, typename E = Failure>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    AUTHLEDGER_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T& value() & {
    AUTHLEDGER_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    AUTHLEDGER_CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const E& error() const {
    AUTHLEDGER_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

struct Done {};
using Outcome = Result<Done>;

}  // namespace authledger
