#include "ledger/unknown_codes.h"

#include <algorithm>

#include "ledger/match.h"

namespace authledger {
namespace {

bool is_known(const std::vector<std::string>& codes, const Consolidated& subject, const Rules& rules) {
  const auto lists_one = [&codes](const auto& rule) { return lists_any(rule.codes, codes); };
  return std::any_of(codes.begin(), codes.end(),
                     [&rules](const std::string& code) { return is_service_code(code, rules); }) ||
         std::any_of(rules.families.begin(), rules.families.end(), lists_one) ||
         std::any_of(rules.programs.begin(), rules.programs.end(), lists_one) ||
         std::any_of(rules.payers.begin(), rules.payers.end(), lists_one) ||
         std::any_of(subject.lines.begin(), subject.lines.end(),
                     [&codes](const AuthorizationLine& line) { return have_common_code(line.service_codes, codes); });
}

}  // namespace

void UnknownCodes::add(const Consolidated& subject, const Rules& rules) {
  for (const Service& service : subject.services) {
    const bool counts = service.state == ServiceState::rendered || service.state == ServiceState::in_progress ||
                        service.state == ServiceState::planned;
    if (!counts || service.sources.empty() || !service.program.empty()) continue;
    if (is_known(service.service_codes, subject, rules)) continue;
    const Provenance& leading = service.sources.front();
    const std::string type = leading.resource.substr(0, leading.resource.find('/'));
    const std::string code = service.service_codes.empty() ? std::string() : service.service_codes.front();
    UnknownCode& found = codes_[{leading.source, type, code}];
    if (found.services++ == 0) found = {leading.source, type, code, 1, service.day};
    found.last_day = std::max(found.last_day, service.day);
  }
}

std::vector<UnknownCode> UnknownCodes::by_frequency() const {
  std::vector<UnknownCode> rows;
  for (const auto& [key, code] : codes_) rows.push_back(code);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const UnknownCode& a, const UnknownCode& b) { return a.services > b.services; });
  return rows;
}

}  // namespace authledger
