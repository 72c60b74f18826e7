#include "config/yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace authledger {
namespace {

std::optional<int64_t> parse_whole(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The number before a unit and the unit itself.
std::optional<std::pair<int64_t, std::string>> parse_with_unit(std::string_view text) {
  size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0) return std::nullopt;
  auto count = parse_whole(text.substr(0, digits));
  if (!count) return std::nullopt;
  std::string_view unit = digits == std::string_view::npos ? "" : trim(text.substr(digits));
  return std::pair{*count, std::string(unit)};
}

const char* kind_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlKind::null:
      return "nothing";
    case YamlKind::scalar:
      return "a single value";
    case YamlKind::sequence:
      return "a list";
    case YamlKind::map:
      return "a map";
  }
  return "";
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest = nearest_word(word, known);
  if (!nearest.empty()) return fmt::format("; did you mean `{}`?", nearest);
  return known.empty() ? "" : fmt::format("; known here: {}", join(known, ", "));
}

std::optional<std::string> scalar_text(const YamlNode& node, const std::string& path, YamlProblems& problems) {
  if (node.kind == YamlKind::scalar) return node.text;
  problems.add(node, fmt::format("{}: expected a text, found {}", path, kind_name(node)));
  return std::nullopt;
}

std::vector<std::string> scalar_list(const YamlNode& node, const std::string& path, YamlProblems& problems) {
  if (node.kind == YamlKind::scalar) return {node.text};
  std::vector<std::string> list;
  if (node.kind != YamlKind::sequence) {
    problems.add(node, fmt::format("{}: expected a list of texts, found {}", path, kind_name(node)));
    return list;
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    if (auto text = scalar_text(node.items[i], fmt::format("{}[{}]", path, i), problems))
      list.push_back(std::move(*text));
  }
  return list;
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  auto parsed = parse_with_unit(text);
  constexpr int64_t kCountMax = 100'000'000;  // Seconds in three years: the product cannot overflow.
  if (!parsed || parsed->first > kCountMax) return std::nullopt;
  const std::string& unit = parsed->second;
  int64_t seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 0;
  if (seconds == 0) return std::nullopt;
  return std::chrono::seconds(parsed->first * seconds);
}

