#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace authledger {

// Seeded choices that are the same on every machine.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  int below(int end) { return static_cast<int>(engine_() % static_cast<uint64_t>(end)); }
  bool one_in(int count) { return below(count) == 0; }
  template <typename Value>
  Value one_of(const std::vector<Value>& values) {
    return values[static_cast<size_t>(below(static_cast<int>(values.size())))];
  }
  std::string word(const std::vector<const char*>& words) { return one_of(words); }
  template <typename Value>
  void shuffle(std::vector<Value>& values) {
    for (size_t left = values.size(); left > 1; --left) {
      std::swap(values[left - 1], values[static_cast<size_t>(below(static_cast<int>(left)))]);
    }
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace authledger
