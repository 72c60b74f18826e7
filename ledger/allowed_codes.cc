#include <set>

#include "ledger/allocate.h"
#include "ledger/match.h"

namespace authledger {

std::vector<AllowedCode> allowed_codes(const Consolidated& subject, const Policy& policy, Day today,
                                       const CoverageQuestion& question) {
  std::set<std::string> codes;
  const auto add = [&codes, &policy](const std::vector<std::string>& named) {
    for (const std::string& code : named) {
      if (is_service_code(code, policy.rules)) codes.insert(code);
    }
  };
  for (const AuthorizationLine& line : subject.lines) {
    add(line.service_codes);
    for (const CodeFamily& family : policy.rules.families) {
      const bool is_of_payer = family.payer.empty() || family.payer == line.payer;
      if (is_of_payer && have_common_code({family.authorized_code}, line.service_codes)) add(family.codes);
    }
    for (const ProgramRule& program : policy.rules.programs) {
      if (match_code(line.service_codes, line.program, line.payer, program.codes, program.program, policy.rules))
        add(program.codes);
    }
  }
  std::vector<AllowedCode> allowed;
  for (const std::string& code : codes) {
    CoverageQuestion of_code = question;
    of_code.code = code;
    allowed.push_back({code, check_coverage(subject, policy, today, of_code)});
  }
  return allowed;
}

}  // namespace authledger
