#include "base/json.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstring>

#include "base/json_index.h"
#include "base/json_tree.h"
#include "base/text.h"

namespace authledger {
namespace {

// Receives RapidJSON's events and builds the tree bottom-up on a stack.
class TreeBuilder {
 public:
  TreeBuilder(std::vector<JsonNode>& stack, JsonNodeArena& arena, uint32_t depth_max)
      : stack_(stack), arena_(arena), depth_max_(depth_max) {}

  bool Null() { return push(JsonKind::null, nullptr, 0, false); }
  bool Bool(bool value) { return push(JsonKind::boolean, value ? "true" : "false", value ? 4 : 5, value); }
  bool RawNumber(const char* text, rapidjson::SizeType bytes, bool) {
    return push(JsonKind::number, text, bytes, false);
  }
  bool String(const char* text, rapidjson::SizeType bytes, bool) {
    return is_clean(text, bytes) && push(JsonKind::string, text, bytes, false);
  }
  bool Key(const char* text, rapidjson::SizeType bytes, bool) {
    name_ = text;
    name_bytes_ = bytes;
    return is_clean(text, bytes);
  }
  bool StartObject() { return start(JsonKind::object); }
  bool EndObject(rapidjson::SizeType count) {
    if (has_duplicate_names(stack_.data() + stack_.size() - count, count)) {
      problem_ = "an object repeats a member name";
      return false;
    }
    return finish(count);
  }
  bool StartArray() { return start(JsonKind::array); }
  bool EndArray(rapidjson::SizeType count) { return finish(count); }
  // Numbers arrive as text, so these are never called.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

  const char* problem() const { return problem_; }

 private:
  bool push(JsonKind kind, const char* text, uint32_t size, bool boolean) {
    JsonNode node{};
    node.name = name_;
    node.name_bytes = name_bytes_;
    node.name_hash = json_name_hash(name_, name_bytes_);
    node.size = size;
    node.text = text;
    node.kind = kind;
    node.boolean = boolean;
    stack_.push_back(node);
    name_ = nullptr;
    name_bytes_ = 0;
    return true;
  }
  bool start(JsonKind kind) {
    if (++depth_ > depth_max_) {
      problem_ = "nested deeper than the limit";
      return false;
    }
    return push(kind, nullptr, 0, false);
  }
  bool finish(uint32_t count) {
    --depth_;
    JsonNode* children = nullptr;
    if (count != 0) {
      children = arena_.allocate(count);
      std::copy(stack_.end() - count, stack_.end(), children);
      stack_.resize(stack_.size() - count);
    }
    stack_.back().size = count;
    stack_.back().children = children;
    return true;
  }
  bool is_clean(const char* text, size_t bytes) {
    if (bytes == 0) return true;
    if (std::memchr(text, 0, bytes)) problem_ = "a string holds U+0000";
    // The text was valid UTF-8, so half a surrogate pair can only come from an escape, which RapidJSON lets pass.
    for (std::string_view rest(text, bytes); rest.size() > 1;) {
      size_t at = rest.find('\xED');
      if (at == std::string_view::npos || at + 1 == rest.size()) break;
      if (static_cast<unsigned char>(rest[at + 1]) >= 0xA0) problem_ = "a string holds half a surrogate pair";
      rest.remove_prefix(at + 1);
    }
    return problem_ == nullptr;
  }

  std::vector<JsonNode>& stack_;
  JsonNodeArena& arena_;
  uint32_t depth_max_;
  uint32_t depth_ = 0;
  const char* name_ = nullptr;
  uint32_t name_bytes_ = 0;
  const char* problem_ = nullptr;
};

// RFC 8259 lets us skip a byte order mark.
std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

std::string position(std::string_view text, size_t offset) {
  std::string_view before = text.substr(0, offset);
  size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  size_t newline = before.rfind('\n');
  return fmt::format("line {}, column {}", line, newline == std::string_view::npos ? offset + 1 : offset - newline);
}

}  // namespace

struct JsonDocument::State {
  std::vector<char> buffer;
  std::vector<JsonNode> stack;
  JsonNodeArena arena;
  JsonIndexReader index_reader;
  JsonNode root{};
  bool has_root = false;

