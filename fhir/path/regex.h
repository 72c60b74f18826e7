#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace authledger {

inline constexpr size_t kRegexPatternBytesMax = 2000;
inline constexpr size_t kRegexInstructionsMax = 20'000;
inline constexpr size_t kRegexStepsMax = 1'000'000;
inline constexpr size_t kRegexStackMax = 100'000;
inline constexpr uint32_t kRegexGroupsMax = 50;

// Regular expressions as FHIRPath uses them (PCRE's common core): alternation, groups, greedy and lazy quantifiers,
// classes, \d \w \s \b, anchors, look-ahead; code points, "." matches line ends too. Matching counts its steps, so a
// pattern that blows up ends in an error instead of a hang. No back references.
// Source: FHIRPath 2.0, matches; single-line mode, case sensitive unless `ignores_case`.
class Regex {
 public:
  struct Match {
    size_t begin = 0, end = 0;                      // Bytes.
    std::vector<std::pair<size_t, size_t>> groups;  // npos, npos when a group took no part.
  };

  // Errors: where and why the pattern is not understood.
  static Result<Regex> compile(std::string_view pattern, bool ignores_case = false, bool multiline = false);

  // First match at or after `from`. Errors: the step limit.
  Result<std::optional<Match>> search(std::string_view text, size_t from = 0) const;
  Result<bool> matches_whole(std::string_view text) const;
  // Every match replaced; $1 … $9, $0 and ${name} stand for groups, \$ or $$ for a dollar.
  Result<std::string> replace_all(std::string_view text, std::string_view substitution, size_t bytes_max) const;

 private:
  friend class RegexParser;
  enum class Code : uint8_t {
    character,
    any,
    set,
    split,
    jump,
    save,
    begin,
    end,
    boundary,
    not_boundary,
    look,
    look_not,
    mark,      // Remembers where a round of a loop begins.
    progress,  // Ends a round that took nothing: another would take nothing either.
    accept
  };
  struct Range {
    uint32_t first, last;
  };
  struct Set {
    std::vector<Range> ranges;
    bool is_negated = false;
  };
  struct Instruction {
    Code code = Code::accept;
    uint32_t value = 0;  // Code point, set, group slot or first target.
    uint32_t other = 0;  // Second target of a split; end of a look-ahead.
  };

  Result<bool> run(std::string_view text, size_t at, uint32_t start, std::vector<size_t>& slots, size_t& steps,
                   bool whole) const;
  bool in_set(const Set& set, uint32_t code_point) const;
  // Begin and end of each group, then one for each loop.
  size_t slot_count() const { return (size_t{kRegexGroupsMax} + 1) * 2 + loops_; }

  std::vector<Instruction> program_;
  std::vector<Set> sets_;
  uint32_t loops_ = 0;                    // With marks.
  std::vector<std::string> group_names_;  // By group, from 1; "" when unnamed.
  bool ignores_case_ = false;
  bool multiline_ = false;
};

}  // namespace authledger
