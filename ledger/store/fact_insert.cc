#include <algorithm>
#include <array>

#include "ledger/store/fact_columns.h"
#include "ledger/store/fact_tables.h"

namespace authledger {

namespace {

// The header of every fact, and its values: $1 is the tenant, $2 to $13 are one array each. Sets in a select list are
// walked in step, row by row; the same arrays as a table in `from` would be laid down one by one first.
#define AUTHLEDGER_FACT_HEADER                                                                                   \
  "tenant_id, subject_id, fact_seq, fact_key, kind, retracted, content_hash, source, resource, source_version, " \
  "source_updated_at, recorded_at, mapping"
#define AUTHLEDGER_FACT_VALUES                                                                                        \
  "$1, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::bigint[]), unnest($6::boolean[]), " \
  "unnest($7::bytea[]), unnest($8::text[]), unnest($9::text[]), unnest($10::bigint[]), unnest($11::timestamptz[]), "  \
  "unnest($12::timestamptz[]), unnest($13::text[])"

// A retraction has no body: it stands in the parent of all tables of facts itself.
constexpr Statement kInsertRetraction{"insert_fact_retraction",
                                      "insert into fact (" AUTHLEDGER_FACT_HEADER ") select " AUTHLEDGER_FACT_VALUES};

constexpr Statement kInsertCoverage{"insert_fact_coverage", "insert into fact_coverage (" AUTHLEDGER_FACT_HEADER R"(,
         patient, payer, payer_display, member_id, status, first_day, last_day, coverage_order, plan_class,
         coverage_kind)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::text[]),
         unnest($19::date[]), unnest($20::date[]), unnest($21::bigint[]), unnest($22::text[]), unnest($23::text[]))"};

constexpr Statement kInsertRequestLine{"insert_fact_request_line",
                                       "insert into fact_request_line (" AUTHLEDGER_FACT_HEADER R"(,
         patient, request, line, payer, coverage, service_codes, quantity_milli, measure, first_day, last_day,
         diagnosis_codes, provider, prior_request, requested_at, expedited, change)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::text[]),
         (string_to_array(unnest($19::text[]), E'\x1f'))[2:], unnest($20::bigint[]), unnest($21::bigint[]),
         unnest($22::date[]), unnest($23::date[]), (string_to_array(unnest($24::text[]), E'\x1f'))[2:],
         unnest($25::text[]), unnest($26::text[]), unnest($27::timestamptz[]), unnest($28::boolean[]),
         unnest($29::bigint[]))"};

constexpr Statement kInsertAuthorizationLine{"insert_fact_authorization_line",
                                             "insert into fact_authorization_line (" AUTHLEDGER_FACT_HEADER R"(,
         patient, payer, payer_display, member_id, authorization_number, other_number_roles, other_numbers, line,
         decision, decision_code, request, service_codes, first_day, last_day, quantity_milli,
         is_quantity_as_requested, measure, rate_quantity_milli, rate_period, diagnosis_codes, provider, program,
         place, issued_day, issued_at, payer_used_quantity_milli, supersedes, modifiers,
         amount_milli, currency)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::text[]),
         (string_to_array(unnest($19::text[]), E'\x1f'))[2:]::smallint[],
         (string_to_array(unnest($20::text[]), E'\x1f'))[2:], unnest($21::text[]), unnest($22::bigint[]),
         unnest($23::text[]), unnest($24::text[]), (string_to_array(unnest($25::text[]), E'\x1f'))[2:],
         unnest($26::date[]), unnest($27::date[]), unnest($28::bigint[]), unnest($29::boolean[]),
         unnest($30::bigint[]), unnest($31::bigint[]), unnest($32::text[]),
         (string_to_array(unnest($33::text[]), E'\x1f'))[2:], unnest($34::text[]), unnest($35::text[]),
         unnest($36::text[]), unnest($37::date[]), unnest($38::timestamptz[]), unnest($39::bigint[]),
         unnest($40::text[]), (string_to_array(unnest($41::text[]), E'\x1f'))[2:], unnest($42::bigint[]),
         unnest($43::text[]))"};

