#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/rules.h"
#include "ledger/facts.h"

namespace authledger {

// An Organization that coverages or answers name as a payer.
struct PayerOrganization {
  std::string source, reference;  // "Organization/o1"
  std::string name;
  std::vector<Identifier> identifiers;
};

// A payer's name as it is compared: lower case, without punctuation, a leading "the" and trailing legal forms (Inc.,
// LLC), "&" as "and".
std::string plain_payer_name(std::string_view text);
// Under which key `payer_aliases` holds a source's own reference.
std::string payer_reference_key(std::string_view source, std::string_view reference);

// Adds to the rules' payer aliases what the organizations say: organizations with an identifier in common, or of one
// name and without identifiers that contradict each other, are one payer; its name, identifiers and references all mean
// that payer. An alias that the site wrote wins. The result belongs into the policy, so that a replay knows the same
// payers. Independent of the order of `organizations`.
Rules with_payer_directory(Rules rules, std::vector<PayerOrganization> organizations);

}  // namespace authledger
