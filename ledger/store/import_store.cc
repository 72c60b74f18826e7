#include "ledger/store/import_store.h"

#include "ledger/store/body_compression.h"

namespace authledger {

namespace {

constexpr Statement kSaveSource{"save_import_source", R"(
  insert into import_source (tenant_id, source, mapping, mapping_version, recorded_at)
  values ($1, $2, $3, $4, $5)
      on conflict (tenant_id, source) do update
     set mapping = excluded.mapping,
         mapping_version = excluded.mapping_version,
         recorded_at = excluded.recorded_at)"};

constexpr Statement kReadSource{"read_import_source", R"(
  select mapping
    from import_source
   where tenant_id = $1
     and source = $2)"};

constexpr Statement kKnownByReference{"find_patients_by_reference", R"(
  select distinct asked.name
    from unnest($3::text[]) as asked (name)
    join subject_alias as alias
      on alias.tenant_id = $1
     and alias.source = $2::text collate "C"
     and alias.patient = asked.name collate "C")"};

// An import's own identifiers make nobody known.
constexpr Statement kKnownByIdentifier{"find_patients_by_identifier", R"(
  select distinct asked.name
    from unnest($3::text[]) as asked (name)
    join subject_link as link
      on link.tenant_id = $1
     and link.name = asked.name collate "C"
     and link.space = $2::text collate "C"
     and link.is_identifier
     and not starts_with(link.source, 'import:'))"};

constexpr Statement kReadCurrentBodies{"read_current_bodies", R"(
  select version.resource_id, version.body
    from unnest($4::text[]) as asked (id)
    join raw_resource as version
      on version.tenant_id = $1
     and version.source = $2::text collate "C"
     and version.resource_type = $3::text collate "C"
     and version.resource_id = asked.id collate "C"
   where version.is_current
     and not version.is_deleted
     and version.body is not null)"};

constexpr Statement kClearImported{"clear_imported", R"(
  delete from quarantine
   where tenant_id = $1
     and source = $2::text collate "C"
     and resource_type = $3::text collate "C"
     and resource_id = any ($4::text[]))"};

constexpr Statement kClearPlaced{"clear_placed_rows", R"(
  delete from quarantine
   where tenant_id = $1
     and source = $2::text collate "C"
     and resource_type = $3::text collate "C"
     and starts_with(resource_id, $4::text || ':'))"};

ArrayBuilder array_of(std::span<const std::string> texts) {
  ArrayBuilder array;
  for (const std::string& text : texts) array.text(text);
  return array;
}

}  // namespace

void save_import_source(Transaction& transaction, const std::string& source, const std::string& mapping,
                        const std::string& mapping_version, Instant recorded_at) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source).text(mapping).text(mapping_version).instant(recorded_at);
  transaction.execute(kSaveSource, parameters);
}

std::optional<std::string> read_import_source(Transaction& transaction, const std::string& source) {
  const Rows rows = transaction.execute(kReadSource, Parameters().integer(transaction.tenant_id()).text(source));
  return rows.size() == 0 ? std::nullopt : std::optional(rows.string(0, 0));
}

std::set<std::string> find_known_patients(Transaction& transaction, const std::string& endpoint,
                                          const std::string& system, std::span<const std::string> names) {
  std::set<std::string> known;
  if (names.empty()) return known;
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(endpoint.empty() ? system : endpoint);
  array_of(names).add_to(parameters);
  const Rows rows = transaction.execute(endpoint.empty() ? kKnownByIdentifier : kKnownByReference, parameters);
  for (size_t row = 0; row < rows.size(); ++row) known.insert(rows.string(row, 0));
  return known;
}

std::map<std::string, std::string> read_current_bodies(Transaction& transaction, const std::string& source,
                                                       const std::string& type, std::span<const std::string> ids) {
  std::map<std::string, std::string> bodies;
  if (ids.empty()) return bodies;
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source).text(type);
  array_of(ids).add_to(parameters);
  const Rows rows = transaction.execute(kReadCurrentBodies, parameters);
  for (size_t row = 0; row < rows.size(); ++row) bodies[rows.string(row, 0)] = expand_body(rows.bytes(row, 1));
  return bodies;
}

void clear_imported(Transaction& transaction, const std::string& source, const std::string& type,
                    std::span<const std::string> ids) {
  if (ids.empty()) return;
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source).text(type);
  array_of(ids).add_to(parameters);
  transaction.execute(kClearImported, parameters);
}

void clear_placed_rows(Transaction& transaction, const std::string& source, const std::string& type,
                       const std::string& file) {
  Parameters parameters;
  parameters.integer(transaction.tenant_id()).text(source).text(type).text(file);
  transaction.execute(kClearPlaced, parameters);
}

}  // namespace authledger
