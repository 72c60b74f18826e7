#include <fmt/format.h>

#include "base/text.h"
#include "fhir/path/evaluator.h"
#include "fhir/path/utf8.h"

// Source: FHIRPath 2.0, section 5.6; 3.0, encode, decode, escape, unescape, split, join, trim, lastIndexOf,
// matchesFull. Positions and lengths count characters (code points).

namespace authledger {
namespace {

bool is_ascii(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

// Byte offset of the character at `index`; the end when there are fewer.
size_t byte_offset(std::string_view text, int64_t index) {
  if (is_ascii(text)) return std::min(static_cast<size_t>(index), text.size());
  size_t at = 0;
  while (index-- > 0 && at < text.size()) next_code_point(text, at);
  return at;
}

// Upper and lower case of ASCII and of the Latin-1, Greek and Cyrillic letters that names use.
std::string change_case(std::string_view text, bool is_upper) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    uint32_t c = next_code_point(text, at);
    bool is_lower_letter = (c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) ||
                           (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F);
    bool is_upper_letter = (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
                           (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F);
    if (is_upper && is_lower_letter) c -= 32;
    if (!is_upper && is_upper_letter) c += 32;
    append_utf8(result, c);
  }
  return result;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64(std::string_view text, std::string_view alphabet) {
  std::string result;
  for (size_t i = 0; i < text.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = (group << 8) | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) result += i + j <= text.size() ? alphabet[(group >> (18 - 6 * j)) & 63] : '=';
  }
  return result;
}

std::optional<std::string> from_base64(std::string_view text, std::string_view alphabet) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string result;
  uint32_t group = 0;
  int bits = 0;
  for (char c : text) {
    size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = (group << 6) | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      result += static_cast<char>((group >> bits) & 0xFF);
    }
  }
  return result;
}

