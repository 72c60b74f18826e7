#include "ledger/store/resource_versions.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <unordered_set>

#include "ledger/store/body_compression.h"

namespace authledger {

namespace {

// The lateral subquery is one index descent for each resource, whatever the planner believes of the table's size:
// `limit` and `offset 0` keep it from turning the join around.
constexpr Statement kFindStored{"find_stored", R"(
  select asked.no, current.is_deleted, current.hash = asked.hash and current.mapping_version = asked.mapping_version,
         current.source_version, current.source_updated_at
    from unnest($3::text[], $4::text[], $5::bytea[], $6::text[])
         with ordinality as asked (resource_type, resource_id, hash, mapping_version, no)
   cross join lateral (
         select version.hash, version.mapping_version, version.is_deleted, version.source_version,
                version.source_updated_at
           from raw_resource as version
          where version.tenant_id = $1
            and version.source = $2::text collate "C"
            and version.resource_type = asked.resource_type collate "C"
            and version.resource_id = asked.resource_id collate "C"
            and version.is_current
          limit 1) as current)"};

constexpr Statement kReadPresent{"read_present_resources", R"(
  select resource_type, resource_id, hash
    from raw_resource
   where tenant_id = $1
     and source = $2
     and is_current
     and not is_deleted
   order by resource_type, resource_id)"};

constexpr Statement kReadBodies{"read_bodies", R"(
  select resource_id, body
    from raw_resource
   where tenant_id = $1
     and source = $2
     and resource_type = $3
     and resource_id > $5
     and is_current
     and not is_deleted
     and mapping_version <> $4
     and body is not null
   order by resource_id
   limit $6)"};

constexpr Statement kReadVersions{"read_versions", R"(
  select asked.no, known.version_no, known.hash, known.mapping_version, known.source_version, known.source_updated_at,
         known.subject_id, known.is_current, known.is_deleted, known.fact_seqs, known.subject_ids, known.recorded_at
    from unnest($2::text[], $3::text[], $4::text[]) with ordinality as asked (source, resource_type, resource_id, no)
   cross join lateral (
         select version.version_no, version.hash, version.mapping_version, version.source_version,
                version.source_updated_at, version.subject_id, version.is_current, version.is_deleted,
                version.fact_seqs, version.subject_ids, version.recorded_at
           from raw_resource as version
          where version.tenant_id = $1
            and version.source = asked.source collate "C"
            and version.resource_type = asked.resource_type collate "C"
            and version.resource_id = asked.resource_id collate "C"
         offset 0) as known)"};

constexpr Statement kInsertVersions{"insert_versions", R"(
  insert into raw_resource (
         tenant_id, source, resource_type, resource_id, version_no, hash, mapping_version, source_version,
         source_updated_at, subject_id, is_current, is_deleted, fact_seqs, subject_ids, body, recorded_at)
  select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bigint[]), unnest($6::bytea[]),
         unnest($7::text[]), unnest($8::bigint[]), unnest($9::timestamptz[]), unnest($10::bigint[]),
         unnest($11::boolean[]), unnest($12::boolean[]), unnest($13::text[])::bigint[], unnest($14::text[])::bigint[],
         unnest($15::bytea[]), $16::timestamptz)"};

constexpr Statement kEndVersions{"end_versions", R"(
  update raw_resource as version
     set is_current = false,
         fact_seqs = '{}',
         subject_ids = null
    from unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
         as ended (source, resource_type, resource_id, version_no)
   where version.tenant_id = $1
     and version.source = ended.source collate "C"
     and version.resource_type = ended.resource_type collate "C"
     and version.resource_id = ended.resource_id collate "C"
     and version.version_no = ended.version_no)"};

constexpr Statement kRemapVersions{"remap_versions", R"(
  update raw_resource as version
     set mapping_version = remapped.mapping_version,
         subject_id = remapped.subject_id,
         fact_seqs = remapped.fact_seqs::bigint[],
         subject_ids = remapped.subject_ids::bigint[]
    from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[])
         as remapped (source, resource_type, resource_id, version_no, mapping_version, subject_id, fact_seqs,
                      subject_ids)
   where version.tenant_id = $1
     and version.source = remapped.source collate "C"
     and version.resource_type = remapped.resource_type collate "C"
     and version.resource_id = remapped.resource_id collate "C"
     and version.version_no = remapped.version_no)"};

