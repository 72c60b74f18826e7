#include "ledger/store/subject_link.h"

#include <array>
#include <map>
#include <set>

#include "ledger/store/subject_join.h"

namespace authledger {

namespace {

constexpr Statement kReadLinks{"read_links", R"(
  select link.source, link.patient, link.is_identifier, link.space, link.name, link.is_replaced
    from unnest($2::text[], $3::text[]) as asked (patient, source)
   cross join lateral (
         select source, patient, is_identifier, space, name, is_replaced
           from subject_link
          where subject_link.tenant_id = $1
            and subject_link.source = asked.source collate "C"
            and subject_link.patient = asked.patient collate "C"
         offset 0) as link)"};

// Who has an identifier that a record is about to gain or lose: whether it still joins is asked anew. One that more
// records have than a person can joined nobody before, nor does it now.
constexpr Statement kRaiseSharers{"raise_sharers", R"(
  insert into subject_join_due (tenant_id, source, patient)
  select distinct $1::bigint, sharer.source, sharer.patient
    from unnest($2::text[], $3::text[]) as identifier (space, name)
   cross join lateral (
         select source, patient
           from subject_link as link
          where link.tenant_id = $1
            and link.is_identifier
            and link.space = identifier.space collate "C"
            and link.name = identifier.name collate "C"
          limit $4) as sharer
   order by sharer.source, sharer.patient
      on conflict do nothing)"};

constexpr Statement kDeleteLinks{"delete_links", R"(
  delete from subject_link as link
   using unnest($2::text[], $3::text[]) as asked (patient, source)
   where link.tenant_id = $1
     and link.source = asked.source collate "C"
     and link.patient = asked.patient collate "C")"};

constexpr Statement kInsertLinks{"insert_links", R"(
  insert into subject_link (tenant_id, source, patient, is_identifier, space, name, is_replaced)
  select $1, source, patient, is_identifier, space, name, is_replaced
    from unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::boolean[])
         as link (source, patient, is_identifier, space, name, is_replaced)
   order by source, patient, is_identifier, space, name
      on conflict do nothing
  returning patient, source)"};

constexpr Statement kRaise{"raise_for_join", R"(
  insert into subject_join_due (tenant_id, source, patient)
  select $1, source, patient
    from unnest($2::text[], $3::text[]) as due (patient, source)
   order by source, patient
      on conflict do nothing)"};

constexpr Statement kRaiseNamed{"raise_named", R"(
  insert into subject_join_due (tenant_id, source, patient)
  select $1, created.source, created.patient
    from unnest($2::text[], $3::text[]) as created (patient, source)
   where exists (select from subject_link as link
                  where link.tenant_id = $1
                    and not link.is_identifier
                    and link.space = created.source collate "C"
                    and link.name = created.patient collate "C")
   order by created.source, created.patient
      on conflict do nothing)"};

using LinksByRecord = std::map<Alias, std::set<SubjectLink>>;

template <typename Records>
Parameters parameters_of(Transaction& transaction, const Records& records) {
  ArrayBuilder patients, sources;
  for (const Alias& record : records) {
    patients.text(record.first);
    sources.text(record.second);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  patients.add_to(parameters);
  sources.add_to(parameters);
  return parameters;
}

LinksByRecord read_links(Transaction& transaction, const std::set<Alias>& records) {
  LinksByRecord links;
  const Rows rows = transaction.execute(kReadLinks, parameters_of(transaction, records));
  for (size_t row = 0; row < rows.size(); ++row) {
    SubjectLink link{rows.string(row, 1), rows.boolean(row, 2), rows.string(row, 3), rows.string(row, 4),
                     rows.boolean(row, 5)};
    links[{rows.string(row, 1), rows.string(row, 0)}].insert(std::move(link));
  }
  return links;
}

// The records of rows that were not there before.
std::set<Alias> insert_links(Transaction& transaction, const LinksByRecord& links) {
  std::array<ArrayBuilder, 6> columns;
  for (const auto& [record, said] : links) {
    for (const SubjectLink& link : said) {
      columns[0].text(record.second);
      columns[1].text(record.first);
      columns[2].boolean(link.is_identifier);
      columns[3].text(link.space);
      columns[4].text(link.name);
      columns[5].boolean(link.is_replaced);
    }
  }
  std::set<Alias> records;
  if (columns[0].size() == 0) return records;
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  const Rows rows = transaction.execute(kInsertLinks, parameters);
  for (size_t row = 0; row < rows.size(); ++row) records.insert({rows.string(row, 0), rows.string(row, 1)});
  return records;
}

void raise_sharers(Transaction& transaction, const std::set<std::pair<std::string, std::string>>& identifiers) {
  if (identifiers.empty()) return;
  ArrayBuilder spaces, names;
  for (const auto& [space, name] : identifiers) {
    spaces.text(space);
    names.text(name);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  spaces.add_to(parameters);
  names.add_to(parameters);
  parameters.integer(static_cast<int64_t>(kRecordsPerPersonMax));
  transaction.execute(kRaiseSharers, parameters);
}

}  // namespace

void save_links(Transaction& transaction, const std::vector<const MappedResource*>& resources) {
  LinksByRecord own, told;
  std::set<Alias> patients;
  for (const MappedResource* resource : resources) {
    if (resource->type == "Patient") {
      const Alias record{resource->type + "/" + resource->id, resource->source};
      patients.insert(record);
      own[record] = {resource->links.begin(), resource->links.end()};
      continue;
    }
    for (const SubjectLink& link : resource->links) told[{link.patient, resource->source}].insert(link);
  }
  std::set<Alias> changed;
  std::set<std::pair<std::string, std::string>> identifiers;
  if (!patients.empty()) {
    LinksByRecord stored = read_links(transaction, patients);
    for (const Alias& record : patients) {
      if (stored[record] == own[record]) {
        own.erase(record);
        continue;
      }
      changed.insert(record);
      for (const auto* links : {&stored[record], &own[record]}) {
        for (const SubjectLink& link : *links) {
          if (link.is_identifier) identifiers.emplace(link.space, link.name);
        }
      }
    }
  }
  if (!changed.empty()) {
    raise_sharers(transaction, identifiers);
    transaction.execute(kDeleteLinks, parameters_of(transaction, changed));
    insert_links(transaction, own);
  }
  const std::set<Alias> named = insert_links(transaction, told);
  changed.insert(named.begin(), named.end());
  if (!changed.empty()) transaction.execute(kRaise, parameters_of(transaction, changed));
}

void raise_named(Transaction& transaction, const std::vector<Alias>& created) {
  if (!created.empty()) transaction.execute(kRaiseNamed, parameters_of(transaction, created));
}

}  // namespace authledger
