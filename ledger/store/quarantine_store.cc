#include "ledger/store/quarantine_store.h"

#include <array>

#include "ledger/store/body_compression.h"
#include "ledger/store/quarantine_rows.h"
#include "ledger/store/resource_check.h"

namespace authledger {

namespace {

// Nearly always nothing is quarantined: one look spares one for each resource.
constexpr Statement kClearQuarantine{"clear_quarantine", R"(
  delete from quarantine
   where tenant_id = $1
     and exists (select from quarantine where tenant_id = $1)
     and quarantine_id = any (array(
         select row.quarantine_id
           from unnest($2::text[], $3::text[], $4::text[]) as gone (source, resource_type, resource_id)
          cross join lateral (
                select quarantine_id
                  from quarantine
                 where tenant_id = $1
                   and source = gone.source collate "C"
                   and resource_type = gone.resource_type collate "C"
                   and resource_id = gone.resource_id collate "C"
                offset 0) as row)))"};

constexpr Statement kInsertQuarantine{"insert_quarantine", R"(
  insert into quarantine (
         tenant_id, source, resource_type, resource_id, element_path, reason, mapping_version, body, recorded_at)
  select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
         unnest($7::text[]), unnest($8::bytea[]), $9::timestamptz)"};

constexpr Statement kReadQuarantine{"read_quarantine", R"(
  select quarantine_id, source, resource_type, resource_id, element_path, reason, mapping_version, recorded_at
    from quarantine
   where tenant_id = $1
   order by quarantine_id)"};

constexpr Statement kReadQuarantineBodies{"read_quarantine_bodies", R"(
  select source, resource_type, resource_id, body
    from quarantine
   where tenant_id = $1
     and body is not null
   order by quarantine_id)"};

// Row by row: the issues of a resource, what of it is kept.
struct NewRow {
  std::string source, type, id;
  Issue issue;
  std::string mapping_version, body;
};

void insert_rows(Transaction& transaction, const std::vector<NewRow>& rows, Instant recorded_at) {
  std::array<ArrayBuilder, 7> columns;
  for (const NewRow& row : rows) {
    columns[0].text(row.source);
    columns[1].text(row.type);
    columns[2].text(row.id);
    columns[3].text(storable(row.issue.element_path, kReasonBytesMax));
    columns[4].text(storable(row.issue.message, kReasonBytesMax));
    columns[5].text(row.mapping_version);
    row.body.empty() ? columns[6].null() : columns[6].bytes(compress_body(row.body));
  }
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder& column : columns) column.add_to(parameters);
  parameters.instant(recorded_at);
  transaction.execute(kInsertQuarantine, parameters);
}

// Names the rows to clear, by (source, type, id).
class QuarantineKeys {
 public:
  void add(std::string_view source, std::string_view type, std::string_view id) {
    columns_[0].text(source);
    columns_[1].text(type);
    columns_[2].text(id);
  }
  void clear(Transaction& transaction) {
    if (columns_[0].size() == 0) return;
    Parameters parameters;
    parameters.integer(transaction.tenant_id());
    for (ArrayBuilder& column : columns_) column.add_to(parameters);
    transaction.execute(kClearQuarantine, parameters);
  }

 private:
  std::array<ArrayBuilder, 3> columns_;
};

}  // namespace

void clear_quarantine(Transaction& transaction, std::span<const MappedResource* const> resources) {
  QuarantineKeys keys;
  for (const MappedResource* resource : resources) keys.add(resource->source, resource->type, resource->id);
  keys.clear(transaction);
}

void replace_quarantine(Transaction& transaction, std::span<const QuarantinedResource> resources, Instant recorded_at) {
  if (resources.empty()) return;
  QuarantineKeys keys;
  std::vector<NewRow> rows;
  for (const QuarantinedResource& quarantined : resources) {
    const MappedResource& resource = *quarantined.resource;
    const std::string type = storable(resource.type, kResourceIdBytesMax);
    const std::string id = storable(resource.id, kResourceIdBytesMax);
    keys.add(resource.source, type, id);
    size_t kept = 0;
    for (const Issue& issue : quarantined.issues) {
      if (kept == kIssuesPerResourceMax) break;
      rows.push_back({resource.source, type, id, issue, resource.mapping_version, kept == 0 ? resource.body : ""});
      ++kept;
    }
  }
  keys.clear(transaction);
  insert_rows(transaction, rows, recorded_at);
}

std::vector<QuarantineRow> read_quarantine(Transaction& transaction) {
  std::vector<QuarantineRow> out;
  const Rows rows = transaction.execute(kReadQuarantine, Parameters().integer(transaction.tenant_id()));
  for (size_t row = 0; row < rows.size(); ++row) {
    out.push_back({rows.integer(row, 0), rows.string(row, 1), rows.string(row, 2), rows.string(row, 3),
                   rows.string(row, 4), rows.string(row, 5), rows.string(row, 6), rows.instant(row, 7)});
  }
  return out;
}

std::vector<StoredResource> read_quarantine_bodies(Transaction& transaction) {
  std::vector<StoredResource> out;
  const Rows rows = transaction.execute(kReadQuarantineBodies, Parameters().integer(transaction.tenant_id()));
  for (size_t row = 0; row < rows.size(); ++row) {
    out.push_back({rows.string(row, 0), rows.string(row, 1), rows.string(row, 2), expand_body(rows.bytes(row, 3))});
  }
  return out;
}

void record_unreadable(PgConnection& connection, int64_t tenant_id, const std::string& source, const Issues& issues,
                       Instant recorded_at) {
  if (issues.empty()) return;
  transact(connection, tenant_id, [&](Transaction& transaction) {
    QuarantineKeys keys;
    std::vector<NewRow> rows;
    for (const Issue& issue : issues) {
      const std::string place = storable(issue.element_path, kResourceIdBytesMax);
      keys.add(source, "", place);
      rows.push_back({source, "", place, issue, "", ""});
    }
    keys.clear(transaction);
    insert_rows(transaction, rows, recorded_at);
  });
}

}  // namespace authledger