// What stands, as the columns subject_id, fact_seqs and subject_ids hold it.
void add_standing(const std::vector<FactPlace>& standing, ArrayBuilder& subject_id, ArrayBuilder& fact_seqs,
                  ArrayBuilder& subject_ids) {
  std::string seqs, subjects;
  bool is_shared = false;
  for (const FactPlace& place : standing) {
    fmt::format_to(std::back_inserter(seqs), "{}{}", seqs.empty() ? "" : ",", place.fact_seq);
    fmt::format_to(std::back_inserter(subjects), "{}{}", subjects.empty() ? "" : ",", place.subject_id);
    is_shared = is_shared || place.subject_id != standing.front().subject_id;
  }
  standing.empty() ? subject_id.null() : subject_id.integer(standing.front().subject_id);
  fact_seqs.text("{" + seqs + "}");
  is_shared ? subject_ids.text("{" + subjects + "}") : subject_ids.null();
}

std::vector<FactPlace> places_of(const Rows& rows, size_t row) {
  constexpr int kSubjectId = 6, kFactSeqs = 9, kSubjectIds = 10;
  std::vector<FactPlace> standing;
  const std::vector<int64_t> seqs = rows.integer_array(row, kFactSeqs);
  const std::vector<int64_t> subjects = rows.integer_array(row, kSubjectIds);
  for (size_t i = 0; i < seqs.size(); ++i) {
    standing.push_back({i < subjects.size() ? subjects[i] : rows.integer(row, kSubjectId), seqs[i]});
  }
  return standing;
}

// source, type, id and version_no of each row.
Parameters keys_of(int64_t tenant_id, std::span<const VersionRow> rows) {
  std::array<ArrayBuilder, 4> columns;
  for (const VersionRow& row : rows) {
    columns[0].text(row.resource.source);
    columns[1].text(row.resource.type);
    columns[2].text(row.resource.id);
    columns[3].integer(row.version.version_no);
  }
  Parameters parameters;
  parameters.integer(tenant_id);
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  return parameters;
}

}  // namespace

std::vector<StoredVersion> find_stored(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                       std::span<const ResourceHash> resources) {
  std::vector<StoredVersion> stored(resources.size());
  if (resources.empty()) return stored;
  std::array<ArrayBuilder, 4> columns;
  for (const ResourceHash& resource : resources) {
    columns[0].text(resource.type);
    columns[1].text(resource.id);
    columns[2].hash(resource.hash);
    columns[3].text(resource.mapping_version);
  }
  Parameters parameters;
  parameters.integer(tenant_id).text(source);
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  transact(connection, tenant_id, [&](Transaction& transaction) {
    const Rows rows = transaction.execute(kFindStored, parameters);
    for (size_t row = 0; row < rows.size(); ++row) {
      StoredVersion& found = stored[static_cast<size_t>(rows.integer(row, 0) - 1)];
      found.as = rows.boolean(row, 1) ? StoredAs::deleted : rows.boolean(row, 2) ? StoredAs::same : StoredAs::other;
      found.version = rows.optional_integer(row, 3);
      found.updated_at = rows.optional_instant(row, 4);
    }
  });
  return stored;
}

std::vector<ResourceHash> find_missing(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                       std::span<const std::string> seen) {
  const std::unordered_set<std::string> present_there(seen.begin(), seen.end());
  std::vector<ResourceHash> missing;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    missing.clear();
    const Rows rows = transaction.execute(kReadPresent, Parameters().integer(tenant_id).text(source));
    for (size_t row = 0; row < rows.size(); ++row) {
      ResourceHash resource{rows.string(row, 0), rows.string(row, 1), rows.hash(row, 2), ""};
      if (!present_there.contains(resource.type + "/" + resource.id)) missing.push_back(std::move(resource));
    }
  });
  return missing;
}

