#include <algorithm>
#include <limits>
#include <set>

#include "base/check.h"
#include "ledger/store/fact_columns.h"
#include "ledger/store/fact_tables.h"
#include "ledger/store/subject_store.h"

namespace authledger {

namespace {

constexpr Statement kReadFacts{"read_facts", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, fact_key, kind, retracted, source, resource, source_version, source_updated_at,
                recorded_at, mapping
           from fact
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadCoverage{"read_fact_coverage", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, patient, payer, payer_display, member_id, status, first_day, last_day, coverage_order,
                plan_class, coverage_kind
           from fact_coverage
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadRequestLine{"read_fact_request_line", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, patient, request, line, payer, coverage, service_codes, quantity_milli, measure,
                first_day, last_day, diagnosis_codes, provider, prior_request, requested_at, expedited, change
           from fact_request_line
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadAuthorizationLine{"read_fact_authorization_line", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, patient, payer, payer_display, member_id, authorization_number, other_number_roles,
                other_numbers, line, decision, decision_code, request, service_codes, first_day, last_day,
                quantity_milli, is_quantity_as_requested, measure, rate_quantity_milli, rate_period,
                diagnosis_codes, provider, program, place, issued_day, issued_at, payer_used_quantity_milli,
                supersedes
           from fact_authorization_line
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadOrder{"read_fact_order", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, patient, status, service_codes, quantity_milli, measure, first_day, last_day,
                coverage, requested_at, expedited, authorization_number
           from fact_order
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadService{"read_fact_service", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, patient, state, service_day, start_at, end_at, service_codes, quantity_milli, measure,
                provider, program, place, diagnosis_codes, authorization_number, coverage, order_reference,
                appointment, encounter
           from fact_service
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadParty{"read_fact_party", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, identifier_systems, identifier_values, links, replaced_by, display
           from fact_party
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadPin{"read_fact_pin", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, pin, patient, service, authorization_number, line, closed_through_day, reason
           from fact_pin
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadPayerCount{"read_fact_payer_count", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select fact_seq, patient, authorization_number, line, used_milli, measure, counted_day
           from fact_payer_count
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

using FactsOfSubjects = std::vector<std::vector<Fact>>;

Parameters asked(int64_t tenant_id, std::span<const int64_t> subject_ids, std::span<const int64_t> limits) {
  ArrayBuilder ids, seq_max;
  for (size_t i = 0; i < subject_ids.size(); ++i) {
    ids.integer(subject_ids[i]);
    seq_max.integer(limits.empty() ? std::numeric_limits<int64_t>::max() : limits[i]);
  }
  Parameters parameters;
  parameters.integer(tenant_id);
  ids.add_to(parameters);
  seq_max.add_to(parameters);
  return parameters;
}

template <typename Body>
void read_body(Fact& fact, ColumnReader& reader) {
  if (Body* body = std::get_if<Body>(&fact.body)) visit_columns(*body, reader);
}

// A fact written after the headers were read (by a transaction that has committed since) has no header here: left out.
template <typename... Bodies>
void read_bodies(Transaction& transaction, const Statement& statement, const Parameters& parameters,
                 FactsOfSubjects& facts) {
  const Rows rows = transaction.execute(statement, parameters);
  for (size_t row = 0; row < rows.size(); ++row) {
    std::vector<Fact>& versions = facts[static_cast<size_t>(rows.integer(row, 0) - 1)];
    const int64_t seq = rows.integer(row, 1);
    const auto at = std::lower_bound(versions.begin(), versions.end(), seq,
                                     [](const Fact& fact, int64_t wanted) { return fact.fact_seq < wanted; });
    if (at == versions.end() || at->fact_seq != seq) continue;
    ColumnReader reader(rows, row, 2);
    (read_body<Bodies>(*at, reader), ...);
  }
}

}  // namespace

FactBody empty_body(FactKind kind) {
  switch (kind) {
    case FactKind::coverage:
      return CoverageFact{};
    case FactKind::request_line:
      return RequestLineFact{};
    case FactKind::authorization_line:
      return AuthorizationLineFact{};
    case FactKind::order:
      return OrderFact{};
    case FactKind::service:
      return ServiceFact{};
    case FactKind::patient:
      return PatientFact{};
    case FactKind::organization:
      return OrganizationFact{};
    case FactKind::pin:
      return PinFact{};
    case FactKind::payer_count:
      return PayerCountFact{};
  }
  AUTHLEDGER_CHECK(false);
}

std::vector<std::vector<Fact>> read_facts(Transaction& transaction, std::span<const int64_t> subject_ids,
                                          std::span<const int64_t> facts_seq_limits) {
  AUTHLEDGER_CHECK(facts_seq_limits.empty() || facts_seq_limits.size() == subject_ids.size());
  FactsOfSubjects facts(subject_ids.size());
  if (subject_ids.empty()) return facts;
  const Parameters parameters = asked(transaction.tenant_id(), subject_ids, facts_seq_limits);
  const Rows rows = transaction.execute(kReadFacts, parameters);
  std::set<FactKind> kinds;
  for (size_t row = 0; row < rows.size(); ++row) {
    Fact fact;
    fact.fact_seq = rows.integer(row, 1);
    fact.fact_key = rows.string(row, 2);
    const auto kind = static_cast<FactKind>(rows.integer(row, 3));
    fact.retracted = rows.boolean(row, 4);
    fact.source = rows.string(row, 5);
    fact.resource = rows.string(row, 6);
    fact.source_version = rows.optional_integer(row, 7);
    fact.source_updated_at = rows.optional_instant(row, 8);
    fact.recorded_at = rows.instant(row, 9);
    fact.mapping = rows.string(row, 10);
    fact.body = empty_body(kind);
    if (!fact.retracted) kinds.insert(kind);
    facts[static_cast<size_t>(rows.integer(row, 0) - 1)].push_back(std::move(fact));
  }
  const auto by_seq = [](const Fact& a, const Fact& b) { return a.fact_seq < b.fact_seq; };
  for (std::vector<Fact>& versions : facts) {
    if (!std::is_sorted(versions.begin(), versions.end(), by_seq)) std::sort(versions.begin(), versions.end(), by_seq);
  }
  if (kinds.contains(FactKind::coverage)) {
    read_bodies<CoverageFact>(transaction, kReadCoverage, parameters, facts);
  }
  if (kinds.contains(FactKind::request_line)) {
    read_bodies<RequestLineFact>(transaction, kReadRequestLine, parameters, facts);
  }
  if (kinds.contains(FactKind::authorization_line)) {
    read_bodies<AuthorizationLineFact>(transaction, kReadAuthorizationLine, parameters, facts);
  }
  if (kinds.contains(FactKind::order)) {
    read_bodies<OrderFact>(transaction, kReadOrder, parameters, facts);
  }
  if (kinds.contains(FactKind::service)) {
    read_bodies<ServiceFact>(transaction, kReadService, parameters, facts);
  }
  if (kinds.contains(FactKind::patient) || kinds.contains(FactKind::organization)) {
    read_bodies<PatientFact, OrganizationFact>(transaction, kReadParty, parameters, facts);
  }
  if (kinds.contains(FactKind::pin)) {
    read_bodies<PinFact>(transaction, kReadPin, parameters, facts);
  }
  if (kinds.contains(FactKind::payer_count)) {
    read_bodies<PayerCountFact>(transaction, kReadPayerCount, parameters, facts);
  }
  return facts;
}

}  // namespace authledger
