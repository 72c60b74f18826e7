#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The one door to RapidJSON. A document is parsed in place into a compact tree: numbers keep their text ("1.0" is
// not "1"), children of an array or object lie side by side. base/json_index reads the same, faster, and is tried
// first. Source: RFC 8259; FHIR R4 json.html.

namespace authledger {

enum class JsonKind : uint8_t { null, boolean, number, string, array, object };

// One node of a parsed tree. Lives in its document's arena; read it through JsonView.
struct JsonNode {
  const char* name;  // Member name, when the parent is an object.
  uint32_t name_bytes;
  uint32_t size;  // Bytes of text, or number of children.
  union {
    const char* text;  // string, number; "true"/"false" for boolean.
    const JsonNode* children;
  };
  JsonKind kind;
  bool boolean;
  uint32_t name_hash;  // json_name_hash of the name.
};

// Tells member names apart at a glance: equal names have equal hashes, and few others share them.
inline uint32_t json_name_hash(const char* name, size_t bytes) {
  uint64_t head = 0, tail = 0;
  if (bytes >= 8) {
    std::memcpy(&head, name, 8);
    std::memcpy(&tail, name + bytes - 8, 8);
  } else if (bytes >= 4) {
    uint32_t first = 0, last = 0;
    std::memcpy(&first, name, 4);
    std::memcpy(&last, name + bytes - 4, 4);
    head = first | (uint64_t{last} << 32);
  } else if (bytes > 0) {
    auto byte = [&](size_t at) { return static_cast<uint64_t>(static_cast<unsigned char>(name[at])); };
    head = byte(0) | (byte(bytes / 2) << 8) | (byte(bytes - 1) << 16);
  }
  uint64_t mixed = (head ^ ((tail << 29) | (tail >> 35)) ^ (bytes * 0x9E3779B97F4A7C15)) * 0xD6E8FEB86659FD93;
  return static_cast<uint32_t>(mixed >> 32);
}

// A member name that is looked up often. Views the text: keep that alive and in place.
struct JsonName {
  JsonName() = default;
  explicit JsonName(std::string_view name) : text(name), hash(json_name_hash(name.data(), name.size())) {}
  std::string_view text;
  uint32_t hash = 0;
};

// A look at one value of a document: cheap to copy, valid while the document lives and is not parsed again.
// A missing value is a view too: everything asked of it is empty, so paths need no tests in between.
class JsonView {
 public:
  JsonView() = default;
  explicit JsonView(const JsonNode* node) : node_(node) {}

  bool exists() const { return node_ != nullptr; }
  explicit operator bool() const { return exists(); }
  bool is_null() const { return is(JsonKind::null); }
  bool is_boolean() const { return is(JsonKind::boolean); }
  bool is_number() const { return is(JsonKind::number); }
  bool is_string() const { return is(JsonKind::string); }
  bool is_array() const { return is(JsonKind::array); }
  bool is_object() const { return is(JsonKind::object); }
  JsonKind kind() const { return node_ ? node_->kind : JsonKind::null; }

  // The text of a string, number or boolean; empty for the rest.
  std::string_view text() const {
    return node_ && node_->kind >= JsonKind::boolean && node_->kind <= JsonKind::string
               ? std::string_view(node_->text, node_->size)
               : std::string_view();
  }
  std::string string() const { return std::string(text()); }
  bool boolean() const { return node_ && node_->boolean; }

  // Number of elements or members.
  size_t size() const { return is_array() || is_object() ? node_->size : 0; }
  // Element of an array, or member value of an object by position. Missing when out of range.
  JsonView at(size_t index) const { return index < size() ? JsonView(node_->children + index) : JsonView(); }
  // The member's name, when this value is a member of an object.
  std::string_view name() const {
    return node_ ? std::string_view(node_->name, node_->name_bytes) : std::string_view();
  }
  // Member of an object by name. Missing when there is none or this is no object.
  JsonView operator[](std::string_view member) const {
    if (!is_object()) return {};
    for (const JsonNode *child = node_->children, *end = child + node_->size; child != end; ++child) {
      if (std::string_view(child->name, child->name_bytes) == member) return JsonView(child);
    }
    return {};
  }

  JsonView operator[](const JsonName& member) const {
    if (!is_object()) return {};
    for (const JsonNode *child = node_->children, *end = child + node_->size; child != end; ++child) {
      if (child->name_hash == member.hash && std::string_view(child->name, child->name_bytes) == member.text)
        return JsonView(child);
    }
    return {};
  }

  // Iterates over the elements of an array or the member values of an object (with name()).
  class Iterator {
   public:
    explicit Iterator(const JsonNode* node) : node_(node) {}
    JsonView operator*() const { return JsonView(node_); }
    Iterator& operator++() {
      ++node_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const JsonNode* node_;
  };
  Iterator begin() const { return Iterator(size() ? node_->children : nullptr); }
  Iterator end() const { return Iterator(size() ? node_->children + node_->size : nullptr); }

  const JsonNode* node() const { return node_; }

 private:
  bool is(JsonKind kind) const { return node_ && node_->kind == kind; }
  const JsonNode* node_ = nullptr;
};

struct JsonLimits {
  size_t bytes_max = size_t{64} << 20;
  uint32_t depth_max = 200;
};

// Owns the text and the tree. Parse again to reuse its memory. Movable; not thread-safe while parsing.
class JsonDocument {
 public:
  JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  // Copies `text` into the document and parses it there. Former views become invalid.
  // Errors: not JSON, duplicate member names, U+0000 in a string, invalid UTF-8, beyond the limits; the message
  // names line and column, never the content.
  Result<JsonView> parse(std::string_view text, const JsonLimits& limits = {});
  // The same by RapidJSON alone, which names the place of a mistake: what `parse` falls back on.
  Result<JsonView> parse_slowly(std::string_view text, const JsonLimits& limits = {});
  JsonView root() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes JSON text. Calls must nest properly; `take` ends the document and empties the writer.
class JsonWriter {
 public:
  enum class Style : uint8_t { compact, pretty };
  explicit JsonWriter(Style style = Style::compact);
  ~JsonWriter();

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& number(int64_t value);
  JsonWriter& number_text(std::string_view json_number);  // Already valid JSON number text.
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& value(JsonView view);  // A parsed value, deep; numbers keep their text.
  JsonWriter& member(std::string_view name, std::string_view text) { return key(name).string(text); }

  std::string take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Appends the text as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);

std::string to_json_text(JsonView view, JsonWriter::Style style = JsonWriter::Style::compact);

}  // namespace authledger
