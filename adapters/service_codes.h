#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/row.h"
#include "ledger/facts.h"

// Which service a row speaks of, and in what it counts.

namespace authledger {

// Service codes of a row, trimmed, upper-cased, without repetition, in this order of trust: service_codes (CPT, HCPCS
// and what a payer put there) and revenue_codes; local_codes or local_text that a value map translates; local_codes;
// local_text. A three-digit revenue code gets its leading zero back. Codes that say "no code" are left out. Where the
// mapping says coded_only, the last two do not count.
std::vector<std::string> read_service_codes(const Row& row);

// Adds the other end of a code range: the end itself and "START-END", which a rule may name (FHIR_FACTS a.1).
void add_code_range(const Row& row, std::vector<std::string>& codes);

// Trimmed, upper-cased, without repetition.
std::vector<std::string> read_codes(const Row& row, Field field);

// What a quantity counts: its X12 673 or UCUM code, then its unit text, then unknown, which the ledger's code table
// resolves. A value map on quantity_code or quantity_unit comes first. Source: FHIR_FACTS a.2, PASQuantity.
Measure read_measure(const Row& row);

}  // namespace authledger
