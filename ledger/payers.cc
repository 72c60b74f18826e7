#include "ledger/payers.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/payer_directory.h"

namespace authledger {
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
    if (!payer.empty() && !display.empty()) by_display_.emplace_back(plain_payer_name(display), trim(payer));
  }
  std::sort(by_display_.begin(), by_display_.end());
  const auto same_display = [](const auto& a, const auto& b) { return a.first == b.first; };
  by_display_.erase(std::unique(by_display_.begin(), by_display_.end(), same_display), by_display_.end());
}

const std::string* PayerNames::alias_of(std::string_view spelling) const {
  if (rules_->payer_aliases.empty() || spelling.empty()) return nullptr;
  auto found = rules_->payer_aliases.find(lower_case(trim(spelling)));
  if (found == rules_->payer_aliases.end()) found = rules_->payer_aliases.find(plain_payer_name(spelling));
  return found == rules_->payer_aliases.end() ? nullptr : &found->second;
}

const std::string* PayerNames::directory_of(std::string_view source, std::string_view reference) const {
  if (rules_->payer_aliases.empty() || reference.find('/') == std::string_view::npos) return nullptr;
  const auto found = rules_->payer_aliases.find(payer_reference_key(source, trim(reference)));
  return found == rules_->payer_aliases.end() ? nullptr : &found->second;
}

std::string PayerNames::canonical(std::string_view source, std::string_view payer, std::string_view display) const {
  if (const std::string* alias = alias_of(payer)) return *alias;
  if (const std::string* named = directory_of(source, payer)) return *named;
  if (const std::string* alias = alias_of(display)) return *alias;
  const std::string_view stated = payer.empty() ? display : payer;
  const std::string spelling = plain_payer_name(display.empty() ? payer : display);
  const auto found = std::lower_bound(by_display_.begin(), by_display_.end(), std::pair(spelling, std::string()));
  if (!spelling.empty() && found != by_display_.end() && found->first == spelling) return found->second;
  return std::string(trim(stated));
}

bool names_payer(std::string_view spelling, std::string_view payer, std::string_view display, const Rules& rules) {
  if (payer.empty() || trim(spelling).empty()) return false;
  const std::string meant = PayerNames({}, rules).canonical("", spelling, spelling);
  if (meant == payer) return true;
  const bool is_reference = meant.find('/') != std::string::npos || payer.find('/') != std::string_view::npos;
  if (!is_reference && plain_payer_name(meant) == plain_payer_name(payer)) return true;
  const bool is_in_directory = std::any_of(rules.payer_aliases.begin(), rules.payer_aliases.end(),
                                           [&](const auto& alias) { return alias.second == payer; });
  return !is_in_directory && !trim(display).empty() && plain_payer_name(spelling) == plain_payer_name(display);
}

}  // namespace authledger
