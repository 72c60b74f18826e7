#include <map>
#include <utility>

#include "ledger/store/subject_store.h"

namespace authledger {

namespace {

constexpr Statement kReadSubjects{"read_subjects", R"(
  select subject.subject_id, name.source, name.patient
    from subject
   cross join lateral (
         select alias.source, alias.patient
           from subject_alias as alias
          where alias.tenant_id = subject.tenant_id
            and alias.subject_id = subject.subject_id
            and alias.patient not like 'Organization/%'
          order by alias.recorded_at, alias.patient, alias.source
          limit 1) as name
   where subject.tenant_id = $1
   order by subject.subject_id)"};

constexpr Statement kReadSubjectsOfPatient{"read_subjects_of_patient", R"(
  select named.subject_id, name.source, name.patient
    from (select own.subject_id
            from subject_alias as own
           where own.tenant_id = $1
             and own.patient = any($2::text[] collate "C")
             and own.patient not like 'Organization/%'
          union
          select home.joined_into
            from subject_alias as own
            join subject as home
              on home.tenant_id = own.tenant_id
             and home.subject_id = own.subject_id
             and home.joined_into is not null
           where own.tenant_id = $1
             and own.patient = any($2::text[] collate "C")
             and own.patient not like 'Organization/%') as named (subject_id)
   cross join lateral (
         select alias.source, alias.patient
           from subject_alias as alias
          where alias.tenant_id = $1
            and alias.subject_id = named.subject_id
            and alias.patient not like 'Organization/%'
          order by alias.recorded_at, alias.patient, alias.source
          limit 1) as name
   order by named.subject_id)"};

// The record in use first, then the subject's own before one that is joined to it.
constexpr Statement kReadAliases{"read_aliases", R"(
  select place.subject_id, alias.patient
    from unnest($2::bigint[]) as place (subject_id)
   cross join lateral (
         select own.patient, own.recorded_at, 0 as distance
           from subject_alias as own
          where own.tenant_id = $1
            and own.subject_id = place.subject_id
            and own.source = $3
          union all
         select joined.patient, joined.recorded_at, 1
           from subject as home
           join subject_alias as joined
             on joined.tenant_id = home.tenant_id
            and joined.subject_id = home.subject_id
            and joined.source = $3
          where home.tenant_id = $1
            and home.joined_into = place.subject_id) as alias
   order by place.subject_id,
         exists (select from subject_link as link
                  where link.tenant_id = $1
                    and link.source = $3
                    and link.patient = alias.patient
                    and link.is_replaced),
         alias.patient like '%://%', alias.distance, alias.recorded_at, alias.patient)"};

constexpr Statement kReadOrganizations{"read_organizations", R"(
  select patient, subject_id
    from subject_alias
   where tenant_id = $1
     and patient like 'Organization/%'
   order by patient, source)"};

}  // namespace

std::vector<SubjectName> read_subjects(Transaction& transaction, const std::string& patient) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  if (!patient.empty()) parameters.text_array(std::vector<std::string>{patient, "Patient/" + patient});
  const Rows rows = transaction.execute(patient.empty() ? kReadSubjects : kReadSubjectsOfPatient, parameters);
  std::vector<SubjectName> subjects;
  subjects.reserve(rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    subjects.push_back({rows.integer(row, 0), rows.string(row, 1), rows.string(row, 2)});
  }
  return subjects;
}

std::vector<std::vector<std::string>> read_aliases(Transaction& transaction, std::span<const int64_t> subject_ids,
                                                   const std::string& source) {
  std::vector<std::vector<std::string>> aliases(subject_ids.size());
  const Rows rows = transaction.execute(
      kReadAliases, Parameters().integer(transaction.tenant_id()).integer_array(subject_ids).text(source));
  std::map<int64_t, std::vector<std::string>> of_subject;
  for (size_t row = 0; row < rows.size(); ++row) of_subject[rows.integer(row, 0)].push_back(rows.string(row, 1));
  for (size_t i = 0; i < subject_ids.size(); ++i) aliases[i] = of_subject[subject_ids[i]];
  return aliases;
}

std::vector<std::pair<std::string, std::string>> read_organization_names(Transaction& transaction) {
  const Rows rows = transaction.execute(kReadOrganizations, Parameters().integer(transaction.tenant_id()));
  std::vector<int64_t> subject_ids;
  for (size_t row = 0; row < rows.size(); ++row) subject_ids.push_back(rows.integer(row, 1));
  const std::vector<std::vector<Fact>> facts = read_facts(transaction, subject_ids);
  std::map<std::string, std::string> names;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (const Fact& fact : current_facts(facts[row])) {
      const auto* organization = std::get_if<OrganizationFact>(&fact.body);
      if (organization != nullptr && !organization->display.empty()) {
        names.insert({rows.string(row, 0), organization->display});
      }
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace authledger