constexpr Statement kInsertOrder{"insert_fact_order", "insert into fact_order (" AUTHLEDGER_FACT_HEADER R"(,
         patient, status, service_codes, quantity_milli, measure, first_day, last_day, coverage, requested_at,
         expedited, authorization_number)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), (string_to_array(unnest($16::text[]), E'\x1f'))[2:],
         unnest($17::bigint[]), unnest($18::bigint[]), unnest($19::date[]), unnest($20::date[]), unnest($21::text[]),
         unnest($22::timestamptz[]), unnest($23::boolean[]), unnest($24::text[]))"};

constexpr Statement kInsertService{"insert_fact_service", "insert into fact_service (" AUTHLEDGER_FACT_HEADER R"(,
         patient, state, service_day, start_at, end_at, service_codes, quantity_milli, measure, provider, program,
         place, diagnosis_codes, authorization_number, coverage, order_reference, appointment, encounter,
         modifiers, amount_milli, currency, replaces)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::bigint[]), unnest($16::date[]), unnest($17::timestamptz[]),
         unnest($18::timestamptz[]), (string_to_array(unnest($19::text[]), E'\x1f'))[2:], unnest($20::bigint[]),
         unnest($21::bigint[]), unnest($22::text[]), unnest($23::text[]), unnest($24::text[]),
         (string_to_array(unnest($25::text[]), E'\x1f'))[2:], unnest($26::text[]), unnest($27::text[]),
         unnest($28::text[]), unnest($29::text[]), unnest($30::text[]),
         (string_to_array(unnest($31::text[]), E'\x1f'))[2:], unnest($32::bigint[]), unnest($33::text[]),
         (string_to_array(unnest($34::text[]), E'\x1f'))[2:])"};

constexpr Statement kInsertParty{"insert_fact_party", "insert into fact_party (" AUTHLEDGER_FACT_HEADER R"(,
         identifier_systems, identifier_values, links, replaced_by, display, home_state)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         (string_to_array(unnest($14::text[]), E'\x1f'))[2:], (string_to_array(unnest($15::text[]), E'\x1f'))[2:],
         (string_to_array(unnest($16::text[]), E'\x1f'))[2:], unnest($17::text[]), unnest($18::text[]),
         unnest($19::text[]))"};

constexpr Statement kInsertPin{"insert_fact_pin", "insert into fact_pin (" AUTHLEDGER_FACT_HEADER R"(,
         pin, patient, service, authorization_number, line, closed_through_day, reason, role)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::bigint[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::text[]),
         unnest($19::date[]), unnest($20::text[]), unnest($21::text[]))"};

constexpr Statement kInsertPayerCount{"insert_fact_payer_count",
                                      "insert into fact_payer_count (" AUTHLEDGER_FACT_HEADER R"(,
         patient, authorization_number, line, used_milli, measure, counted_day)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::bigint[]), unnest($18::bigint[]),
         unnest($19::date[]))"};

constexpr Statement kInsertBenefit{"insert_fact_benefit", "insert into fact_benefit (" AUTHLEDGER_FACT_HEADER R"(,
         patient, coverage, payer, category, name, period, service_codes, allowed_milli, used_milli, currency,
         allowed_text, first_day, last_day, stated_day)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::text[]),
         unnest($19::text[]), (string_to_array(unnest($20::text[]), E'\x1f'))[2:], unnest($21::bigint[]),
         unnest($22::bigint[]), unnest($23::text[]), unnest($24::text[]), unnest($25::date[]), unnest($26::date[]),
         unnest($27::date[]))"};

