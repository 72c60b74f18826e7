#include <fmt/format.h>

#include <algorithm>

#include "fhir/path/regex.h"
#include "fhir/path/utf8.h"

// The machine that runs a compiled pattern: backtracking on an explicit stack, so neither a pattern nor a text can
// exhaust the process's own; every instruction counts towards kRegexStepsMax.

namespace authledger {
namespace {

constexpr size_t kNowhere = std::string::npos;

uint32_t fold(uint32_t c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}
bool is_word(std::string_view text, size_t at) {
  if (at >= text.size()) return false;
  char c = text[at];
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

}  // namespace

bool Regex::in_set(const Set& set, uint32_t code_point) const {
  auto has = [&](uint32_t c) {
    return std::any_of(set.ranges.begin(), set.ranges.end(),
                       [&](const Range& range) { return c >= range.first && c <= range.last; });
  };
  bool is_in = has(code_point);
  if (!is_in && ignores_case_) {
    if (code_point >= 'a' && code_point <= 'z') is_in = has(code_point - 'a' + 'A');
    if (code_point >= 'A' && code_point <= 'Z') is_in = has(code_point - 'A' + 'a');
  }
  return is_in != set.is_negated;
}

Result<bool> Regex::run(std::string_view text, size_t at, uint32_t start, std::vector<size_t>& slots, size_t& steps,
                        bool whole) const {
  struct Choice {
    uint32_t instruction;  // kRestore: put `position` back into slot `slot`.
    uint32_t slot;
    size_t position;
  };
  constexpr uint32_t kRestore = 0xFFFFFFFF;
  std::vector<Choice> choices{{start, 0, at}};
  while (!choices.empty()) {
    Choice choice = choices.back();
    choices.pop_back();
    if (choice.instruction == kRestore) {
      slots[choice.slot] = choice.position;
      continue;
    }
    uint32_t pc = choice.instruction;
    size_t position = choice.position;
    bool is_alive = true;
    while (is_alive) {
      if (++steps > kRegexStepsMax)
        return Failure{fmt::format("the regular expression took more than {} steps", kRegexStepsMax)};
      if (choices.size() > kRegexStackMax)
        return Failure{fmt::format("the regular expression has more than {} open choices", kRegexStackMax)};
      const Instruction& instruction = program_[pc];
      switch (instruction.code) {
        case Code::character:
        case Code::any:
        case Code::set: {
          if (position >= text.size()) {
            is_alive = false;
            break;
          }
          uint32_t c = next_code_point(text, position);
          if (instruction.code == Code::character) {
            is_alive = c == instruction.value || (ignores_case_ && fold(c) == fold(instruction.value));
          } else if (instruction.code == Code::set) {
            is_alive = in_set(sets_[instruction.value], c);
          }
          ++pc;
          break;
        }
        case Code::split:
          choices.push_back({instruction.other, 0, position});
          pc = instruction.value;
          break;
        case Code::jump:
          pc = instruction.value;
          break;
        case Code::mark:
        case Code::save:
          choices.push_back({kRestore, instruction.value, slots[instruction.value]});
          slots[instruction.value] = position;
          ++pc;
          break;
        case Code::progress:
          is_alive = position != slots[instruction.value];
          ++pc;
          break;
        case Code::begin:
          is_alive = position == 0 || (multiline_ && text[position - 1] == '\n');
          ++pc;
          break;
        case Code::end:
          is_alive = position == text.size() || (multiline_ && text[position] == '\n');
          ++pc;
          break;
        case Code::boundary:
        case Code::not_boundary: {
          bool is_boundary = (position > 0 && is_word(text, position - 1)) != is_word(text, position);
          is_alive = is_boundary == (instruction.code == Code::boundary);
          ++pc;
          break;
        }
        case Code::look:
        case Code::look_not: {
          std::vector<size_t> inner = slots;
          auto found = run(text, position, pc + 1, inner, steps, false);
          if (!found) return found.error();
          is_alive = *found == (instruction.code == Code::look);
          pc = instruction.other;
          break;
        }
        case Code::accept:
          if (!whole || position == text.size()) return true;
          is_alive = false;
          break;
      }
    }
  }
  return false;
}

Result<std::optional<Regex::Match>> Regex::search(std::string_view text, size_t from) const {
  size_t steps = 0;
  for (size_t at = from; at <= text.size();) {
    std::vector<size_t> slots(slot_count(), kNowhere);
    auto found = run(text, at, 0, slots, steps, false);
    if (!found) return found.error();
    if (*found) {
      Match match{slots[0], slots[1], {}};
      for (size_t group = 1; group <= group_names_.size(); ++group)
        match.groups.emplace_back(slots[group * 2], slots[group * 2 + 1]);
      return std::optional<Match>(std::move(match));
    }
    if (at == text.size()) break;
    next_code_point(text, at);
  }
  return std::optional<Match>();
}

Result<bool> Regex::matches_whole(std::string_view text) const {
  size_t steps = 0;
  std::vector<size_t> slots(slot_count(), kNowhere);
  return run(text, 0, 0, slots, steps, true);
}

Result<std::string> Regex::replace_all(std::string_view text, std::string_view substitution, size_t bytes_max) const {
  std::string result;
  size_t at = 0;
  size_t matches = 0;
  while (at <= text.size()) {
    auto found = search(text, at);
    if (!found) return found.error();
    if (!*found) break;
    if (++matches > 10'000) return Failure{"more than 10000 places to replace"};
    const Match& match = **found;
    result.append(text.substr(at, match.begin - at));
    auto append_group = [&](size_t group) {
      if (group == 0)
        result.append(text.substr(match.begin, match.end - match.begin));
      else if (group <= match.groups.size() && match.groups[group - 1].second != kNowhere) {
        result.append(
            text.substr(match.groups[group - 1].first, match.groups[group - 1].second - match.groups[group - 1].first));
      }
    };
    for (size_t i = 0; i < substitution.size(); ++i) {
      char c = substitution[i];
      char next = i + 1 < substitution.size() ? substitution[i + 1] : '\0';
      if ((c == '\\' || c == '$') && (next == '$' || (c == '\\' && next == '\\'))) {
        result += next;
        ++i;
      } else if (c == '$' && next >= '0' && next <= '9') {
        append_group(static_cast<size_t>(next - '0'));
        ++i;
      } else if (c == '$' && next == '{') {
        size_t close = substitution.find('}', i);
        if (close == std::string_view::npos) return Failure{"${ without } in a replacement"};
        std::string_view name = substitution.substr(i + 2, close - i - 2);
        for (size_t group = 0; group < group_names_.size(); ++group) {
          if (group_names_[group] == name) append_group(group + 1);
        }
        i = close;
      } else {
        result += c;
      }
    }
    if (result.size() > bytes_max) return Failure{fmt::format("the replaced text grew beyond {} bytes", bytes_max)};
    at = match.end;
    if (match.end == match.begin) {
      if (at >= text.size()) return result;
      size_t next = at;
      next_code_point(text, next);
      result.append(text.substr(at, next - at));
      at = next;
    }
  }
  if (at < text.size()) result.append(text.substr(at));
  return result;
}

}  // namespace authledger
