#include "ledger/payers.h"

#include <algorithm>

#include "base/text.h"

namespace authledger {
namespace {

std::string spelling_of(std::string_view text) {
  return lower_case(trim(text));
}

}  // namespace

PayerNames::PayerNames(std::span<const Fact> facts, const Rules& rules) : rules_(&rules) {
  for (const Fact& fact : facts) {
    std::string_view payer, display;
    if (const auto* coverage = std::get_if<CoverageFact>(&fact.body)) {
      payer = coverage->payer;
      display = coverage->payer_display;
    } else if (const auto* line = std::get_if<AuthorizationLineFact>(&fact.body)) {
      payer = line->payer;
      display = line->payer_display;
    }
    if (!payer.empty() && !display.empty()) by_display_.emplace_back(spelling_of(display), trim(payer));
  }
  std::sort(by_display_.begin(), by_display_.end());
  const auto same_display = [](const auto& a, const auto& b) { return a.first == b.first; };
  by_display_.erase(std::unique(by_display_.begin(), by_display_.end(), same_display), by_display_.end());
}

const std::string* PayerNames::alias_of(std::string_view spelling) const {
  if (rules_->payer_aliases.empty() || spelling.empty()) return nullptr;
  const auto found = rules_->payer_aliases.find(spelling_of(spelling));
  return found == rules_->payer_aliases.end() ? nullptr : &found->second;
}

std::string PayerNames::canonical(std::string_view payer, std::string_view display) const {
  if (const std::string* alias = alias_of(payer)) return *alias;
  if (const std::string* alias = alias_of(display)) return *alias;
  const std::string_view stated = payer.empty() ? display : payer;
  const std::string spelling = spelling_of(display.empty() ? payer : display);
  const auto found = std::lower_bound(by_display_.begin(), by_display_.end(), std::pair(spelling, std::string()));
  if (!spelling.empty() && found != by_display_.end() && found->first == spelling) return found->second;
  return std::string(trim(stated));
}

}  // namespace authledger
