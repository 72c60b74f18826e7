#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules.h"

// What agrees with what: codes, families, programs, providers, places. Pure.

namespace authledger {

struct CodeMatch {
  int rank = 0;      // 0 exact, 1 family, 2 program: lower is chosen first.
  std::string rule;  // "exact code", "family 90837", "program iop": for people who ask why.
  // A program whose unit is a day: one draw a day, whatever the component lines count. Empty for others.
  std::string day_program = {};
};

// Whether a line with `line_codes` and `line_program` covers a service with `codes` and `program` for `payer`. Only an
// equal code is exact; a family, program, revenue code or range counts only where a rule names it, and a program only
// for a line that was approved for the program as such.
std::optional<CodeMatch> match_code(const std::vector<std::string>& line_codes, const std::string& line_program,
                                    const std::string& payer, const std::vector<std::string>& codes,
                                    const std::string& program, const Rules& rules);

// Whether two records can be of one service by their codes: a common code, family or program, or one of the two states
// none. Words that are neither CPT nor HCPCS and have no rule are local visit types and state no code.
bool codes_agree(const std::vector<std::string>& a, const std::vector<std::string>& b, const Rules& rules);

// Whether the code says what was done: it has a rule or the form of CPT, HCPCS or a revenue code.
bool is_service_code(const std::string& code, const Rules& rules);

// Whether a rule's list of codes and ranges ("97151-97158") names one of the codes.
bool lists_any(const std::vector<std::string>& listed, const std::vector<std::string>& codes);

bool have_common_code(const std::vector<std::string>& a, const std::vector<std::string>& b);

// False only when both are stated in comparable form (same resource type, or both plain text) and differ: an
// organization says nothing about a practitioner.
bool references_agree(std::string_view a, std::string_view b);

// "905" is revenue code "0905": systems drop the leading zero.
std::string normalize_code(std::string code);

}  // namespace authledger