std::vector<StoredResource> read_bodies(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                        const std::string& resource_type, const std::string& mapping_version,
                                        const std::string& after_id, size_t limit) {
  std::vector<StoredResource> stored;
  Parameters parameters;
  parameters.integer(tenant_id).text(source).text(resource_type).text(mapping_version).text(after_id);
  parameters.integer(static_cast<int64_t>(limit));
  transact(connection, tenant_id, [&](Transaction& transaction) {
    stored.clear();
    const Rows rows = transaction.execute(kReadBodies, parameters);
    for (size_t row = 0; row < rows.size(); ++row) {
      stored.push_back({source, resource_type, rows.string(row, 0), expand_body(rows.bytes(row, 1))});
    }
  });
  return stored;
}

std::map<ResourceKey, std::vector<ResourceVersion>> read_versions(Transaction& transaction,
                                                                  const std::set<ResourceKey>& resources) {
  std::map<ResourceKey, std::vector<ResourceVersion>> versions;
  if (resources.empty()) return versions;
  std::vector<const ResourceKey*> by_number;
  std::array<ArrayBuilder, 3> columns;
  for (const ResourceKey& key : resources) {
    by_number.push_back(&key);
    columns[0].text(key.source);
    columns[1].text(key.type);
    columns[2].text(key.id);
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  const Rows rows = transaction.execute(kReadVersions, parameters);
  for (size_t row = 0; row < rows.size(); ++row) {
    ResourceVersion version;
    version.version_no = rows.integer(row, 1);
    version.hash = rows.hash(row, 2);
    version.mapping_version = rows.string(row, 3);
    version.source_version = rows.optional_integer(row, 4);
    version.source_updated_at = rows.optional_instant(row, 5);
    version.is_current = rows.boolean(row, 7);
    version.is_deleted = rows.boolean(row, 8);
    version.recorded_at = rows.instant(row, 11);
    version.standing = places_of(rows, row);
    versions[*by_number[static_cast<size_t>(rows.integer(row, 0) - 1)]].push_back(std::move(version));
  }
  return versions;
}

void insert_versions(Transaction& transaction, std::span<const VersionRow> rows, Instant recorded_at) {
  if (rows.empty()) return;
  Parameters parameters = keys_of(transaction.tenant_id(), rows);
  std::array<ArrayBuilder, 10> columns;
  for (const VersionRow& row : rows) {
    const ResourceVersion& version = row.version;
    columns[0].hash(version.hash);
    columns[1].text(version.mapping_version);
    columns[2].optional_integer(version.source_version);
    columns[3].optional_instant(version.source_updated_at);
    add_standing(version.standing, columns[4], columns[7], columns[8]);
    columns[5].boolean(version.is_current);
    columns[6].boolean(version.is_deleted);
    row.body == nullptr || row.body->empty() ? columns[9].null() : columns[9].bytes(compress_body(*row.body));
  }
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  parameters.instant(recorded_at);
  transaction.execute(kInsertVersions, parameters);
}

void end_versions(Transaction& transaction, std::span<const VersionRow> rows) {
  if (!rows.empty()) transaction.execute(kEndVersions, keys_of(transaction.tenant_id(), rows));
}

void remap_versions(Transaction& transaction, std::span<const VersionRow> rows) {
  if (rows.empty()) return;
  Parameters parameters = keys_of(transaction.tenant_id(), rows);
  std::array<ArrayBuilder, 4> columns;
  for (const VersionRow& row : rows) {
    columns[0].text(row.version.mapping_version);
    add_standing(row.version.standing, columns[1], columns[2], columns[3]);
  }
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  transaction.execute(kRemapVersions, parameters);
}

}  // namespace authledger
