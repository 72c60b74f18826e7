#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/issue.h"

// YAML text as a tree in which every node knows where it stands. Aliases are expanded within a limit; duplicate keys,
// tags of other programs and second documents are problems, so what is read is what the writer sees.

namespace authledger {

inline constexpr size_t kYamlBytesMax = size_t{4} << 20;
inline constexpr size_t kYamlNodesMax = 200'000;  // After the expansion of aliases.
inline constexpr size_t kYamlDepthMax = 100;
inline constexpr size_t kYamlProblemsMax = 200;  // A wrong file should not print for ever.

enum class YamlKind { null, scalar, sequence, map };

struct YamlMember;

struct YamlNode {
  YamlKind kind = YamlKind::null;
  bool is_plain = false;  // A scalar without quotes: it may be a number or a boolean.
  int line = 1, column = 1;
  std::string text;  // scalar
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;
};

struct YamlMember {
  std::string key;
  int line = 1, column = 1;
  YamlNode value;
};

// Problems of one file, in the order of their positions. Not thread-safe.
class YamlProblems {
 public:
  explicit YamlProblems(std::string file) : file_(std::move(file)) {}
  void add(int line, int column, const std::string& message);
  void add(const YamlNode& at, const std::string& message) { add(at.line, at.column, message); }
  bool empty() const { return problems_.empty(); }
  const std::string& file() const { return file_; }
  // Issues whose element_path is "file:line:column".
  Issues issues() const;

 private:
  struct Problem {
    int line, column;
    std::string message;
  };
  std::string file_;
  std::vector<Problem> problems_;
};

// The one document of the text; an empty text is null. Problems found are added; after a syntax error the tree is null.
YamlNode parse_yaml(std::string_view text, YamlProblems& problems);

}  // namespace authledger
