#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/yaml_tree.h"

// Typed reading of a YAML map: each key is asked for by name, and what was not asked for is an unknown key.

namespace authledger {

// "…; did you mean `x`?" or a list of what is known, to end a message with.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

// Reads one map. Every getter leaves its target alone when the key is absent or its value is wrong (a problem is added
// then), so defaults stand. Call finish() last: it reports the keys that nobody asked for.
class YamlMapReader {
 public:
  // A null node is an empty map; another kind than a map is a problem.
  YamlMapReader(const YamlNode& node, std::string path, YamlProblems& problems);

  // The value of a key, or nullptr when the key is absent. Marks the key as known.
  const YamlNode* find(const std::string& key);
  bool has(const std::string& key) { return find(key) != nullptr; }

  void text(const std::string& key, std::string& target);
  void boolean(const std::string& key, bool& target);
  void optional_boolean(const std::string& key, std::optional<bool>& target);
  void integer(const std::string& key, int& target, int64_t min, int64_t max);
  void optional_integer(const std::string& key, std::optional<int>& target, int64_t min, int64_t max);
  void size_bytes(const std::string& key, size_t& target, size_t min,
                  size_t max);  // 65536, "64KB", "64MB", "1GB" (1024s)
  void duration(const std::string& key, std::chrono::seconds& target, std::chrono::seconds min,
                std::chrono::seconds max);
  void text_list(const std::string& key, std::vector<std::string>& target);  // A list of texts, or one text.
  void text_map(const std::string& key, std::map<std::string, std::string>& target);

  template <typename Word>
  void word(const std::string& key, Word& target, const std::vector<std::pair<std::string, Word>>& words) {
    const YamlNode* node = find(key);
    if (node == nullptr) return;
    std::vector<std::string> known;
    for (const auto& [name, value] : words) {
      if (node->kind == YamlKind::scalar && node->text == name) {
        target = value;
        return;
      }
      known.push_back(name);
    }
    wrong_word(key, *node, known);
  }

  void problem(const std::string& key, const std::string& message);  // At the key's value, or at the map.
  void problem_at(const YamlNode& node, const std::string& key, const std::string& message);
  void required(const std::string& key, const std::string& what);  // A problem when the key is absent.
  void finish();

  const YamlNode& node() const { return node_; }
  const std::string& path() const { return path_; }
  std::string path_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  YamlProblems& problems() { return problems_; }

 private:
  void wrong_word(const std::string& key, const YamlNode& node, const std::vector<std::string>& known);
  std::optional<int64_t> whole_number(const std::string& key, const YamlNode& node, int64_t min, int64_t max);

  const YamlNode& node_;
  std::string path_;
  YamlProblems& problems_;
  std::set<std::string> known_;
};

// A scalar's text; a problem and nullopt for a list, a map or nothing.
std::optional<std::string> scalar_text(const YamlNode& node, const std::string& path, YamlProblems& problems);
// A list of texts (one text counts as a list of one).
std::vector<std::string> scalar_list(const YamlNode& node, const std::string& path, YamlProblems& problems);
// "30s", "5m", "2h", "1d".
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::seconds duration);

}  // namespace authledger
