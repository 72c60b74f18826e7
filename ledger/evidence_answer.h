#pragma once

#include <string>
#include <vector>

#include "ledger/evidence.h"
#include "ledger/explain.h"
#include "ledger/reckon.h"
#include "ledger/status.h"

namespace authledger {

// What follows from the evidence: the part of the answer that was asked for.
struct EvidenceAnswer {
  std::string patient;
  std::vector<AuthorizationRow> authorizations;
  std::vector<ServiceRow> services;  // That draw from these, or were asked for; ordered by day.
  std::vector<ExplainRow> steps;
  std::vector<std::string> rules;  // The policy's payer rules in plain English.
};
// Errors: nothing of what was asked was known; the policy cannot be read.
Result<EvidenceAnswer> answer_of(const Evidence& evidence);

Result<Policy> policy_of(const Evidence& evidence);
std::vector<Fact> facts_of(const Evidence& evidence);

// The page for people: plain text, a line each.
std::vector<std::string> evidence_page(const Evidence& evidence, const EvidenceAnswer& answer);

}  // namespace authledger
