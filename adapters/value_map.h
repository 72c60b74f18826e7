#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace authledger {

// Codes of a source to words of the ledger. Keys compare trimmed and without regard to ASCII case; the key "*" is the
// word of every other code.
class ValueMap {
 public:
  void set(std::string_view code, std::string word);

  // The word of a code, or of "*"; nullopt when the map knows neither.
  std::optional<std::string_view> find(std::string_view code) const;
  bool empty() const { return words_.empty(); }
  const std::map<std::string, std::string, std::less<>>& words() const { return words_; }

 private:
  std::map<std::string, std::string, std::less<>> words_;  // By upper-cased code.
};

}  // namespace authledger