  // The text in place, with zeros behind it.
  char* keep(std::string_view text) {
    if (buffer.size() < text.size() + JsonIndexReader::kPaddingBytes)
      buffer.resize(text.size() + text.size() / 2 + JsonIndexReader::kPaddingBytes);
    text.copy(buffer.data(), text.size());  // An empty view may point nowhere.
    std::memset(buffer.data() + text.size(), 0, JsonIndexReader::kPaddingBytes);
    return buffer.data();
  }
};

JsonDocument::JsonDocument() : state_(std::make_unique<State>()) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Result<JsonView> JsonDocument::parse(std::string_view text, const JsonLimits& limits) {
  State& state = *state_;
  if (text.size() <= limits.bytes_max) {
    std::string_view read = without_byte_order_mark(text);
    state.arena.reset();
    state.has_root = !read.empty() &&
                     state.index_reader.read(state.keep(read), read.size(), limits.depth_max, state.arena, state.root);
    if (state.has_root) return JsonView(&state.root);
  }
  return parse_slowly(text, limits);
}

Result<JsonView> JsonDocument::parse_slowly(std::string_view text, const JsonLimits& limits) {
  State& state = *state_;
  state.has_root = false;
  state.stack.clear();
  state.arena.reset();
  if (text.size() > limits.bytes_max) return Failure{fmt::format("larger than {} bytes", limits.bytes_max)};
  text = without_byte_order_mark(text);
  if (!is_utf8(text)) return Failure{"not valid UTF-8"};

  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
  rapidjson::InsituStringStream stream(state.keep(text));
  rapidjson::Reader reader;
  TreeBuilder builder(state.stack, state.arena, limits.depth_max);
  rapidjson::ParseResult outcome = reader.Parse<kFlags>(stream, builder);
  if (outcome.IsError()) {
    const char* problem = builder.problem() ? builder.problem() : rapidjson::GetParseError_En(outcome.Code());
    return Failure{
        fmt::format("not valid JSON at {}: {}", position(text, std::min(outcome.Offset(), text.size())), problem)};
  }
  // In place, text after a NUL byte would be taken for the end; a whole parse consumes every byte.
  if (stream.Tell() < text.size()) return Failure{"not valid JSON: a NUL byte"};
  state.root = state.stack.back();
  state.has_root = true;
  return JsonView(&state.root);
}

JsonView JsonDocument::root() const {
  return state_->has_root ? JsonView(&state_->root) : JsonView();
}

// RapidJSON's writers share no base class, so the state holds both and asks which one is in use.
struct JsonWriter::State {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> compact{buffer};
  rapidjson::PrettyWriter<rapidjson::StringBuffer> pretty{buffer};
  bool is_pretty = false;

  template <typename Write>
  void write(Write&& call) {
    if (is_pretty) {
      call(pretty);
    } else {
      call(compact);
    }
  }
};

JsonWriter::JsonWriter(Style style) : state_(std::make_unique<State>()) {
  state_->is_pretty = style == Style::pretty;
  state_->pretty.SetIndent(' ', 2);
}
JsonWriter::~JsonWriter() = default;

JsonWriter& JsonWriter::begin_object() {
  state_->write([](auto& writer) { writer.StartObject(); });
  return *this;
}
JsonWriter& JsonWriter::end_object() {
  state_->write([](auto& writer) { writer.EndObject(); });
  return *this;
}
JsonWriter& JsonWriter::begin_array() {
  state_->write([](auto& writer) { writer.StartArray(); });
  return *this;
}
JsonWriter& JsonWriter::end_array() {
  state_->write([](auto& writer) { writer.EndArray(); });
  return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
  state_->write([&](auto& writer) { writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); });
  return *this;
}
JsonWriter& JsonWriter::string(std::string_view text) {
  state_->write([&](auto& writer) {
    writer.String(text.empty() ? "" : text.data(), static_cast<rapidjson::SizeType>(text.size()));
  });
  return *this;
}
JsonWriter& JsonWriter::number(int64_t value) {
  state_->write([&](auto& writer) { writer.Int64(value); });
  return *this;
}
JsonWriter& JsonWriter::number_text(std::string_view text) {
  state_->write([&](auto& writer) { writer.RawValue(text.data(), text.size(), rapidjson::kNumberType); });
  return *this;
}
JsonWriter& JsonWriter::boolean(bool value) {
  state_->write([&](auto& writer) { writer.Bool(value); });
  return *this;
}
JsonWriter& JsonWriter::null() {
  state_->write([](auto& writer) { writer.Null(); });
  return *this;
}
JsonWriter& JsonWriter::value(JsonView view) {
  switch (view.kind()) {
    case JsonKind::null:
      return null();
    case JsonKind::boolean:
      return boolean(view.boolean());
    case JsonKind::number:
      return number_text(view.text());
    case JsonKind::string:
      return string(view.text());
    case JsonKind::array:
      begin_array();
      for (JsonView element : view) value(element);
      return end_array();
    case JsonKind::object:
      begin_object();
      for (JsonView member : view) key(member.name()).value(member);
      return end_object();
  }
  return *this;
}

std::string JsonWriter::take() {
  std::string text(state_->buffer.GetString(), state_->buffer.GetSize());
  state_->buffer.Clear();
  state_->compact.Reset(state_->buffer);
  state_->pretty.Reset(state_->buffer);
  return text;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    }
  }
  out.append(text, plain);
  out += '"';
}

std::string to_json_text(JsonView view, JsonWriter::Style style) {
  JsonWriter writer(style);
  return writer.value(view).take();
}

}  // namespace authledger
