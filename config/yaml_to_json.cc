#include "base/json.h"
#include "config/config.h"
#include "config/yaml_tree.h"

namespace authledger {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether the text is a number in JSON's grammar (RFC 8259, section 6).
bool is_json_number(std::string_view text) {
  size_t at = 0;
  auto digits = [&] {
    size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  bool starts_with_zero = at < text.size() && text[at] == '0';
  size_t whole = digits();
  if (whole == 0 || (starts_with_zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

void write_scalar(const YamlNode& node, JsonWriter& writer) {
  std::string_view text = node.text;
  if (node.is_plain && (text == "true" || text == "True" || text == "TRUE")) {
    writer.boolean(true);
  } else if (node.is_plain && (text == "false" || text == "False" || text == "FALSE")) {
    writer.boolean(false);
  } else if (node.is_plain && is_json_number(text)) {
    writer.number_text(text);
  } else {
    writer.string(text);
  }
}

void write_node(const YamlNode& node, JsonWriter& writer) {
  switch (node.kind) {
    case YamlKind::null:
      writer.null();
      return;
    case YamlKind::scalar:
      write_scalar(node, writer);
      return;
    case YamlKind::sequence:
      writer.begin_array();
      for (const YamlNode& item : node.items) write_node(item, writer);
      writer.end_array();
      return;
    case YamlKind::map:
      writer.begin_object();
      for (const YamlMember& member : node.members) {
        writer.key(member.key);
        write_node(member.value, writer);
      }
      writer.end_object();
      return;
  }
}

}  // namespace

Result<std::string> yaml_to_json(std::string_view yaml_text, const std::string& file) {
  YamlProblems problems(file);
  YamlNode root = parse_yaml(yaml_text, problems);
  if (!problems.empty()) {
    std::string message;
    for (const Issue& issue : problems.issues()) {
      if (!message.empty()) message += "\n";
      message += issue.element_path + ": " + issue.message;
    }
    return Failure{message};
  }
  JsonWriter writer;
  write_node(root, writer);
  return writer.take();
}

}  // namespace authledger
