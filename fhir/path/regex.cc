#include "fhir/path/regex.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/path/utf8.h"

namespace authledger {

// Recursive descent over the pattern's code points; emits a program for a backtracking machine with counted steps.
class RegexParser {
 public:
  RegexParser(std::u32string pattern, Regex& regex) : pattern_(std::move(pattern)), regex_(regex) {}

  bool parse() {
    emit(Regex::Code::save, 0);
    if (!alternatives()) return false;
    if (at_ < pattern_.size()) return fail("a closing parenthesis without its opening one");
    emit(Regex::Code::save, 1);
    emit(Regex::Code::accept);
    return true;
  }
  std::string problem() const { return fmt::format("position {}: {}", at_ + 1, problem_); }

 private:
  using Code = Regex::Code;

  bool fail(const char* problem) {
    if (problem_.empty()) problem_ = problem;
    return false;
  }
  uint32_t emit(Code code, uint32_t value = 0, uint32_t other = 0) {
    regex_.program_.push_back({code, value, other});
    return static_cast<uint32_t>(regex_.program_.size() - 1);
  }
  uint32_t next_instruction() const { return static_cast<uint32_t>(regex_.program_.size()); }
  char32_t peek(size_t ahead = 0) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : 0; }
  bool is_end() const { return at_ >= pattern_.size(); }

  bool alternatives() {
    if (++depth_ > 50) return fail("groups nested too deep");
    uint32_t start = next_instruction();
    if (!sequence()) return false;
    std::vector<uint32_t> jumps;
    while (!is_end() && peek() == '|') {
      ++at_;
      insert_split(start);
      jumps.push_back(emit(Code::jump));
      regex_.program_[start].other = next_instruction();
      start = next_instruction();
      if (!sequence()) return false;
    }
    for (uint32_t jump : jumps) regex_.program_[jump].value = next_instruction();
    --depth_;
    return true;
  }

  // Puts a split before the instructions from `start` on; targets behind it move by one.
  void insert_split(uint32_t start) {
    for (uint32_t i = start; i < next_instruction(); ++i) {
      auto& instruction = regex_.program_[i];
      bool has_targets = instruction.code == Code::split || instruction.code == Code::jump;
      if (has_targets && instruction.value >= start) ++instruction.value;
      if ((has_targets || instruction.code == Code::look || instruction.code == Code::look_not) &&
          instruction.other >= start)
        ++instruction.other;
    }
    regex_.program_.insert(regex_.program_.begin() + start, {Code::split, start + 1, 0});
  }

  bool sequence() {
    while (!is_end() && peek() != '|' && peek() != ')') {
      uint32_t start = next_instruction();
      if (!atom() || !quantifiers(start)) return false;
      if (regex_.program_.size() > kRegexInstructionsMax) return fail("the pattern is too large");
    }
    return true;
  }

