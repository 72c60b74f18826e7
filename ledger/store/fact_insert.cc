#include <algorithm>
#include <array>

#include "ledger/store/fact_columns.h"
#include "ledger/store/fact_tables.h"

namespace authledger {

namespace {

constexpr Statement kInsertFacts{"insert_facts", R"(
  insert into fact (
         tenant_id, subject_id, fact_seq, fact_key, kind, retracted, content_hash, source, resource, source_version,
         source_updated_at, recorded_at, mapping)
  select $1, subject_id, fact_seq, fact_key, kind, retracted, content_hash, source, resource, source_version,
         source_updated_at, recorded_at, mapping
    from unnest($2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::boolean[], $7::bytea[], $8::text[],
                $9::text[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::text[])
         as fresh (subject_id, fact_seq, fact_key, kind, retracted, content_hash, source, resource, source_version,
                   source_updated_at, recorded_at, mapping))"};

constexpr Statement kInsertCoverage{"insert_fact_coverage", R"(
  insert into fact_coverage (
         tenant_id, subject_id, fact_seq, patient, payer, payer_display, member_id, status, first_day, last_day,
         coverage_order, plan_class, coverage_kind)
  select $1, subject_id, fact_seq, patient, payer, payer_display, member_id, status, first_day, last_day,
         coverage_order, plan_class, coverage_kind
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[],
           $10::date[], $11::integer[], $12::text[], $13::text[])
         as fresh (subject_id, fact_seq, patient, payer, payer_display, member_id, status, first_day, last_day,
                   coverage_order, plan_class, coverage_kind))"};

constexpr Statement kInsertRequestLine{"insert_fact_request_line", R"(
  insert into fact_request_line (
         tenant_id, subject_id, fact_seq, patient, request, line, payer, coverage, service_codes,
         quantity_milli, measure,
         first_day, last_day, diagnosis_codes, provider, prior_request, requested_at, expedited, change)
  select $1, subject_id, fact_seq, patient, request, line, payer, coverage,
         (string_to_array(service_codes, E'\x1f'))[2:], quantity_milli, measure, first_day, last_day,
         (string_to_array(diagnosis_codes, E'\x1f'))[2:], provider, prior_request, requested_at, expedited,
         change
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
           $10::bigint[], $11::smallint[], $12::date[], $13::date[], $14::text[], $15::text[], $16::text[],
           $17::timestamptz[], $18::boolean[], $19::smallint[])
         as fresh (subject_id, fact_seq, patient, request, line, payer, coverage, service_codes, quantity_milli,
                   measure, first_day, last_day, diagnosis_codes, provider, prior_request, requested_at,
                   expedited, change))"};

constexpr Statement kInsertAuthorizationLine{"insert_fact_authorization_line", R"(
  insert into fact_authorization_line (
         tenant_id, subject_id, fact_seq, patient, payer, payer_display, member_id, authorization_number,
         other_number_roles, other_numbers, line, decision, decision_code, request, service_codes, first_day,
         last_day, quantity_milli, is_quantity_as_requested, measure, rate_quantity_milli, rate_period,
         diagnosis_codes, provider, program, place, issued_day, issued_at, payer_used_quantity_milli, supersedes)
  select $1, subject_id, fact_seq, patient, payer, payer_display, member_id, authorization_number,
         (string_to_array(other_number_roles, E'\x1f'))[2:]::smallint[],
         (string_to_array(other_numbers, E'\x1f'))[2:], line, decision, decision_code, request,
         (string_to_array(service_codes, E'\x1f'))[2:], first_day, last_day, quantity_milli,
         is_quantity_as_requested, measure, rate_quantity_milli, rate_period,
         (string_to_array(diagnosis_codes, E'\x1f'))[2:], provider, program, place, issued_day, issued_at,
         payer_used_quantity_milli, supersedes
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
           $10::text[], $11::text[], $12::smallint[], $13::text[], $14::text[], $15::text[], $16::date[],
           $17::date[], $18::bigint[], $19::boolean[], $20::smallint[], $21::bigint[], $22::text[], $23::text[],
           $24::text[], $25::text[], $26::text[], $27::date[], $28::timestamptz[], $29::bigint[], $30::text[])
         as fresh (subject_id, fact_seq, patient, payer, payer_display, member_id, authorization_number,
                   other_number_roles, other_numbers, line, decision, decision_code, request, service_codes,
                   first_day, last_day, quantity_milli, is_quantity_as_requested, measure, rate_quantity_milli,
                   rate_period, diagnosis_codes, provider, program, place, issued_day, issued_at,
                   payer_used_quantity_milli, supersedes))"};

constexpr Statement kInsertOrder{"insert_fact_order", R"(
  insert into fact_order (
         tenant_id, subject_id, fact_seq, patient, status, service_codes, quantity_milli, measure, first_day, last_day,
         coverage, requested_at, expedited, authorization_number)
  select $1, subject_id, fact_seq, patient, status, (string_to_array(service_codes, E'\x1f'))[2:], quantity_milli,
         measure, first_day, last_day, coverage, requested_at, expedited, authorization_number
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::smallint[],
           $9::date[], $10::date[], $11::text[], $12::timestamptz[], $13::boolean[], $14::text[])
         as fresh (subject_id, fact_seq, patient, status, service_codes, quantity_milli, measure, first_day,
                   last_day, coverage, requested_at, expedited, authorization_number))"};

