#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"

namespace authledger {
namespace {

// Ends the parse at once: going on would only cost more.
struct LimitReached {
  int line, column;
  const char* message;
};

size_t count_nodes(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) count += count_nodes(item);
  for (const YamlMember& member : node.members) count += count_nodes(member.value);
  return count;
}

size_t depth_of(const YamlNode& node) {
  size_t depth = 0;
  for (const YamlNode& item : node.items) depth = std::max(depth, depth_of(item));
  for (const YamlMember& member : node.members) depth = std::max(depth, depth_of(member.value));
  return depth + 1;
}

// Receives yaml-cpp's events and builds the tree bottom-up on a stack of open collections.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlProblems& problems) : problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      throw LimitReached{mark.line + 1, mark.column + 1, "one file holds one document: remove the second `---`"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { place(start(mark, YamlKind::null), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      problems_.add(mark.line + 1, mark.column + 1, "this alias names the value that it stands in");
      place(start(mark, YamlKind::null), 0);
      return;
    }
    YamlNode copy = found->second;
    nodes_ += count_nodes(copy);
    check_limits(mark, open_.size() + depth_of(copy));
    place(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = start(mark, YamlKind::scalar);
    node.is_plain = tag == "?" || (tag.starts_with(kCoreTag) && tag != kStringTag);
    if (tag != "?" && tag != "!" && !tag.starts_with(kCoreTag)) {
      problems_.add(node, fmt::format("the tag {} is not known here; write a plain value", tag));
    }
    if (value.find('\0') != std::string::npos) problems_.add(node, "a text must not hold the character U+0000");
    node.text = value;
    place(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, YamlKind::sequence, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, YamlKind::map, anchor);
  }
  void OnMapEnd() override { close(); }

  YamlNode take() { return std::move(root_); }

 private:
  static constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";
  static constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";

  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
    std::set<std::string> keys;
    bool has_key = false;
  };

  void check_limits(const YAML::Mark& mark, size_t depth) {
    if (nodes_ > kYamlNodesMax) throw LimitReached{mark.line + 1, mark.column + 1, "more values than the limit allows"};
    if (depth > kYamlDepthMax)
      throw LimitReached{mark.line + 1, mark.column + 1, "nested deeper than the limit allows"};
  }

  YamlNode start(const YAML::Mark& mark, YamlKind kind) {
    ++nodes_;
    check_limits(mark, open_.size());
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void open(const YAML::Mark& mark, YamlKind kind, YAML::anchor_t anchor) {
    YamlNode node = start(mark, kind);
    open_.push_back({std::move(node), anchor, {}, false});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done.node), done.anchor);
  }

  void place(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      nodes_ += count_nodes(node);
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlKind::sequence) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    if (parent.has_key) {
      parent.node.members.back().value = std::move(node);
      parent.has_key = false;
      return;
    }
    if (node.kind != YamlKind::scalar) {
      problems_.add(node, node.kind == YamlKind::null ? "a key is missing, or is the word null: write it in quotes"
                                                      : "a key must be a word, not a list or a map");
    } else if (!parent.keys.insert(node.text).second) {
      problems_.add(node, fmt::format("the key `{}` stands here twice", node.text));
    }
    parent.node.members.push_back({std::move(node.text), node.line, node.column, {}});
    parent.has_key = true;
  }

  YamlProblems& problems_;
  YamlNode root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

void YamlProblems::add(int line, int column, const std::string& message) {
  if (problems_.size() < kYamlProblemsMax) problems_.push_back({line, column, message});
}

Issues YamlProblems::issues() const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  Issues issues;
  for (const Problem& problem : sorted) {
    issues.push_back({Severity::error, fmt::format("{}:{}:{}", file_, problem.line, problem.column), problem.message});
  }
  return issues;
}

YamlNode parse_yaml(std::string_view text, YamlProblems& problems) {
  if (text.size() > kYamlBytesMax) {
    problems.add(1, 1, fmt::format("the file is larger than {} MB", kYamlBytesMax >> 20));
    return {};
  }
  if (!is_utf8(text)) {
    problems.add(1, 1, "the file is not UTF-8 text");
    return {};
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(problems);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const YAML::Exception& error) {
    problems.add(error.mark.line + 1, error.mark.column + 1, "not YAML: " + error.msg);
  } catch (const LimitReached& limit) {
    problems.add(limit.line, limit.column, limit.message);
  }
  return {};
}

}  // namespace authledger