  bool quantifiers(uint32_t start) {
    size_t least = 0, most = 0;
    constexpr size_t kUnbounded = SIZE_MAX;
    if (is_end()) return true;
    if (peek() == '*')
      least = 0, most = kUnbounded, ++at_;
    else if (peek() == '+')
      least = 1, most = kUnbounded, ++at_;
    else if (peek() == '?')
      least = 0, most = 1, ++at_;
    else if (peek() == '{' && peek(1) >= '0' && peek(1) <= '9') {
      ++at_;
      if (!number(least)) return false;
      most = least;
      if (peek() == ',') {
        ++at_;
        most = kUnbounded;
        if (peek() != '}' && !number(most)) return false;
      }
      if (peek() != '}') return fail("a quantifier without its closing brace");
      ++at_;
      if (most < least) return fail("a quantifier whose maximum is below its minimum");
    } else {
      return true;
    }
    bool is_lazy = peek() == '?';
    if (is_lazy || peek() == '+') ++at_;
    if (!is_end() && (peek() == '*' || peek() == '+' || peek() == '?')) return fail("a quantifier after a quantifier");
    std::vector<Regex::Instruction> body(regex_.program_.begin() + start, regex_.program_.end());
    regex_.program_.resize(start);
    for (size_t i = 0; i < least; ++i) {
      if (!copy(body, start)) return false;
    }
    if (most == kUnbounded) {
      uint32_t split = emit(Code::split);
      uint32_t body_start = next_instruction();
      bool is_plain = body.size() == 1 &&
                      (body[0].code == Code::character || body[0].code == Code::any || body[0].code == Code::set);
      uint32_t slot = (kRegexGroupsMax + 1) * 2 + regex_.loops_;
      if (!is_plain) {
        emit(Code::mark, slot);
        ++regex_.loops_;
      }
      if (!copy(body, start)) return false;
      if (!is_plain) emit(Code::progress, slot);
      emit(Code::jump, split);
      set_split(split, body_start, next_instruction(), is_lazy);
      return true;
    }
    std::vector<uint32_t> splits;
    for (size_t i = least; i < most; ++i) {
      splits.push_back(emit(Code::split));
      if (!copy(body, start)) return false;
    }
    for (uint32_t split : splits) set_split(split, split + 1, next_instruction(), is_lazy);
    return true;
  }
  void set_split(uint32_t split, uint32_t inside, uint32_t after, bool is_lazy) {
    regex_.program_[split].value = is_lazy ? after : inside;
    regex_.program_[split].other = is_lazy ? inside : after;
  }
  bool copy(const std::vector<Regex::Instruction>& body, uint32_t from) {
    uint32_t shift = next_instruction() - from;
    if (regex_.program_.size() + body.size() > kRegexInstructionsMax) return fail("the pattern is too large");
    for (Regex::Instruction instruction : body) {
      bool has_targets = instruction.code == Code::split || instruction.code == Code::jump;
      if (has_targets) instruction.value += shift;
      if (has_targets || instruction.code == Code::look || instruction.code == Code::look_not)
        instruction.other += shift;
      regex_.program_.push_back(instruction);
    }
    return true;
  }
  bool number(size_t& out) {
    out = 0;
    if (peek() < '0' || peek() > '9') return fail("expected a number in a quantifier");
    while (peek() >= '0' && peek() <= '9') {
      out = out * 10 + (peek() - '0');
      if (out > 1000) return fail("a quantifier beyond 1000");
      ++at_;
    }
    return true;
  }

  bool atom() {
    char32_t c = peek();
    ++at_;
    switch (c) {
      case '.':
        emit(Code::any);
        return true;
      case '^':
        emit(Code::begin);
        return true;
      case '$':
        emit(Code::end);
        return true;
      case '[':
        return set();
      case '(':
        return group();
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        --at_;
        return fail("a quantifier with nothing before it");
      default:
        emit(Code::character, c);
        return true;
    }
  }

  bool group() {
    uint32_t slot = 0;
    bool captures = true;
    if (peek() == '?') {
      ++at_;
      char32_t kind = peek();
      ++at_;
      if (kind == ':') {
        captures = false;
      } else if (kind == '=' || kind == '!') {
        uint32_t look = emit(kind == '=' ? Code::look : Code::look_not);
        if (!alternatives()) return false;
        emit(Code::accept);
        regex_.program_[look].other = next_instruction();
        return close();
      } else if (kind == '<' && peek() != '=' && peek() != '!') {
        regex_.group_names_.emplace_back();
        while (!is_end() && peek() != '>') append_utf8(regex_.group_names_.back(), pattern_[at_++]);
        ++at_;
        slot = static_cast<uint32_t>(regex_.group_names_.size());
      } else {
        return fail("this kind of group is not supported");
      }
    }
    if (!captures) return alternatives() && close();
    if (slot == 0) {
      regex_.group_names_.emplace_back();
      slot = static_cast<uint32_t>(regex_.group_names_.size());
    }
    if (slot > kRegexGroupsMax) return fail("more than 50 groups");
    emit(Code::save, slot * 2);
    if (!alternatives()) return false;
    emit(Code::save, slot * 2 + 1);
    return close();
  }
  bool close() {
    if (is_end() || peek() != ')') return fail("a group without its closing parenthesis");
    ++at_;
    return true;
  }

