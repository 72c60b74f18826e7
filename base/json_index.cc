#include "base/json_index.h"

#include <simdjson.h>

#include <algorithm>

namespace authledger {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether a number or literal may end before this character. The text's end is a NUL of the padding.
bool ends_scalar(char c) {
  return c == ',' || c == '}' || c == ']' || c == '\0' || is_space(c);
}

// One past the number that begins here, or nullptr: it is none, or it might be beyond a double, which the other reader
// decides. Source: RFC 8259, section 6.
const char* number_end(const char* at) {
  constexpr std::ptrdiff_t kPlainDigitsMax = 200, kExponentDigitsMax = 2;
  const char* first = at;
  if (*at == '-') ++at;
  if (!is_digit(*at)) return nullptr;
  if (*at == '0')
    ++at;
  else
    while (is_digit(*at)) ++at;
  if (*at == '.') {
    if (!is_digit(*++at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    const char* exponent = at;
    while (is_digit(*at)) ++at;
    if (at == exponent || at - exponent > kExponentDigitsMax) return nullptr;
  }
  return at - first <= kPlainDigitsMax ? at : nullptr;
}

bool read_hex4(const char* at, uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i) {
    char c = at[i];
    uint32_t digit = is_digit(c)            ? static_cast<uint32_t>(c - '0')
                     : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                            : 16u;
    if (digit == 16) return false;
    out = out * 16 + digit;
  }
  return true;
}

char* put_utf8(char* out, uint32_t c) {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xC0 | (c >> 6));
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xE0 | (c >> 12));
    *out++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | (c >> 18));
    *out++ = static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    *out++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  }
  return out;
}

// Resolves escapes in place from the first backslash on. The new end, or nullptr for a wrong escape, a lone surrogate
// or U+0000. Text only shrinks, so reading stays ahead of writing.
char* unescape(char* at, const char* end) {
  char* out = at;
  while (at != end) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    ++at;  // Never the end: the quote that closes the string is not escaped.
    char c = *at++;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        *out++ = c;
        break;
      case 'b':
        *out++ = '\b';
        break;
      case 'f':
        *out++ = '\f';
        break;
      case 'n':
        *out++ = '\n';
        break;
      case 'r':
        *out++ = '\r';
        break;
      case 't':
        *out++ = '\t';
        break;
      case 'u': {
        uint32_t code = 0, low = 0;
        if (end - at < 4 || !read_hex4(at, code)) return nullptr;
        at += 4;
        if (code == 0 || (code >= 0xDC00 && code <= 0xDFFF)) return nullptr;
        if (code >= 0xD800 && code <= 0xDBFF) {
          if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !read_hex4(at + 2, low)) return nullptr;
          if (low < 0xDC00 || low > 0xDFFF) return nullptr;
          at += 6;
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        out = put_utf8(out, code);
        break;
      }
      default:
        return nullptr;
    }
  }
  return out;
}

// Walks the tokens and builds the tree bottom-up: a container's nodes stand on `open` until it ends.
class TreeWalk {
 public:
  TreeWalk(char* text, size_t bytes, const uint32_t* tokens, size_t token_count, uint32_t depth_max,
           JsonNodeArena& arena, std::vector<JsonNode>& open, std::vector<size_t>& containers)
      : text_(text),
        end_(text + bytes),
        tokens_(tokens),
        tokens_end_(tokens + token_count),
        depth_max_(depth_max),
        arena_(arena),
        open_(open),
        containers_(containers) {
    find_escape(text);
    open_.clear();
    containers_.clear();
  }

  bool run(JsonNode& root) {
    JsonNode node{};
    while (true) {
      // A value begins here; `node` may hold its name.
      if (!begin_value(node)) return false;
      while (true) {
        // A value has ended.
        if (containers_.empty()) {
          root = open_.back();
          return tokens_ == tokens_end_;
        }
        if (tokens_ == tokens_end_) return false;
        char c = text_[*tokens_++];
        bool is_object = open_[containers_.back()].kind == JsonKind::object;
        if (c == ',') {
          node = {};
          if (is_object && !read_name(node)) return false;
          break;
        }
        if (c != (is_object ? '}' : ']') || !end_container()) return false;
      }
    }
  }

 private:
  void find_escape(char* from) {
    auto* found = static_cast<char*>(std::memchr(from, '\\', static_cast<size_t>(end_ - from)));
    next_escape_ = found ? found : end_;
  }

  // Begins a value; containers without elements end at once. Afterwards a value has ended, unless a container with
  // elements was begun: then the loop goes on to its first element.
  bool begin_value(JsonNode node) {
    while (true) {
      if (tokens_ == tokens_end_) return false;
      char* at = text_ + *tokens_++;
      if (*at != '{' && *at != '[') return read_scalar(at, node);
      bool is_object = *at == '{';
      if (containers_.size() >= depth_max_ || tokens_ == tokens_end_) return false;
      node.kind = is_object ? JsonKind::object : JsonKind::array;
      open_.push_back(node);
      containers_.push_back(open_.size() - 1);
      if (text_[*tokens_] == (is_object ? '}' : ']')) {
        ++tokens_;
        return end_container();
      }
      node = {};
      if (is_object && !read_name(node)) return false;
    }
  }