constexpr Statement kInsertDocument{"insert_fact_document", "insert into fact_document (" AUTHLEDGER_FACT_HEADER R"(,
         patient, status, attachment_urls, attachment_hashes, related, authorization_numbers, replaces,
         issued_at)
  select )" AUTHLEDGER_FACT_VALUES R"(,
         unnest($14::text[]), unnest($15::text[]), (string_to_array(unnest($16::text[]), E'\x1f'))[2:],
         (string_to_array(unnest($17::text[]), E'\x1f'))[2:], (string_to_array(unnest($18::text[]), E'\x1f'))[2:],
         (string_to_array(unnest($19::text[]), E'\x1f'))[2:], (string_to_array(unnest($20::text[]), E'\x1f'))[2:],
         unnest($21::timestamptz[]))"};

void write_header(ColumnWriter& writer, const SequencedFact& row) {
  const Fact& fact = row.fact;
  writer.integer(row.subject_id);
  writer.integer(fact.fact_seq);
  writer.required(fact.fact_key);
  writer.integer(static_cast<int64_t>(kind_of(fact.body)));
  writer.boolean(fact.retracted);
  writer.hash(row.content_hash);
  writer.required(fact.source);
  writer.required(fact.resource);
  writer.number(fact.source_version);
  writer.instant(fact.source_updated_at);
  writer.instant(fact.recorded_at);
  writer.required(fact.mapping);
}

constexpr size_t kHeaderColumns = 12;

void execute(Transaction& transaction, const Statement& statement, ColumnWriter& writer) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  writer.add_to(parameters);
  transaction.execute(statement, parameters);
}

void insert_retractions(Transaction& transaction, std::span<const SequencedFact> facts) {
  ColumnWriter writer(kHeaderColumns);
  bool has_rows = false;
  for (const SequencedFact& row : facts) {
    if (!row.fact.retracted) continue;
    has_rows = true;
    writer.start_row();
    write_header(writer, row);
  }
  if (has_rows) execute(transaction, kInsertRetraction, writer);
}

// Facts whose body is one of Bodies go to the table that `statement` writes.
template <typename... Bodies>
void insert_bodies(Transaction& transaction, const Statement& statement, size_t column_count,
                   std::span<const SequencedFact> facts) {
  const auto is_of_table = [](const SequencedFact& row) {
    return !row.fact.retracted && (std::holds_alternative<Bodies>(row.fact.body) || ...);
  };
  if (std::none_of(facts.begin(), facts.end(), is_of_table)) return;
  ColumnWriter writer(kHeaderColumns + column_count);
  for (const SequencedFact& row : facts) {
    if (!is_of_table(row)) continue;
    writer.start_row();
    write_header(writer, row);
    const auto write = [&writer](const auto* body) {
      if (body != nullptr) visit_fields(*body, writer);
    };
    (write(std::get_if<Bodies>(&row.fact.body)), ...);
  }
  execute(transaction, statement, writer);
}

}  // namespace

void insert_facts(Transaction& transaction, std::span<const SequencedFact> facts) {
  if (facts.empty()) return;
  insert_retractions(transaction, facts);
  insert_bodies<CoverageFact>(transaction, kInsertCoverage, 10, facts);
  insert_bodies<RequestLineFact>(transaction, kInsertRequestLine, 16, facts);
  insert_bodies<AuthorizationLineFact>(transaction, kInsertAuthorizationLine, 30, facts);
  insert_bodies<OrderFact>(transaction, kInsertOrder, 11, facts);
  insert_bodies<ServiceFact>(transaction, kInsertService, 21, facts);
  insert_bodies<PatientFact, OrganizationFact>(transaction, kInsertParty, 6, facts);
  insert_bodies<PinFact>(transaction, kInsertPin, 8, facts);
  insert_bodies<PayerCountFact>(transaction, kInsertPayerCount, 6, facts);
  insert_bodies<BenefitFact>(transaction, kInsertBenefit, 14, facts);
  insert_bodies<DocumentFact>(transaction, kInsertDocument, 8, facts);
}

}  // namespace authledger
