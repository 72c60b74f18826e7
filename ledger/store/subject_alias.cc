#include "ledger/store/subject_alias.h"

#include "base/check.h"
#include "ledger/store/subject_link.h"

namespace authledger {

namespace {

constexpr Statement kFindAliases{"find_aliases", R"(
  select found.patient, found.source, found.subject_id
    from unnest($2::text[], $3::text[]) as asked (patient, source)
   cross join lateral (
         select alias.patient, alias.source, alias.subject_id
           from subject_alias as alias
          where alias.tenant_id = $1
            and alias.patient = asked.patient collate "C"
            and alias.source = asked.source collate "C"
         offset 0) as found)"};

constexpr Statement kTakeSubjectIds{"take_subject_ids", R"(
  select nextval('subject_id_seq')
    from generate_series(1, $1::integer))"};

constexpr Statement kInsertAliases{"insert_aliases", R"(
  insert into subject_alias (tenant_id, patient, source, subject_id, recorded_at)
  select $1, patient, source, subject_id, $5::timestamptz
    from unnest($2::text[], $3::text[], $4::bigint[]) with ordinality as fresh (patient, source, subject_id, no)
   order by no
      on conflict do nothing
  returning patient, source, subject_id)"};

constexpr Statement kInsertSubjects{"insert_subjects", R"(
  insert into subject (tenant_id, subject_id)
  select $1, subject_id
    from unnest($2::bigint[]) as fresh (subject_id))"};

void take_rows(const Rows& rows, std::map<Alias, int64_t>& found) {
  for (size_t row = 0; row < rows.size(); ++row) {
    found[{rows.string(row, 0), rows.string(row, 1)}] = rows.integer(row, 2);
  }
}

void find_aliases(Transaction& transaction, const std::set<Alias>& aliases, std::map<Alias, int64_t>& found) {
  ArrayBuilder patients, sources;
  for (const auto& [patient, source] : aliases) {
    patients.text(patient);
    sources.text(source);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  patients.add_to(parameters);
  sources.add_to(parameters);
  take_rows(transaction.execute(kFindAliases, parameters), found);
}

void create_subjects(Transaction& transaction, const std::set<Alias>& fresh, Instant recorded_at,
                     std::map<Alias, int64_t>& found) {
  const Rows ids = transaction.execute(kTakeSubjectIds, Parameters().integer(static_cast<int64_t>(fresh.size())));
  ArrayBuilder patients, sources, subject_ids;
  size_t row = 0;
  for (const auto& [patient, source] : fresh) {
    patients.text(patient);
    sources.text(source);
    subject_ids.integer(ids.integer(row++, 0));
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  patients.add_to(parameters);
  sources.add_to(parameters);
  subject_ids.add_to(parameters);
  parameters.instant(recorded_at);
  const Rows taken = transaction.execute(kInsertAliases, parameters);
  take_rows(taken, found);
  // An alias that another writer took meanwhile keeps that writer's subject.
  std::vector<int64_t> created;
  std::vector<Alias> records;
  for (size_t i = 0; i < taken.size(); ++i) {
    created.push_back(taken.integer(i, 2));
    records.emplace_back(taken.string(i, 0), taken.string(i, 1));
  }
  transaction.execute(kInsertSubjects, Parameters().integer(transaction.tenant_id()).integer_array(created));
  raise_named(transaction, records);
}

std::set<Alias> left_over(const std::set<Alias>& aliases, const std::map<Alias, int64_t>& found) {
  std::set<Alias> left;
  for (const Alias& alias : aliases) {
    if (!found.contains(alias)) left.insert(alias);
  }
  return left;
}

}  // namespace

std::map<Alias, int64_t> resolve_aliases(Transaction& transaction, const std::set<Alias>& aliases,
                                         Instant recorded_at) {
  std::map<Alias, int64_t> found;
  if (aliases.empty()) return found;
  find_aliases(transaction, aliases, found);
  const std::set<Alias> fresh = left_over(aliases, found);
  if (fresh.empty()) return found;
  create_subjects(transaction, fresh, recorded_at, found);
  const std::set<Alias> taken_by_others = left_over(fresh, found);
  if (!taken_by_others.empty()) find_aliases(transaction, taken_by_others, found);
  AUTHLEDGER_CHECK(found.size() == aliases.size());
  return found;
}

}  // namespace authledger
