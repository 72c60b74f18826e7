#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/consolidate_parts.h"

// What single resources say about authorization lines, before they are brought together. Internal to `consolidate`.

namespace authledger {

// Claims that ask for authorization, and how they follow each other. Source: PAS, Claim.related (prior).
class RequestChains {
 public:
  explicit RequestChains(std::span<const Fact> facts);

  // The first request of the chain; the request itself when nothing is known about it; "" for "".
  std::string_view root_of(std::string_view request) const;
  // Number of requests before this one.
  int depth_of(std::string_view request) const;
  // The line as the request or, where it does not restate it, a former request of its chain asked for it.
  const RequestLineFact* line_of(std::string_view request, std::string_view line) const;
  std::optional<Instant> requested_at(std::string_view request) const;
  bool is_expedited(std::string_view request) const;
  // The last request in the chain that speaks of the line, when it cancels the line.
  const RequestLineFact* cancellation_of(std::string_view root, std::string_view line) const;
  // Whether this very request cancels the line.
  bool cancels(std::string_view request, std::string_view line) const;

 private:
  struct Request {
    std::string_view prior, root;
    int depth = 0;
    std::optional<Instant> requested_at;
    bool is_expedited = false;
    std::vector<const RequestLineFact*> lines;
  };
  const Request* find(std::string_view request) const;

  std::map<std::string_view, Request> requests_;
};

// Which type of resource is believed first where several state the same line.
enum class SourceRank : int { claim_response = 0, explanation_of_benefit = 1, other = 2, order = 3 };

struct SourceStatement {
  const Fact* fact = nullptr;
  SourceRank rank = SourceRank::other;
  AuthorizationLineFact
      says;  // Payer canonical, codes normalized and sorted; payer and member filled from the request.
  std::vector<std::string> numbers;  // Every number that it names, sorted.
  std::string chain;                 // Root of its request chain, "" when it names no request.
  int depth = 0;                     // Its place in the chain.
  int lag = 0;                       // How many later requests of the chain have answers for the same line.
  std::optional<Instant> issued_at;
};

bool is_approval(Decision decision);
// Pended and unknown are no final word.
bool is_final(Decision decision);

// The believed one first: a later answer of the chain replaces a former one; then by rank, then the later issued, then
// by key.
bool leads(const SourceStatement& a, const SourceStatement& b);

// One for each authorization_line fact and each order with an authorization number, ordered by `leads`.
std::vector<SourceStatement> collect_statements(const ConsolidationInput& input, const RequestChains& chains);
// The statement of one version of a fact, for history.
std::optional<SourceStatement> statement_of(const Fact& fact, const ConsolidationInput& input,
                                            const RequestChains& chains);

}  // namespace authledger