  bool read_name(JsonNode& node) {
    if (tokens_ == tokens_end_ || text_[*tokens_] != '"') return false;
    char* first = text_ + *tokens_ + 1;
    size_t bytes = 0;
    if (!read_text(first, bytes)) return false;
    ++tokens_;
    if (tokens_ == tokens_end_ || text_[*tokens_++] != ':') return false;
    node.name = first;
    node.name_bytes = static_cast<uint32_t>(bytes);
    node.name_hash = json_name_hash(first, bytes);
    return true;
  }

  // The string whose opening quote is the current token: between its closing quote and the next token stand spaces
  // only, so that the end is found backwards.
  bool read_text(char* first, size_t& bytes) {
    char* last = (tokens_ + 1 == tokens_end_ ? end_ : text_ + tokens_[1]) - 1;
    while (last >= first && *last != '"') --last;
    if (last < first) return false;
    if (next_escape_ < first) find_escape(first);
    char* end = last;
    if (next_escape_ < last) {
      end = unescape(next_escape_, last);
      if (!end) return false;
      find_escape(last);
    }
    bytes = static_cast<size_t>(end - first);
    return true;
  }

  bool read_scalar(char* at, JsonNode& node) {
    node.text = at;
    const char* end = nullptr;
    switch (*at) {
      case '"': {
        --tokens_;
        size_t bytes = 0;
        if (!read_text(at + 1, bytes)) return false;
        ++tokens_;
        node.kind = JsonKind::string;
        node.text = at + 1;
        node.size = static_cast<uint32_t>(bytes);
        open_.push_back(node);
        return true;
      }
      case 't':
      case 'f':
        node.kind = JsonKind::boolean;
        node.boolean = *at == 't';
        node.size = node.boolean ? 4 : 5;
        if (std::memcmp(at, node.boolean ? "true" : "false", node.size) != 0) return false;
        end = at + node.size;
        break;
      case 'n':
        node.kind = JsonKind::null;
        node.text = nullptr;
        if (std::memcmp(at, "null", 4) != 0) return false;
        end = at + 4;
        break;
      default:
        node.kind = JsonKind::number;
        end = number_end(at);
        if (!end) return false;
        node.size = static_cast<uint32_t>(end - at);
    }
    // A NUL byte inside the text is no end.
    if (!ends_scalar(*end) || (*end == '\0' && end != end_)) return false;
    open_.push_back(node);
    return true;
  }

  bool end_container() {
    size_t container = containers_.back();
    containers_.pop_back();
    size_t count = open_.size() - container - 1;
    JsonNode* children = nullptr;
    if (count != 0) {
      const JsonNode* first = open_.data() + container + 1;
      if (open_[container].kind == JsonKind::object && has_duplicate_names(first, count)) return false;
      children = arena_.allocate(count);
      std::memcpy(children, first, count * sizeof(JsonNode));
      open_.resize(container + 1);
    }
    JsonNode& node = open_.back();
    node.size = static_cast<uint32_t>(count);
    node.children = children;
    return true;
  }

  char* text_;
  char* end_;
  const uint32_t* tokens_;
  const uint32_t* tokens_end_;
  uint32_t depth_max_;
  JsonNodeArena& arena_;
  std::vector<JsonNode>& open_;
  std::vector<size_t>& containers_;
  char* next_escape_ = nullptr;
};

}  // namespace

struct JsonIndexReader::Index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;
};

JsonIndexReader::JsonIndexReader() : index_(std::make_unique<Index>()) {}
JsonIndexReader::JsonIndexReader(JsonIndexReader&&) noexcept = default;
JsonIndexReader& JsonIndexReader::operator=(JsonIndexReader&&) noexcept = default;
JsonIndexReader::~JsonIndexReader() = default;

bool JsonIndexReader::read(char* text, size_t bytes, uint32_t depth_max, JsonNodeArena& arena, JsonNode& root) {
  static_assert(kPaddingBytes >= simdjson::SIMDJSON_PADDING);
  if (bytes == 0 || bytes > kTextBytesMax) return false;
  if (bytes > index_->capacity) {
    constexpr size_t kCapacityMin = size_t{16} << 10;
    size_t capacity = std::max(kCapacityMin, bytes + bytes / 2);
    index_->capacity = 0;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, index_->parser))
      return false;
    index_->capacity = capacity;
  }
  auto& parser = *index_->parser;
  if (parser.stage1(reinterpret_cast<const uint8_t*>(text), bytes, simdjson::stage1_mode::regular)) return false;
  TreeWalk walk(text, bytes, parser.structural_indexes.get(), parser.n_structural_indexes, depth_max, arena, open_,
                containers_);
  return walk.run(root);
}

}  // namespace authledger
