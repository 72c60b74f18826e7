#include "ledger/match.h"

#include <algorithm>

namespace authledger {
namespace {

bool contains(const std::vector<std::string>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// A listed code, or a range "97151-97158" whose ends have the same form.
bool lists(const std::vector<std::string>& listed, const std::string& code) {
  for (const std::string& entry : listed) {
    if (entry == code) return true;
    const size_t dash = entry.find('-');
    if (dash == std::string::npos || dash != code.size() || entry.size() != 2 * dash + 1) continue;
    const std::string_view low = std::string_view(entry).substr(0, dash);
    const std::string_view high = std::string_view(entry).substr(dash + 1);
    if (low <= code && code <= high) return true;
  }
  return false;
}

bool is_of_program(const ProgramRule& rule, const std::vector<std::string>& codes, const std::string& program) {
  return (!program.empty() && program == rule.program) || lists_any(rule.codes, codes);
}

// A line that was approved for a program: it names no code of its own, or one that stands for a whole program day. A
// line for "90837" does not accept the other codes of its program.
bool is_approved_for(const ProgramRule& rule, const std::vector<std::string>& line_codes, const std::string& program) {
  if (line_codes.empty()) return !program.empty() && program == rule.program;
  return rule.measure == "day" && lists_any(rule.codes, line_codes);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool lists_any(const std::vector<std::string>& listed, const std::vector<std::string>& codes) {
  return std::any_of(codes.begin(), codes.end(), [&](const std::string& code) { return lists(listed, code); });
}

bool have_common_code(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const std::string& code) { return contains(b, code); });
}

std::optional<CodeMatch> match_code(const std::vector<std::string>& line_codes, const std::string& line_program,
                                    const std::string& payer, const std::vector<std::string>& codes,
                                    const std::string& program, const Rules& rules) {
  if (have_common_code(line_codes, codes)) return CodeMatch{0, "exact code"};
  for (const CodeFamily& family : rules.families) {
    if (!family.payer.empty() && family.payer != payer) continue;
    if (contains(line_codes, family.authorized_code) && lists_any(family.codes, codes)) {
      return CodeMatch{1, "family " + family.authorized_code};
    }
  }
  for (const ProgramRule& rule : rules.programs) {
    if (is_approved_for(rule, line_codes, line_program) && is_of_program(rule, codes, program)) {
      return CodeMatch{2, "program " + rule.program, rule.measure == "day" ? rule.program : std::string()};
    }
  }
  if (!line_program.empty() && line_program == program && line_codes.empty()) {
    return CodeMatch{2, "program " + line_program};
  }
  return std::nullopt;
}

bool is_service_code(const std::string& code, const Rules& rules) {
  if (rules.codes.contains(code)) return true;
  if (code.size() == 3 || code.size() == 4) return std::all_of(code.begin(), code.end(), is_digit);  // Revenue code.
  if (code.size() != 5) return false;
  const bool is_cpt = std::all_of(code.begin(), code.end() - 1, is_digit) &&
                      (is_digit(code.back()) || (code.back() >= 'A' && code.back() <= 'Z'));
  const bool is_hcpcs =
      code.front() >= 'A' && code.front() <= 'Z' && std::all_of(code.begin() + 1, code.end(), is_digit);
  return is_cpt || is_hcpcs;
}

bool codes_agree(const std::vector<std::string>& a, const std::vector<std::string>& b, const Rules& rules) {
  const auto states_service = [&rules](const std::vector<std::string>& codes) {
    return std::any_of(codes.begin(), codes.end(),
                       [&rules](const std::string& code) { return is_service_code(code, rules); });
  };
  if (!states_service(a) || !states_service(b) || have_common_code(a, b)) return true;
  for (const CodeFamily& family : rules.families) {
    const auto is_of_family = [&family](const std::vector<std::string>& codes) {
      return contains(codes, family.authorized_code) || lists_any(family.codes, codes);
    };
    if (is_of_family(a) && is_of_family(b)) return true;
  }
  return false;
}

bool references_agree(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a == b) return true;
  const size_t slash_a = a.rfind('/'), slash_b = b.rfind('/');
  if ((slash_a == std::string_view::npos) != (slash_b == std::string_view::npos)) return true;
  if (slash_a == std::string_view::npos) return false;
  return a.substr(0, slash_a) != b.substr(0, slash_b);
}

std::string normalize_code(std::string code) {
  if (code.size() == 3 && std::all_of(code.begin(), code.end(), is_digit)) code.insert(code.begin(), '0');
  return code;
}

}  // namespace authledger