std::optional<std::string> from_hex(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (text.size() % 2 != 0) return std::nullopt;
  std::string lowered = lower_case(text), result;
  for (size_t i = 0; i < lowered.size(); i += 2) {
    size_t high = kHex.find(lowered[i]), low = kHex.find(lowered[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
  }
  return result;
}

std::string escape_json(std::string_view text) {
  std::string quoted = JsonWriter().string(text).take();
  return quoted.substr(1, quoted.size() - 2);
}

std::string escape_html(std::string_view text) {
  std::string result;
  for (char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string unescape_html(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&apos;", "'"}, {"&amp;", "&"}};
  std::string result;
  for (size_t i = 0; i < text.size();) {
    bool is_entity = false;
    for (const auto& [entity, meaning] : kEntities) {
      if (text.substr(i).starts_with(entity)) {
        result += meaning;
        i += entity.size();
        is_entity = true;
        break;
      }
    }
    if (!is_entity) result += text[i++];
  }
  return result;
}

}  // namespace

bool PathEvaluator::string_function(Call node, const PathScope& scope, std::span<const PathValue> input,
                                    PathValues& out) {
  using F = PathFunction;
  auto push_string = [&](std::string_view text) { return push_text(node, ValueKind::string, text, out); };
  auto push_number = [&](int64_t number) { return push_text(node, ValueKind::integer, std::to_string(number), out); };
  auto answer = [&](bool value) { return push(node, boolean_value(value), out); };
  if (node.function == F::join) {
    std::optional<std::string_view> separator;
    if (!node.arguments.empty() && !evaluate_text(node, node.arguments[0], scope, separator)) return false;
    std::string result;
    bool is_first = true;
    for (const PathValue& value : input) {
      if (value.kind == ValueKind::none) continue;
      if (value.kind != ValueKind::string)
        return fail(node, fmt::format("join() needs strings, found {}", kind_name(value)));
      if (!is_first) result += separator.value_or("");
      is_first = false;
      result += value.text;
      if (result.size() > kPathTextBytesMax) break;
    }
    return push_string(result);
  }
  std::optional<PathValue> value;
  if (!single_input(node, input, value)) return false;
  if (!value) return true;
  if (value->kind != ValueKind::string)
    return fail(node, fmt::format("{}() needs a string, found {}", node.text, kind_name(*value)));
  std::string_view text = value->text;
  if (!step(node, text.size() / 64)) return false;
  switch (node.function) {
    case F::length:
      return push_number(static_cast<int64_t>(count_characters(text)));
    case F::upper:
      return push_string(change_case(text, true));
    case F::lower:
      return push_string(change_case(text, false));
    case F::trim:
      return push_string(trim(text));
    case F::to_chars:
      for (size_t at = 0; at < text.size();) {
        size_t start = at;
        next_code_point(text, at);
        if (!push_string(text.substr(start, at - start))) return false;
      }
      return true;
    case F::substring: {
      std::optional<int64_t> start, length;
      if (!evaluate_integer(node, node.arguments[0], scope, start)) return false;
      if (node.arguments.size() > 1 && !evaluate_integer(node, node.arguments[1], scope, length)) return false;
      if (!start || *start < 0) return true;
      size_t from = byte_offset(text, *start);
      if (from >= text.size()) return true;
      std::string_view rest = text.substr(from);
      if (length) rest = rest.substr(0, *length <= 0 ? 0 : byte_offset(rest, *length));
      return push_string(rest);
    }
    case F::matches:
    case F::matches_full:
    case F::replace_matches:
      return pattern_function(node, scope, text, out);
    case F::encode:
    case F::decode:
    case F::escape:
    case F::unescape:
      return coding_function(node, scope, text, out);
    default:
      break;
  }
  std::optional<std::string_view> other;
  if (!evaluate_text(node, node.arguments[0], scope, other)) return false;
  if (node.function == F::replace) {
    std::optional<std::string_view> substitution;
    if (!evaluate_text(node, node.arguments[1], scope, substitution)) return false;
    if (!other || !substitution) return true;
    if (text.size() * (substitution->size() + 1) > kPathTextBytesMax * 4)
      return fail(node, "replace() would make a text beyond the limit");
    if (!other->empty()) return push_string(replace_all(std::string(text), *other, *substitution));
    // An empty pattern surrounds every character.
    std::string result(*substitution);
    for (size_t at = 0; at < text.size();) {
      size_t start = at;
      next_code_point(text, at);
      result.append(text.substr(start, at - start)).append(*substitution);
    }
    return push_string(result);
  }
  if (!other) return true;
  switch (node.function) {
    case F::starts_with:
      return answer(text.starts_with(*other));
    case F::ends_with:
      return answer(text.ends_with(*other));
    case F::contains:
      return answer(text.find(*other) != std::string_view::npos);
    case F::index_of:
    case F::last_index_of: {
      size_t at = node.function == F::index_of ? text.find(*other) : text.rfind(*other);
      return push_number(at == std::string_view::npos ? -1
                                                      : static_cast<int64_t>(count_characters(text.substr(0, at))));
    }
    case F::split: {
      if (other->empty()) return push_string(text);
      size_t from = 0;
      while (true) {
        size_t to = text.find(*other, from);
        if (!push_string(text.substr(from, to == std::string_view::npos ? to : to - from))) return false;
        if (to == std::string_view::npos) return true;
        from = to + other->size();
      }
    }
    default:
      return fail(node, fmt::format("{}() is not supported", node.text));
  }
}

bool PathEvaluator::pattern_function(Call node, const PathScope& scope, std::string_view text, PathValues& out) {
  std::optional<std::string_view> pattern, substitution, flags;
  bool is_replacement = node.function == PathFunction::replace_matches;
  size_t flags_at = is_replacement ? 2 : 1;
  if (!evaluate_text(node, node.arguments[0], scope, pattern)) return false;
  if (is_replacement && !evaluate_text(node, node.arguments[1], scope, substitution)) return false;
  if (node.arguments.size() > flags_at && !evaluate_text(node, node.arguments[flags_at], scope, flags)) return false;
  if (!pattern || (is_replacement && !substitution)) return true;
  std::string_view flag_text = flags.value_or("");
  std::optional<Regex> own;
  const Regex* regex = node.regex.get();
  if (!regex) {
    auto compiled = Regex::compile(*pattern, flag_text.find('i') != std::string_view::npos,
                                   flag_text.find('m') != std::string_view::npos);
    if (!compiled) return fail(node, compiled.error().message);
    own = std::move(*compiled);
    regex = &*own;
  }
  if (is_replacement) {
    if (pattern->empty()) return push_text(node, ValueKind::string, text, out);
    auto result = regex->replace_all(text, *substitution, kPathTextBytesMax);
    if (!result) return fail(node, result.error().message);
    return push_text(node, ValueKind::string, *result, out);
  }
  if (node.function == PathFunction::matches_full) {
    auto result = regex->matches_whole(text);
    if (!result) return fail(node, result.error().message);
    return push(node, boolean_value(*result), out);
  }
  auto result = regex->search(text);
  if (!result) return fail(node, result.error().message);
  return push(node, boolean_value(result->has_value()), out);
}

bool PathEvaluator::coding_function(Call node, const PathScope& scope, std::string_view text, PathValues& out) {
  using F = PathFunction;
  std::optional<std::string_view> format;
  if (!evaluate_text(node, node.arguments[0], scope, format)) return false;
  if (!format) return true;
  auto push_result = [&](const std::optional<std::string>& result) {
    if (result && !is_utf8(*result)) return fail(node, fmt::format("{}() gave bytes that are no text", node.text));
    return !result || push_text(node, ValueKind::string, *result, out);
  };
  bool is_encode = node.function == F::encode;
  if (is_encode || node.function == F::decode) {
    if (*format == "hex") {
      std::string hex;
      for (char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return push_result(is_encode ? std::optional<std::string>(hex) : from_hex(text));
    }
    if (*format == "base64" || *format == "urlbase64") {
      std::string_view alphabet = *format == "base64" ? kBase64 : kUrlBase64;
      return push_result(is_encode ? std::optional<std::string>(to_base64(text, alphabet))
                                   : from_base64(text, alphabet));
    }
    return fail(node, fmt::format("{}() knows hex, base64 and urlbase64", node.text));
  }
  bool is_escape = node.function == F::escape;
  if (*format == "html") return push_result(is_escape ? escape_html(text) : unescape_html(text));
  if (*format == "json") {
    if (is_escape) return push_result(escape_json(text));
    JsonDocument document;
    auto parsed = document.parse("\"" + std::string(text) + "\"");
    return push_result(parsed && parsed->is_string() ? std::optional<std::string>(parsed->string()) : std::nullopt);
  }
  return fail(node, fmt::format("{}() knows html and json", node.text));
}

}  // namespace authledger
