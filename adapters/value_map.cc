#include "adapters/value_map.h"

#include "base/text.h"

namespace authledger {

void ValueMap::set(std::string_view code, std::string word) {
  words_[upper_case(trim(code))] = std::move(word);
}

std::optional<std::string_view> ValueMap::find(std::string_view code) const {
  auto found = words_.find(upper_case(trim(code)));
  if (found == words_.end()) found = words_.find(std::string_view("*"));
  if (found == words_.end()) return std::nullopt;
  return found->second;
}

}  // namespace authledger
