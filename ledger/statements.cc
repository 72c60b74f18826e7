#include "ledger/statements.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "ledger/match.h"
#include "ledger/payer_rules.h"

namespace authledger {
namespace {

void sort_unique(std::vector<std::string>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

SourceRank rank_of(std::string_view resource) {
  const std::string_view type = resource.substr(0, resource.find('/'));
  if (type == "ClaimResponse") return SourceRank::claim_response;
  if (type == "ExplanationOfBenefit") return SourceRank::explanation_of_benefit;
  return SourceRank::other;
}

// Some payers take the order itself for the approval: a referral, whose number nobody gives.
bool is_referral(const OrderFact& order, const Fact& fact, const ConsolidationInput& input) {
  if (!fact.resource.starts_with("ServiceRequest/") || (order.status != "active" && order.status != "completed")) {
    return false;
  }
  const CoverageSpan* coverage = find_coverage(input.coverages, fact.source, order.coverage);
  if (coverage == nullptr) return false;
  std::optional<Day> day = order.first_day;
  if (!day && order.requested_at) day = input.policy.zone.day_of(*order.requested_at);
  const Occasion occasion{coverage->payer, coverage->plan, {}, &order.service_codes, day.value_or(Day{})};
  return payer_setting(input.policy.rules, occasion, &PayerRule::referral_suffices, false);
}

// An order that the payer's coverage-information calls satisfied states an approval. An order that was withdrawn says
// nothing about the payer's decision.
std::optional<AuthorizationLineFact> authorization_of(const OrderFact& order, const Fact& fact,
                                                      const ConsolidationInput& input) {
  if (order.authorization_number.empty() && !is_referral(order, fact, input)) return std::nullopt;
  if (order.status == "entered-in-error" || order.status == "revoked" || order.status == "draft") return std::nullopt;
  AuthorizationLineFact says;
  says.patient = order.patient;
  says.authorization_number = order.authorization_number;
  says.line = "1";
  says.decision = Decision::approved;
  says.service_codes = order.service_codes;
  says.first_day = order.first_day;
  says.last_day = order.last_day;
  says.quantity = order.quantity;
  says.measure = order.measure;
  says.issued_at = order.requested_at;
  if (const CoverageSpan* coverage = find_coverage(input.coverages, fact.source, order.coverage)) {
    says.payer = coverage->payer;
    says.payer_display = coverage->payer_display;
    says.member_id = coverage->member_id;
  }
  return says;
}

void fill_from_request(AuthorizationLineFact& says, const Fact& fact, const ConsolidationInput& input,
                       const RequestChains& chains) {
  const RequestLineFact* asked = chains.line_of(says.request, says.line);
  if (asked == nullptr) return;
  const CoverageSpan* coverage = find_coverage(input.coverages, fact.source, asked->coverage);
  if (says.payer.empty() && !asked->payer.empty()) {
    says.payer = input.payers.canonical(fact.source, asked->payer, {});
  } else if (says.payer.empty() && coverage != nullptr) {
    says.payer = coverage->payer;
  }
  const bool is_of_payer = coverage != nullptr && (coverage->payer.empty() || coverage->payer == says.payer);
  if (says.member_id.empty() && is_of_payer) says.member_id = coverage->member_id;
}

}  // namespace

bool is_approval(Decision decision) {
  return decision == Decision::approved || decision == Decision::approved_in_part ||
         decision == Decision::approved_modified;
}

bool is_final(Decision decision) {
  return decision != Decision::pended && decision != Decision::unknown;
}

bool leads(const SourceStatement& a, const SourceStatement& b) {
  if (a.lag != b.lag) return a.lag < b.lag;
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.issued_at != b.issued_at) return a.issued_at > b.issued_at;  // A stated time before none.
  if (a.fact->source_updated_at != b.fact->source_updated_at) {
    return a.fact->source_updated_at > b.fact->source_updated_at;
  }
  return a.fact->fact_key < b.fact->fact_key;
}

std::optional<SourceStatement> statement_of(const Fact& fact, const ConsolidationInput& input,
                                            const RequestChains& chains) {
  SourceStatement statement;
  statement.fact = &fact;
  statement.rank = rank_of(fact.resource);
  if (const auto* line = std::get_if<AuthorizationLineFact>(&fact.body)) {
    statement.says = *line;
    statement.says.payer = input.payers.canonical(fact.source, line->payer, line->payer_display);
    fill_from_request(statement.says, fact, input, chains);
  } else if (const auto* order = std::get_if<OrderFact>(&fact.body)) {
    std::optional<AuthorizationLineFact> says = authorization_of(*order, fact, input);
    if (!says) return std::nullopt;
    statement.says = std::move(*says);
    statement.rank = SourceRank::order;  // Also where an Appointment or an Encounter carries it.
  } else {
    return std::nullopt;
  }
  AuthorizationLineFact& says = statement.says;
  says.member_id = trim(says.member_id);
  says.authorization_number = trim(says.authorization_number);
  for (std::string& code : says.service_codes) code = normalize_code(std::move(code));
  sort_unique(says.service_codes);
  if (!says.authorization_number.empty()) statement.numbers.push_back(says.authorization_number);
  for (const OtherNumber& other : says.other_numbers) {
    if (!trim(other.number).empty()) statement.numbers.emplace_back(trim(other.number));
  }
  if (!says.supersedes.empty()) statement.numbers.push_back(says.supersedes);
  sort_unique(statement.numbers);
  statement.chain = chains.root_of(says.request);
  statement.depth = chains.depth_of(says.request);
  statement.issued_at = says.issued_at;
  if (!statement.issued_at && says.issued_on) statement.issued_at = input.policy.zone.start_of(*says.issued_on);
  if (!statement.issued_at) statement.issued_at = fact.source_updated_at;
  return statement;
}

std::vector<SourceStatement> collect_statements(const ConsolidationInput& input, const RequestChains& chains) {
  std::vector<SourceStatement> statements;
  for (const Fact& fact : input.facts) {
    if (std::optional<SourceStatement> statement = statement_of(fact, input, chains)) {
      statements.push_back(std::move(*statement));
    }
  }
  std::sort(statements.begin(), statements.end(), leads);
  return statements;
}

}  // namespace authledger
