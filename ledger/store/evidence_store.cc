#include "ledger/store/evidence_store.h"

namespace authledger {

namespace {

// A resource that came back with the same version number (and with no number, at another time) is told apart by when
// it was recorded.
constexpr Statement kReadResourceHashes{"read_resource_hashes", R"(
  select asked.no, version.hash
    from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
         as asked (source, resource_type, resource_id, recorded_at, no)
   cross join lateral (
         select hash
           from raw_resource
          where tenant_id = $1
            and source = asked.source collate "C"
            and resource_type = asked.resource_type collate "C"
            and resource_id = asked.resource_id collate "C"
            and recorded_at <= asked.recorded_at
          order by version_no desc
          limit 1) as version)"};

constexpr Statement kReadSubjectsNaming{"read_subjects_naming", R"(
  select subject_id
    from fact_authorization_line
   where tenant_id = $1
     and ($2 in (authorization_number, request, supersedes, resource) or $2 = any(other_numbers))
   union
  select subject_id
    from fact_order
   where tenant_id = $1
     and $2 in (authorization_number, resource)
   union
  select subject_id
    from fact_service
   where tenant_id = $1
     and resource = $2
   union
  select subject_id
    from balance
   where tenant_id = $1
     and book = $2
   order by subject_id)"};

constexpr Statement kSaveMappingPaths{"save_mapping_paths", R"(
  insert into mapping_path (tenant_id, mapping, paths)
  select $1, unnest($2::text[]), unnest($3::text[])
      on conflict do nothing)"};

constexpr Statement kReadMappingPaths{"read_mapping_paths", R"(
  select mapping, paths
    from mapping_path
   where tenant_id = $1
     and mapping = any($2::text[] collate "C")
   order by mapping)"};

}  // namespace

std::vector<std::optional<Hash>> read_resource_hashes(Transaction& transaction, std::span<const Fact> facts) {
  ArrayBuilder sources, types, ids, recorded;
  for (const Fact& fact : facts) {
    const size_t slash = fact.resource.find('/');
    sources.text(fact.source);
    types.text(fact.resource.substr(0, slash));
    ids.text(slash == std::string::npos ? "" : fact.resource.substr(slash + 1));
    recorded.instant(fact.recorded_at);
  }
  std::vector<std::optional<Hash>> hashes(facts.size());
  if (facts.empty()) return hashes;
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  for (ArrayBuilder* column : {&sources, &types, &ids, &recorded}) column->add_to(parameters);
  const Rows rows = transaction.execute(kReadResourceHashes, parameters);
  for (size_t row = 0; row < rows.size(); ++row) {
    hashes[static_cast<size_t>(rows.integer(row, 0) - 1)] = rows.hash(row, 1);
  }
  return hashes;
}

std::vector<int64_t> read_subjects_naming(Transaction& transaction, const std::string& name) {
  const Rows rows = transaction.execute(kReadSubjectsNaming, Parameters().integer(transaction.tenant_id()).text(name));
  std::vector<int64_t> subject_ids;
  for (size_t row = 0; row < rows.size(); ++row) subject_ids.push_back(rows.integer(row, 0));
  return subject_ids;
}

void save_mapping_paths(Transaction& transaction, const std::map<std::string, std::string>& paths) {
  std::vector<std::string> mappings, texts;
  for (const auto& [mapping, text] : paths) {
    mappings.push_back(mapping);
    texts.push_back(text);
  }
  if (mappings.empty()) return;
  transaction.execute(kSaveMappingPaths,
                      Parameters().integer(transaction.tenant_id()).text_array(mappings).text_array(texts));
}

std::map<std::string, std::string> read_mapping_paths(Transaction& transaction, const std::set<std::string>& mappings) {
  std::map<std::string, std::string> paths;
  const std::vector<std::string> asked(mappings.begin(), mappings.end());
  const Rows rows =
      transaction.execute(kReadMappingPaths, Parameters().integer(transaction.tenant_id()).text_array(asked));
  for (size_t row = 0; row < rows.size(); ++row) paths[rows.string(row, 0)] = rows.string(row, 1);
  return paths;
}

}  // namespace authledger
