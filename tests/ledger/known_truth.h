#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/consolidate.h"

// The oracle of `consolidate` works from the other end: first what is true, then what each source says of it.
// Source: DESIGN, "The ledger's fields" (one authorization of several sources, request chains, one service of several
// records, precedence).

namespace authledger {

// Statements of a scenario, and what must come out of them whatever their order: a line of text for each authorization
// line and each service, sorted.
struct KnownTruth {
  std::vector<std::string> statements;
  std::vector<std::string> lines, services;
};

// Authorizations told by answers along a chain of requests, by
// ExplanationOfBenefits and by orders, some of them stale. Visits told by appointment, encounter, procedure, charge and
// claim, tied by reference, or without one where day, provider and code tell visits apart. Equal seeds, equal truth.
KnownTruth random_truth(uint64_t seed);

// The same words for what `consolidate` found.
std::vector<std::string> line_texts(const Consolidated& subject);
std::vector<std::string> service_texts(const Consolidated& subject);

}  // namespace authledger
