#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/rules.h"
#include "ledger/facts.h"

namespace authledger {

// One name per payer of a subject, whatever its sources call it: the alias that the rules (and the payer directory in
// them) give for the payer or its display text, else the first payer (in text order) that shares the display text, else
// the payer as written.
class PayerNames {
 public:
  PayerNames(std::span<const Fact> facts, const Rules& rules);

  std::string canonical(std::string_view source, std::string_view payer, std::string_view display) const;

 private:
  const std::string* alias_of(std::string_view spelling) const;
  const std::string* directory_of(std::string_view source, std::string_view reference) const;

  const Rules* rules_;  // Outlives this object: both belong to one consolidation.
  std::vector<std::pair<std::string, std::string>> by_display_;  // Plain display text → payer, sorted.
};

// Whether `spelling`, as a person writes it into the config, names the payer of a line (`payer` as PayerNames gives it,
// `display` as a source writes it): as the ledger names it, an alias, a name or identifier of the payer directory, or
// the same name in other letters. A display text alone says nothing of a payer that the directory knows: two may share
// it.
bool names_payer(std::string_view spelling, std::string_view payer, std::string_view display, const Rules& rules);

}  // namespace authledger
