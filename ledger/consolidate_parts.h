#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/consolidate.h"
#include "ledger/payers.h"

// The steps of `consolidate`, one file each. Internal to it.

namespace authledger {

// What every step looks at.
struct ConsolidationInput {
  std::span<const Fact> facts;
  std::span<const Fact> history;
  const Policy& policy;
  const PayerNames& payers;
  const std::vector<CoverageSpan>& coverages;  // Ordered by (source, reference).
};

Provenance provenance_of(const Fact& fact);
// nullptr when the source has no such coverage.
const CoverageSpan* find_coverage(const std::vector<CoverageSpan>& coverages, std::string_view source,
                                  std::string_view reference);

std::vector<AuthorizationLine> consolidate_lines(const ConsolidationInput& input, std::vector<Conflict>& conflicts);
// `only_payer` stands in, for the rules, where a service names no coverage.
std::vector<Service> consolidate_services(const ConsolidationInput& input, const std::string& only_payer);

}  // namespace authledger