constexpr Statement kInsertService{"insert_fact_service", R"(
  insert into fact_service (
         tenant_id, subject_id, fact_seq, patient, state, service_day, start_at, end_at, service_codes, quantity_milli,
         measure, provider, program, place, diagnosis_codes, authorization_number, coverage, order_reference,
         appointment, encounter)
  select $1, subject_id, fact_seq, patient, state, service_day, start_at, end_at,
         (string_to_array(service_codes, E'\x1f'))[2:], quantity_milli, measure, provider, program, place,
         (string_to_array(diagnosis_codes, E'\x1f'))[2:], authorization_number, coverage, order_reference,
         appointment, encounter
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::date[], $7::timestamptz[],
           $8::timestamptz[], $9::text[], $10::bigint[], $11::smallint[], $12::text[], $13::text[], $14::text[],
           $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[])
         as fresh (subject_id, fact_seq, patient, state, service_day, start_at, end_at, service_codes,
                   quantity_milli, measure, provider, program, place, diagnosis_codes, authorization_number,
                   coverage, order_reference, appointment, encounter))"};

constexpr Statement kInsertParty{"insert_fact_party", R"(
  insert into fact_party (
         tenant_id, subject_id, fact_seq, identifier_systems, identifier_values, links, replaced_by, display)
  select $1, subject_id, fact_seq, (string_to_array(identifier_systems, E'\x1f'))[2:],
         (string_to_array(identifier_values, E'\x1f'))[2:], (string_to_array(links, E'\x1f'))[2:], replaced_by,
         display
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
         as fresh (subject_id, fact_seq, identifier_systems, identifier_values, links, replaced_by, display))"};

constexpr Statement kInsertPin{"insert_fact_pin", R"(
  insert into fact_pin (
         tenant_id, subject_id, fact_seq, pin, patient, service, authorization_number, line, closed_through_day, reason)
  select $1, subject_id, fact_seq, pin, patient, service, authorization_number, line, closed_through_day, reason
    from unnest(
           $2::bigint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
           $9::date[], $10::text[])
         as fresh (subject_id, fact_seq, pin, patient, service, authorization_number, line, closed_through_day,
                   reason))"};

constexpr Statement kInsertPayerCount{"insert_fact_payer_count", R"(
  insert into fact_payer_count (
         tenant_id, subject_id, fact_seq, patient, authorization_number, line, used_milli, measure, counted_day)
  select $1, subject_id, fact_seq, patient, authorization_number, line, used_milli, measure, counted_day
    from unnest(
           $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::smallint[],
           $9::date[])
         as fresh (subject_id, fact_seq, patient, authorization_number, line, used_milli, measure, counted_day))"};

void insert_headers(Transaction& transaction, std::span<const SequencedFact> facts) {
  std::array<ArrayBuilder, 12> columns;
  for (const SequencedFact& row : facts) {
    const Fact& fact = row.fact;
    columns[0].integer(row.subject_id);
    columns[1].integer(fact.fact_seq);
    columns[2].text(fact.fact_key);
    columns[3].integer(static_cast<int64_t>(kind_of(fact.body)));
    columns[4].boolean(fact.retracted);
    columns[5].hash(row.content_hash);
    columns[6].text(fact.source);
    columns[7].text(fact.resource);
    columns[8].optional_integer(fact.source_version);
    columns[9].optional_instant(fact.source_updated_at);
    columns[10].instant(fact.recorded_at);
    columns[11].text(fact.mapping);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  transaction.execute(kInsertFacts, parameters);
}

// Facts whose body is one of Bodies go to the table that `statement` writes.
template <typename... Bodies>
void insert_bodies(Transaction& transaction, const Statement& statement, size_t column_count,
                   std::span<const SequencedFact> facts) {
  const auto is_of_table = [](const SequencedFact& row) {
    return !row.fact.retracted && (std::holds_alternative<Bodies>(row.fact.body) || ...);
  };
  if (std::none_of(facts.begin(), facts.end(), is_of_table)) return;
  ColumnWriter writer(column_count + 2);
  for (const SequencedFact& row : facts) {
    if (!is_of_table(row)) continue;
    writer.start_row();
    writer.integer(row.subject_id);
    writer.integer(row.fact.fact_seq);
    const auto write = [&writer](const auto* body) {
      if (body != nullptr) visit_columns(*body, writer);
    };
    (write(std::get_if<Bodies>(&row.fact.body)), ...);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  writer.add_to(parameters);
  transaction.execute(statement, parameters);
}

}  // namespace

void insert_facts(Transaction& transaction, std::span<const SequencedFact> facts) {
  if (facts.empty()) return;
  insert_headers(transaction, facts);
  insert_bodies<CoverageFact>(transaction, kInsertCoverage, 10, facts);
  insert_bodies<RequestLineFact>(transaction, kInsertRequestLine, 16, facts);
  insert_bodies<AuthorizationLineFact>(transaction, kInsertAuthorizationLine, 27, facts);
  insert_bodies<OrderFact>(transaction, kInsertOrder, 11, facts);
  insert_bodies<ServiceFact>(transaction, kInsertService, 17, facts);
  insert_bodies<PatientFact, OrganizationFact>(transaction, kInsertParty, 5, facts);
  insert_bodies<PinFact>(transaction, kInsertPin, 7, facts);
  insert_bodies<PayerCountFact>(transaction, kInsertPayerCount, 6, facts);
}

}  // namespace authledger
