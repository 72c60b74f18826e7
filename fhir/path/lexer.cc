#include "fhir/path/lexer.h"

#include <fmt/format.h>

#include "fhir/path/temporal.h"
#include "fhir/path/utf8.h"

namespace authledger {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>, PathError> read() {
    std::vector<Token> tokens;
    while (true) {
      if (!skip_space()) return error();
      Token token;
      token.offset = static_cast<uint32_t>(at_);
      if (at_ >= text_.size()) {
        tokens.push_back(token);
        return tokens;
      }
      if (!read_token(token)) return error();
      tokens.push_back(std::move(token));
    }
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  PathError error() const { return error_at(text_, static_cast<uint32_t>(error_at_), message_); }
  bool fail(size_t offset, std::string message) {
    error_at_ = offset;
    message_ = std::move(message);
    return false;
  }

  bool skip_space() {
    while (at_ < text_.size()) {
      char c = peek();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && peek() != '\n') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return fail(at_, "this comment has no end; close it with */");
        at_ = end + 2;
      } else {
        break;
      }
    }
    return true;
  }

  bool read_token(Token& token) {
    char c = peek();
    if (is_letter(c)) {
      token.kind = TokenKind::identifier;
      while (is_letter(peek()) || is_digit(peek())) token.text += text_[at_++];
      return true;
    }
    if (is_digit(c)) return read_number(token);
    switch (c) {
      case '\'':
        token.kind = TokenKind::string;
        return read_quoted('\'', token.text);
      case '`':
        token.kind = TokenKind::delimited_identifier;
        return read_quoted('`', token.text);
      case '@':
        return read_temporal(token);
      case '%':
        return read_external(token);
      case '$':
        token.kind = TokenKind::dollar;
        ++at_;
        while (is_letter(peek())) token.text += text_[at_++];
        return true;
      default:
        return read_symbol(token);
    }
  }

  bool read_number(Token& token) {
    token.kind = TokenKind::integer;
    // Leading zeros say nothing, and JSON knows none.
    while (peek() == '0' && is_digit(peek(1))) ++at_;
    while (is_digit(peek())) token.text += text_[at_++];
    if (peek() == '.' && is_digit(peek(1))) {
      token.kind = TokenKind::decimal;
      token.text += text_[at_++];
      while (is_digit(peek())) token.text += text_[at_++];
    } else if (peek() == 'L' && !is_letter(peek(1)) && !is_digit(peek(1))) {
      token.kind = TokenKind::long_integer;
      ++at_;
    }
    return true;
  }

  bool read_quoted(char quote, std::string& out) {
    size_t start = at_++;
    while (at_ < text_.size() && peek() != quote) {
      if (peek() != '\\') {
        out += text_[at_++];
        continue;
      }
      if (!read_escape(out)) return false;
    }
    if (at_ >= text_.size()) return fail(start, fmt::format("this text has no end; close it with {}", quote));
    ++at_;
    return true;
  }

  bool read_escape(std::string& out) {
    char c = peek(1);
    if (c == 'u') {
      uint32_t code = 0;
      if (!read_hex(at_ + 2, code)) return fail(at_, "\\u needs four hexadecimal digits");
      at_ += 6;
      uint32_t low = 0;
      if (code >= 0xD800 && code < 0xDC00 && peek() == '\\' && peek(1) == 'u' && read_hex(at_ + 2, low) &&
          low >= 0xDC00 && low < 0xE000) {
        at_ += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      }
      if (code == 0 || (code >= 0xD800 && code < 0xE000)) return fail(at_, "this escape is no character");
      append_utf8(out, code);
      return true;
    }
    constexpr std::string_view kEscapes = "`'\\/fnrt\"";
    constexpr std::string_view kMeanings = "`'\\/\f\n\r\t\"";
    size_t found = c == '\0' ? std::string_view::npos : kEscapes.find(c);
    if (found == std::string_view::npos)
      return fail(at_, "unknown escape; known are \\` \\' \\\" \\\\ \\/ \\f \\n \\r \\t \\uXXXX");
    out += kMeanings[found];
    at_ += 2;
    return true;
  }

  bool read_hex(size_t at, uint32_t& code) const {
    if (at + 4 > text_.size()) return false;
    code = 0;
    for (size_t i = at; i < at + 4; ++i) {
      char c = text_[i];
      uint32_t digit = 0;
      if (is_digit(c))
        digit = static_cast<uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        digit = static_cast<uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        digit = static_cast<uint32_t>(c - 'A' + 10);
      else
        return false;
      code = code * 16 + digit;
    }
    return true;
  }

  bool read_temporal(Token& token) {
    size_t start = at_++;
    if (peek() == 'T') {
      token.kind = TokenKind::time;
      token.text += text_[at_++];
      take_while(token.text, ":.");
    } else {
      take_while(token.text, "-");
      token.kind = TokenKind::date;
      if (peek() == 'T') {
        token.kind = TokenKind::date_time;
        token.text += text_[at_++];
        take_while(token.text, ":.");
      }
    }
    if (peek() == 'Z') {
      token.text += text_[at_++];
    } else if (token.kind != TokenKind::date && (peek() == '+' || peek() == '-') && is_digit(peek(1)) &&
               is_digit(peek(2)) && peek(3) == ':') {
      token.text += text_[at_++];
      take_while(token.text, ":");
    }
    // A member call may follow directly: @2014-01.lowBoundary()
    while (token.text.ends_with('.')) {
      token.text.pop_back();
      --at_;
    }
    bool is_valid = token.kind == TokenKind::time   ? parse_time(token.text).has_value()
                    : token.kind == TokenKind::date ? parse_date(token.text).has_value()
                                                    : parse_date_time(token.text).has_value();
    if (!is_valid)
      return fail(start, "not a date or time that exists; write @2026-03-01, @2026-03-01T14:30:00Z or @T14:30");
    return true;
  }
  void take_while(std::string& out, std::string_view marks) {
    while (is_digit(peek()) || (peek() != '\0' && marks.find(peek()) != std::string_view::npos)) {
      // The point before a function name ends the literal.
      if (peek() == '.' && !is_digit(peek(1))) return;
      out += text_[at_++];
    }
  }

  bool read_external(Token& token) {
    size_t start = at_++;
    token.kind = TokenKind::external;
    if (peek() == '`') return read_quoted('`', token.text);
    if (peek() == '\'') return read_quoted('\'', token.text);
    while (is_letter(peek()) || is_digit(peek()) || (peek() == '-' && is_letter(peek(1)))) token.text += text_[at_++];
    if (token.text.empty()) return fail(start, "% needs the name of a constant");
    return true;
  }

  bool read_symbol(Token& token) {
    constexpr std::string_view kPairs[] = {"<=", ">=", "!=", "!~"};
    token.kind = TokenKind::symbol;
    std::string_view rest = text_.substr(at_);
    for (std::string_view pair : kPairs) {
      if (rest.starts_with(pair)) {
        token.text = pair;
        at_ += 2;
        return true;
      }
    }
    constexpr std::string_view kSingles = "()[]{},.+-*/|&=~<>";
    if (kSingles.find(peek()) == std::string_view::npos) {
      return fail(at_, "this character has no meaning in FHIRPath here");
    }
    token.text = text_[at_++];
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t error_at_ = 0;
  std::string message_;
};

}  // namespace

Result<std::vector<Token>, PathError> read_tokens(std::string_view text) {
  return Lexer(text).read();
}

}  // namespace authledger
