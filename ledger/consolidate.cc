#include "ledger/consolidate.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "ledger/consolidate_parts.h"
#include "ledger/letters.h"
#include "ledger/unsubmitted.h"
#include "ledger/windows.h"

namespace authledger {
namespace {

std::vector<CoverageSpan> consolidate_coverages(std::span<const Fact> facts, const PayerNames& payers) {
  std::vector<CoverageSpan> spans;
  for (const Fact& fact : facts) {
    const auto* coverage = std::get_if<CoverageFact>(&fact.body);
    if (coverage == nullptr) continue;
    spans.push_back({fact.resource, payers.canonical(fact.source, coverage->payer, coverage->payer_display),
                     coverage->payer_display, coverage->member_id, coverage->status, coverage->first_day,
                     coverage->last_day, coverage->order.value_or(0), coverage->plan_class, provenance_of(fact)});
  }
  std::sort(spans.begin(), spans.end(), [](const CoverageSpan& a, const CoverageSpan& b) {
    return std::tie(a.source.source, a.reference) < std::tie(b.source.source, b.reference);
  });
  return spans;
}

// The reference that people know the subject by: of a record that was not replaced by another, before one that was;
// one that visits and coverages use before one that only a payer's answers use; then the first in text order.
std::string preferred_patient(std::span<const Fact> facts) {
  std::vector<std::string_view> replaced, visited;
  for (const Fact& fact : facts) {
    const auto* patient = std::get_if<PatientFact>(&fact.body);
    if (patient != nullptr && !patient->replaced_by.empty()) replaced.push_back(fact.resource);
    const FactKind kind = kind_of(fact.body);
    if (kind == FactKind::service || kind == FactKind::coverage) visited.push_back(patient_of(fact.body));
  }
  const auto contains = [](const std::vector<std::string_view>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  using Candidate = std::tuple<bool, bool, std::string_view>;
  std::optional<Candidate> best;
  for (const Fact& fact : facts) {
    const bool is_patient = std::holds_alternative<PatientFact>(fact.body);
    const std::string_view reference = is_patient ? std::string_view(fact.resource) : patient_of(fact.body);
    if (reference.empty() || kind_of(fact.body) == FactKind::pin) continue;
    const Candidate candidate{contains(replaced, reference), !contains(visited, reference), reference};
    if (!best || candidate < *best) best = candidate;
  }
  return best ? std::string(std::get<2>(*best)) : std::string();
}

// Of the record that no other replaced, the first by key that says.
std::string home_state_of(std::span<const Fact> facts) {
  std::string state;
  for (const Fact& fact : facts) {
    const auto* patient = std::get_if<PatientFact>(&fact.body);
    if (patient == nullptr || patient->home_state.empty()) continue;
    if (state.empty() || patient->replaced_by.empty()) state = upper_case(trim(patient->home_state));
    if (patient->replaced_by.empty()) break;
  }
  return state;
}

}  // namespace

Provenance provenance_of(const Fact& fact) {
  return {fact.source, fact.resource, fact.fact_seq, fact.mapping};
}

const CoverageSpan* find_coverage(const std::vector<CoverageSpan>& coverages, std::string_view source,
                                  std::string_view reference) {
  if (reference.empty()) return nullptr;
  for (const CoverageSpan& span : coverages) {
    if (span.reference == reference && span.source.source == source) return &span;
  }
  return nullptr;
}

Consolidated consolidate(std::span<const Fact> facts, std::span<const Fact> history, const Policy& policy) {
  Consolidated subject;
  const PayerNames payers(facts, policy.rules);
  subject.patient = preferred_patient(facts);
  subject.coverages = consolidate_coverages(facts, payers);
  const ConsolidationInput input{facts, history, policy, payers, subject.coverages};
  subject.lines = consolidate_lines(input, subject.conflicts);
  attach_letters(input, subject.lines);
  subject.services = consolidate_services(input, only_payer_of(subject.lines));
  subject.unsubmitted = unsubmitted_orders(input, subject.lines, subject.services);
  subject.home_state = home_state_of(facts);
  for (const Fact& fact : facts) {
    const auto* benefit = std::get_if<BenefitFact>(&fact.body);
    if (benefit == nullptr) continue;
    subject.benefits.push_back({*benefit, payers.canonical(fact.source, benefit->payer, ""), provenance_of(fact)});
  }
  for (const Fact& fact : facts) {
    const auto* pin = std::get_if<PinFact>(&fact.body);
    if (pin == nullptr || pin->pin != PinKind::closed_period || !pin->closed_through) continue;
    subject.closed_through = std::max(subject.closed_through.value_or(*pin->closed_through), *pin->closed_through);
  }
  std::sort(subject.conflicts.begin(), subject.conflicts.end(), [](const Conflict& a, const Conflict& b) {
    return std::tie(a.book, a.message) < std::tie(b.book, b.message);
  });
  return subject;
}

}  // namespace authledger