std::string format_duration(std::chrono::seconds duration) {
  int64_t seconds = duration.count();
  if (seconds != 0 && seconds % 86400 == 0) return fmt::format("{}d", seconds / 86400);
  if (seconds != 0 && seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds != 0 && seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

YamlMapReader::YamlMapReader(const YamlNode& node, std::string path, YamlProblems& problems)
    : node_(node), path_(std::move(path)), problems_(problems) {
  if (node.kind != YamlKind::map && node.kind != YamlKind::null) {
    problems.add(node,
                 fmt::format("{}: expected a map of keys, found {}", path_.empty() ? "file" : path_, kind_name(node)));
  }
}

const YamlNode* YamlMapReader::find(const std::string& key) {
  known_.insert(key);
  for (const YamlMember& member : node_.members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

void YamlMapReader::text(const std::string& key, std::string& target) {
  const YamlNode* node = find(key);
  if (node == nullptr) return;
  if (auto value = scalar_text(*node, path_of(key), problems_)) target = std::move(*value);
}

void YamlMapReader::boolean(const std::string& key, bool& target) {
  std::optional<bool> value;
  optional_boolean(key, value);
  if (value) target = *value;
}

void YamlMapReader::optional_boolean(const std::string& key, std::optional<bool>& target) {
  const YamlNode* node = find(key);
  if (node == nullptr) return;
  std::string word = node->kind == YamlKind::scalar && node->is_plain ? lower_case(node->text) : "";
  if (word == "true" || word == "false") {
    target = word == "true";
  } else {
    problem_at(*node, key, "expected true or false");
  }
}

std::optional<int64_t> YamlMapReader::whole_number(const std::string& key, const YamlNode& node, int64_t min,
                                                   int64_t max) {
  auto value = node.kind == YamlKind::scalar ? parse_whole(node.text) : std::nullopt;
  if (value && *value >= min && *value <= max) return value;
  problem_at(node, key, fmt::format("expected a whole number from {} to {}", min, max));
  return std::nullopt;
}

void YamlMapReader::integer(const std::string& key, int& target, int64_t min, int64_t max) {
  std::optional<int> value;
  optional_integer(key, value, min, max);
  if (value) target = *value;
}

void YamlMapReader::optional_integer(const std::string& key, std::optional<int>& target, int64_t min, int64_t max) {
  const YamlNode* node = find(key);
  if (node == nullptr) return;
  if (auto value = whole_number(key, *node, min, max)) target = static_cast<int>(*value);
}

void YamlMapReader::size_bytes(const std::string& key, size_t& target, size_t min, size_t max) {
  const YamlNode* node = find(key);
  if (node == nullptr) return;
  auto parsed = node->kind == YamlKind::scalar ? parse_with_unit(node->text) : std::nullopt;
  int shift = -1;
  if (parsed) {
    std::string unit = upper_case(parsed->second);
    if (unit.empty() || unit == "B") shift = 0;
    if (unit == "KB" || unit == "KIB") shift = 10;
    if (unit == "MB" || unit == "MIB") shift = 20;
    if (unit == "GB" || unit == "GIB") shift = 30;
  }
  constexpr int64_t kCountMax = int64_t{1} << 32;
  if (shift >= 0 && parsed->first < kCountMax) {
    size_t bytes = static_cast<size_t>(parsed->first) << shift;
    if (bytes >= min && bytes <= max) {
      target = bytes;
      return;
    }
  }
  problem_at(*node, key, fmt::format("expected a size such as 64MB, from {} to {} bytes", min, max));
}

void YamlMapReader::duration(const std::string& key, std::chrono::seconds& target, std::chrono::seconds min,
                             std::chrono::seconds max) {
  const YamlNode* node = find(key);
  if (node == nullptr) return;
  auto value = node->kind == YamlKind::scalar ? parse_duration(node->text) : std::nullopt;
  if (value && *value >= min && *value <= max) {
    target = *value;
  } else {
    problem_at(*node, key,
               fmt::format("expected a duration with its unit, such as 30s, 5m, 2h or 1d, from {} to {}",
                           format_duration(min), format_duration(max)));
  }
}

void YamlMapReader::text_list(const std::string& key, std::vector<std::string>& target) {
  if (const YamlNode* node = find(key)) target = scalar_list(*node, path_of(key), problems_);
}

void YamlMapReader::text_map(const std::string& key, std::map<std::string, std::string>& target) {
  const YamlNode* node = find(key);
  if (node == nullptr) return;
  if (node->kind != YamlKind::map) {
    problem_at(*node, key, "expected a map of texts");
    return;
  }
  target.clear();
  for (const YamlMember& member : node->members) {
    if (auto value = scalar_text(member.value, path_of(key) + "." + member.key, problems_)) target[member.key] = *value;
  }
}

void YamlMapReader::wrong_word(const std::string& key, const YamlNode& node, const std::vector<std::string>& known) {
  if (node.kind != YamlKind::scalar) {
    problem_at(node, key, fmt::format("expected one of {}, found {}", join(known, ", "), kind_name(node)));
    return;
  }
  std::string nearest = nearest_word(node.text, known);
  problem_at(node, key,
             fmt::format("`{}` is not one of {}{}", node.text, join(known, ", "),
                         nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest)));
}

void YamlMapReader::problem(const std::string& key, const std::string& message) {
  const YamlNode* node = find(key);
  problem_at(node != nullptr ? *node : node_, key, message);
}

void YamlMapReader::problem_at(const YamlNode& node, const std::string& key, const std::string& message) {
  problems_.add(node, fmt::format("{}: {}", path_of(key), message));
}

void YamlMapReader::required(const std::string& key, const std::string& what) {
  if (find(key) == nullptr) problem_at(node_, key, "is missing; expected " + what);
}

void YamlMapReader::finish() {
  for (const YamlMember& member : node_.members) {
    if (member.key.empty() || known_.contains(member.key)) continue;
    std::vector<std::string> known(known_.begin(), known_.end());
    problems_.add(member.line, member.column,
                  fmt::format("unknown key `{}`{}{}", member.key, path_.empty() ? "" : " in " + path_,
                              suggestion(member.key, known)));
  }
}

}  // namespace authledger