  static bool class_ranges(char32_t c, std::vector<Regex::Range>& ranges, bool& is_negated) {
    is_negated = c == 'D' || c == 'W' || c == 'S';
    switch (c) {
      case 'd':
      case 'D':
        ranges = {{'0', '9'}};
        return true;
      case 'w':
      case 'W':
        ranges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
        return true;
      case 's':
      case 'S':
        ranges = {{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}};
        return true;
      default:
        return false;
    }
  }

  bool escaped_character(char32_t c, uint32_t& out) {
    switch (c) {
      case 'n':
        out = '\n';
        return true;
      case 'r':
        out = '\r';
        return true;
      case 't':
        out = '\t';
        return true;
      case 'f':
        out = '\f';
        return true;
      case 'v':
        out = '\v';
        return true;
      case 'x':
        return hex(2, out);
      case 'u':
        return hex(4, out);
      default:
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
          return fail("an escape that is not supported");
        out = c;
        return true;
    }
  }
  bool hex(int digits, uint32_t& out) {
    out = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      char32_t c = peek();
      if (c >= '0' && c <= '9')
        out = out * 16 + (c - '0');
      else if (c >= 'a' && c <= 'f')
        out = out * 16 + (c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        out = out * 16 + (c - 'A' + 10);
      else
        return fail("expected hexadecimal digits");
    }
    return true;
  }

  bool escape() {
    if (is_end()) return fail("a backslash at the end");
    char32_t c = peek();
    ++at_;
    if (c == 'b' || c == 'B') {
      emit(c == 'b' ? Code::boundary : Code::not_boundary);
      return true;
    }
    Regex::Set found;
    if (class_ranges(c, found.ranges, found.is_negated)) {
      regex_.sets_.push_back(std::move(found));
      emit(Code::set, static_cast<uint32_t>(regex_.sets_.size() - 1));
      return true;
    }
    uint32_t code = 0;
    if (!escaped_character(c, code)) return false;
    emit(Code::character, code);
    return true;
  }

  bool set() {
    Regex::Set result;
    if (peek() == '^') {
      result.is_negated = true;
      ++at_;
    }
    bool is_first = true;
    while (!is_end() && (peek() != ']' || is_first)) {
      is_first = false;
      uint32_t first = peek();
      ++at_;
      if (first == '\\') {
        char32_t c = peek();
        ++at_;
        std::vector<Regex::Range> ranges;
        bool is_negated = false;
        if (class_ranges(c, ranges, is_negated)) {
          uint32_t from = 0;
          for (const Regex::Range& range : ranges) {
            if (!is_negated)
              result.ranges.push_back(range);
            else if (range.first > from)
              result.ranges.push_back({from, range.first - 1});
            from = range.last + 1;
          }
          if (is_negated) result.ranges.push_back({from, 0x10FFFF});
          continue;
        }
        if (!escaped_character(c, first)) return false;
      }
      uint32_t last = first;
      if (peek() == '-' && peek(1) != ']' && at_ + 1 < pattern_.size()) {
        ++at_;
        last = peek();
        ++at_;
        if (last == '\\') {
          char32_t c = peek();
          ++at_;
          if (!escaped_character(c, last)) return false;
        }
        if (last < first) return fail("a range that runs backwards");
      }
      result.ranges.push_back({first, last});
    }
    if (is_end()) return fail("a set without its closing bracket");
    ++at_;
    regex_.sets_.push_back(std::move(result));
    emit(Code::set, static_cast<uint32_t>(regex_.sets_.size() - 1));
    return true;
  }

  std::u32string pattern_;
  Regex& regex_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
};

Result<Regex> Regex::compile(std::string_view pattern, bool ignores_case, bool multiline) {
  if (pattern.size() > kRegexPatternBytesMax)
    return Failure{fmt::format("a regular expression longer than {} bytes", kRegexPatternBytesMax)};
  Regex regex;
  regex.ignores_case_ = ignores_case;
  regex.multiline_ = multiline;
  std::u32string points;
  for (size_t at = 0; at < pattern.size();) points += static_cast<char32_t>(next_code_point(pattern, at));
  RegexParser parser(std::move(points), regex);
  if (!parser.parse()) return Failure{"the regular expression is not understood at " + parser.problem()};
  return regex;
}

}  // namespace authledger
