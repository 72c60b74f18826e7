#include "ledger/store/sweep_store.h"

namespace authledger {
namespace {

constexpr Statement kReadVisits{"read_sweep_visits", R"(
  select patient, read_at
    from sweep_visit
   where tenant_id = $1
     and source = $2
     and resource_type = $3)"};

constexpr Statement kSaveVisits{"save_sweep_visits", R"(
  insert into sweep_visit (tenant_id, source, resource_type, patient, read_at)
  select $1, $2, $3, patient, $5::timestamptz
    from (select distinct patient from unnest($4::text[]) as swept (patient)) as swept
   order by patient
      on conflict (tenant_id, source, resource_type, patient) do update
     set read_at = excluded.read_at)"};

// Who is read is refused no more.
constexpr Statement kDropRefusals{"drop_sweep_refusals", R"(
  delete from sweep_refusal
   where tenant_id = $1
     and source = $2
     and resource_type = $3
     and patient = any($4::text[]))"};

constexpr Statement kReadRefusals{"read_sweep_refusals", R"(
  select patient, asked_at, is_withheld
    from sweep_refusal
   where tenant_id = $1
     and source = $2
     and resource_type = $3)"};

constexpr Statement kSaveRefusals{"save_sweep_refusals", R"(
  insert into sweep_refusal (tenant_id, source, resource_type, patient, asked_at, is_withheld)
  select $1, $2, $3, patient, asked_at, is_withheld
    from unnest($4::text[], $5::timestamptz[], $6::boolean[]) as refused (patient, asked_at, is_withheld)
   order by patient
      on conflict (tenant_id, source, resource_type, patient) do update
     set asked_at = excluded.asked_at,
         is_withheld = excluded.is_withheld)"};

// Every version of a fact counts: who was needed yesterday is read once more for nothing, which does no harm.
// Decisions 1 to 4: pended, approved, approved in part, approved with changes. States 1, 2: planned, in progress.
constexpr Statement kReadNeed{"read_patients_in_need", R"(
  select alias.patient
    from subject_alias as alias
    join subject on subject.tenant_id = alias.tenant_id and subject.subject_id = alias.subject_id
   where alias.tenant_id = $1
     and alias.source = $2
     and alias.patient like 'Patient/%'
     and coalesce(subject.joined_into, subject.subject_id) in (
         select service.subject_id
           from fact_service as service
          where service.tenant_id = $1
            and service.state in (1, 2)
            and service.service_day between $3 and $4
          union
         select line.subject_id
           from fact_authorization_line as line
          where line.tenant_id = $1
            and line.decision between 1 and 4
            and (line.last_day is null or line.last_day >= $3))
   group by alias.patient)"};

// What other records of the same person brought in is among it: asking for one too many does no harm.
// With its offset the test stays one look by key for each row; as a join it can come before the facts, which are then
// read once for every resource of the type.
constexpr Statement kReadHoldings{"read_holdings", R"(
  select asked.no, substr(held.resource, length($3::text) + 2) as id
    from unnest($4::text[]) with ordinality as asked (patient, no)
    join subject_alias as alias
      on alias.tenant_id = $1 and alias.patient = asked.patient collate "C" and alias.source = $2
    join subject on subject.tenant_id = $1 and subject.subject_id = alias.subject_id
   cross join lateral (
         select distinct fact.resource
           from fact
          where fact.tenant_id = $1
            and fact.subject_id = coalesce(subject.joined_into, subject.subject_id)
            and fact.source = $2
            and starts_with(fact.resource, $3::text || '/')
         offset 0) as held
   where exists (
         select
           from raw_resource as version
          where version.tenant_id = $1
            and version.source = $2
            and version.resource_type = $3
            and version.resource_id = substr(held.resource, length($3::text) + 2)
            and version.is_current
            and not version.is_deleted
         offset 0)
   order by asked.no, id)"};

constexpr std::string_view kPatientPrefix = "Patient/";

}  // namespace

std::map<std::string, Instant> read_sweep_visits(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                                 const std::string& resource_type) {
  std::map<std::string, Instant> visits;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    visits.clear();
    const Rows rows =
        transaction.execute(kReadVisits, Parameters().integer(tenant_id).text(source).text(resource_type));
    for (size_t row = 0; row < rows.size(); ++row) visits.emplace(rows.string(row, 0), rows.instant(row, 1));
  });
  return visits;
}

void save_sweep_visits(Transaction& transaction, const std::string& source, const std::string& resource_type,
                       std::span<const std::string> patients, Instant read_at) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source).text(resource_type).text_array(patients);
  transaction.execute(kDropRefusals, parameters);
  transaction.execute(kSaveVisits, parameters.instant(read_at));
}

std::vector<SweepRefusal> read_sweep_refusals(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                              const std::string& resource_type) {
  std::vector<SweepRefusal> refusals;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    refusals.clear();
    const Rows rows =
        transaction.execute(kReadRefusals, Parameters().integer(tenant_id).text(source).text(resource_type));
    for (size_t row = 0; row < rows.size(); ++row) {
      refusals.push_back({rows.string(row, 0), rows.instant(row, 1), rows.boolean(row, 2)});
    }
  });
  return refusals;
}

void save_sweep_refusals(Transaction& transaction, const std::string& source, const std::string& resource_type,
                         std::span<const SweepRefusal> refusals) {
  ArrayBuilder patients, asked_at, is_withheld;
  for (const SweepRefusal& refusal : refusals) {
    patients.text(refusal.patient);
    asked_at.instant(refusal.asked_at);
    is_withheld.boolean(refusal.is_withheld);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source).text(resource_type);
  patients.add_to(parameters);
  asked_at.add_to(parameters);
  is_withheld.add_to(parameters);
  transaction.execute(kSaveRefusals, parameters);
}

std::set<std::string> patients_in_need(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                       Day today, Day until) {
  std::set<std::string> patients;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    patients.clear();
    const Rows rows =
        transaction.execute(kReadNeed, Parameters().integer(tenant_id).text(source).day(today).day(until));
    for (size_t row = 0; row < rows.size(); ++row) {
      patients.insert(rows.string(row, 0).substr(kPatientPrefix.size()));
    }
  });
  return patients;
}

std::vector<PatientHoldings> read_holdings(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                           const std::string& resource_type, std::span<const std::string> patients) {
  std::vector<PatientHoldings> holdings;
  std::vector<std::string> references;
  for (const std::string& patient : patients) references.push_back(std::string(kPatientPrefix) + patient);
  transact(connection, tenant_id, [&](Transaction& transaction) {
    holdings.clear();
    for (const std::string& patient : patients) holdings.push_back({patient, {}});
    Parameters parameters;
    parameters.integer(tenant_id).text(source).text(resource_type).text_array(references);
    const Rows rows = transaction.execute(kReadHoldings, parameters);
    for (size_t row = 0; row < rows.size(); ++row) {
      holdings[static_cast<size_t>(rows.integer(row, 0) - 1)].ids.push_back(rows.string(row, 1));
    }
  });
  return holdings;
}

}  // namespace authledger
