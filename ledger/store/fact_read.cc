#include <algorithm>

#include "base/check.h"
#include "ledger/store/fact_columns.h"
#include "ledger/store/fact_tables.h"
#include "ledger/store/subject_store.h"

namespace authledger {

namespace {

// Header columns, in the order of read_header. The lateral subqueries are one index descent for each subject, whatever
// the planner believes of the table's size.
#define AUTHLEDGER_FACT_HEADER                                                                              \
  "fact_seq, fact_key, kind, retracted, source, resource, source_version, source_updated_at, recorded_at, " \
  "mapping"

constexpr Statement kReadLastSeqs{"read_last_fact_seqs", R"(
  select asked.no, subject.facts_seq
    from unnest($2::bigint[]) with ordinality as asked (subject_id, no)
   cross join lateral (
         select facts_seq
           from subject
          where tenant_id = $1
            and subject_id = asked.subject_id
         offset 0) as subject)"};

// Retractions stand in the parent table alone.
constexpr Statement kReadRetractions{"read_fact_retractions", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(
           from only fact
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadCoverage{"read_fact_coverage", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, payer, payer_display, member_id, status, first_day, last_day, coverage_order,
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
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, request, line, payer, coverage, service_codes, quantity_milli, measure,
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
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, payer, payer_display, member_id, authorization_number, other_number_roles,
                other_numbers, line, decision, decision_code, request, service_codes, first_day, last_day,
                quantity_milli, is_quantity_as_requested, measure, rate_quantity_milli, rate_period,
                diagnosis_codes, provider, program, place, issued_day, issued_at, payer_used_quantity_milli,
                supersedes, modifiers, amount_milli, currency
           from fact_authorization_line
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadOrder{"read_fact_order", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, status, service_codes, quantity_milli, measure, first_day, last_day,
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
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, state, service_day, start_at, end_at, service_codes, quantity_milli, measure,
                provider, program, place, diagnosis_codes, authorization_number, coverage, order_reference,
                appointment, encounter, modifiers, amount_milli, currency, replaces
           from fact_service
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadParty{"read_fact_party", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                identifier_systems, identifier_values, links, replaced_by, display, home_state
           from fact_party
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadPin{"read_fact_pin", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                pin, patient, service, authorization_number, line, closed_through_day, reason, role
           from fact_pin
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadPayerCount{"read_fact_payer_count", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, authorization_number, line, used_milli, measure, counted_day
           from fact_payer_count
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadBenefit{"read_fact_benefit", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, coverage, payer, category, name, period, service_codes, allowed_milli, used_milli,
                currency, allowed_text, first_day, last_day, stated_day
           from fact_benefit
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

constexpr Statement kReadDocument{"read_fact_document", R"(
  select asked.no, version.*
    from unnest($2::bigint[], $3::bigint[]) with ordinality as asked (subject_id, seq_max, no)
   cross join lateral (
         select )" AUTHLEDGER_FACT_HEADER R"(,
                patient, status, attachment_urls, attachment_hashes, related, authorization_numbers,
                replaces, issued_at
           from fact_document
          where tenant_id = $1
            and subject_id = asked.subject_id
            and fact_seq <= asked.seq_max
         offset 0) as version)"};

using FactsOfSubjects = std::vector<std::vector<Fact>>;
constexpr int kHeaderColumns = 10;

Parameters asked(int64_t tenant_id, std::span<const int64_t> subject_ids, std::span<const int64_t> limits) {
  return Parameters().integer(tenant_id).integer_array(subject_ids).integer_array(limits);
}

// Several statements must see one state of a subject that may not be locked: what was recorded when the first one ran.
std::vector<int64_t> last_seqs(Transaction& transaction, std::span<const int64_t> subject_ids) {
  std::vector<int64_t> seqs(subject_ids.size(), 0);
  const Rows rows =
      transaction.execute(kReadLastSeqs, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids));
  for (size_t row = 0; row < rows.size(); ++row) {
    seqs[static_cast<size_t>(rows.integer(row, 0) - 1)] = rows.integer(row, 1);
  }
  return seqs;
}

Fact read_header(const Rows& rows, size_t row) {
  Fact fact;
  fact.fact_seq = rows.integer(row, 1);
  fact.fact_key = rows.string(row, 2);
  fact.body = empty_body(static_cast<FactKind>(rows.integer(row, 3)));
  fact.retracted = rows.boolean(row, 4);
  fact.source = rows.string(row, 5);
  fact.resource = rows.string(row, 6);
  fact.source_version = rows.optional_integer(row, 7);
  fact.source_updated_at = rows.optional_instant(row, 8);
  fact.recorded_at = rows.instant(row, 9);
  fact.mapping = rows.string(row, 10);
  return fact;
}

template <typename Body>
void read_body(Fact& fact, ColumnReader& reader) {
  if (Body* body = std::get_if<Body>(&fact.body)) visit_fields(*body, reader);
}

template <typename... Bodies>
void read_versions_of(Transaction& transaction, const Statement& statement, const Parameters& parameters,
                      FactsOfSubjects& facts) {
  const Rows rows = transaction.execute(statement, parameters);
  for (size_t row = 0; row < rows.size(); ++row) {
    Fact fact = read_header(rows, row);
    ColumnReader reader(rows, row, 1 + kHeaderColumns);
    (read_body<Bodies>(fact, reader), ...);
    facts[static_cast<size_t>(rows.integer(row, 0) - 1)].push_back(std::move(fact));
  }
}

}  // namespace

std::vector<std::vector<Fact>> read_facts(Transaction& transaction, std::span<const int64_t> subject_ids,
                                          std::span<const int64_t> facts_seq_limits) {
  AUTHLEDGER_CHECK(facts_seq_limits.empty() || facts_seq_limits.size() == subject_ids.size());
  FactsOfSubjects facts(subject_ids.size());
  if (subject_ids.empty()) return facts;
  const Parameters parameters = facts_seq_limits.empty()
                                    ? asked(transaction.tenant_id(), subject_ids, last_seqs(transaction, subject_ids))
                                    : asked(transaction.tenant_id(), subject_ids, facts_seq_limits);
  read_versions_of<>(transaction, kReadRetractions, parameters, facts);
  read_versions_of<CoverageFact>(transaction, kReadCoverage, parameters, facts);
  read_versions_of<RequestLineFact>(transaction, kReadRequestLine, parameters, facts);
  read_versions_of<AuthorizationLineFact>(transaction, kReadAuthorizationLine, parameters, facts);
  read_versions_of<OrderFact>(transaction, kReadOrder, parameters, facts);
  read_versions_of<ServiceFact>(transaction, kReadService, parameters, facts);
  read_versions_of<PatientFact, OrganizationFact>(transaction, kReadParty, parameters, facts);
  read_versions_of<PinFact>(transaction, kReadPin, parameters, facts);
  read_versions_of<PayerCountFact>(transaction, kReadPayerCount, parameters, facts);
  read_versions_of<BenefitFact>(transaction, kReadBenefit, parameters, facts);
  read_versions_of<DocumentFact>(transaction, kReadDocument, parameters, facts);
  const auto by_seq = [](const Fact& a, const Fact& b) { return a.fact_seq < b.fact_seq; };
  for (std::vector<Fact>& versions : facts) std::sort(versions.begin(), versions.end(), by_seq);
  return facts;
}

}  // namespace authledger
