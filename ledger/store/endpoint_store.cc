#include "ledger/store/endpoint_store.h"

namespace authledger {
namespace {

constexpr Statement kReadKnownEndpoints{"read_known_endpoints", R"(
  select endpoint.source,
         endpoint.base_url,
         exists (
           select
             from raw_resource as resource
            where resource.tenant_id = $1
              and resource.source = endpoint.source)
    from endpoint
   where endpoint.tenant_id = $1
   order by endpoint.source)"};

constexpr Statement kSaveKnownEndpoints{"save_known_endpoints", R"(
  insert into endpoint (tenant_id, source, base_url, recorded_at)
  select $1, unnest($2::text[]), unnest($3::text[]), $4::timestamptz
      on conflict (tenant_id, source) do update
     set base_url = excluded.base_url,
         recorded_at = excluded.recorded_at)"};

}  // namespace

std::vector<KnownEndpoint> read_known_endpoints(Transaction& transaction) {
  const Rows rows = transaction.execute(kReadKnownEndpoints, Parameters().integer(transaction.tenant_id()));
  std::vector<KnownEndpoint> known;
  for (size_t row = 0; row < rows.size(); ++row) {
    known.push_back({rows.string(row, 0), rows.string(row, 1), rows.boolean(row, 2)});
  }
  return known;
}

void save_known_endpoints(Transaction& transaction, std::span<const KnownEndpoint> endpoints, Instant now) {
  ArrayBuilder sources, base_urls;
  for (const KnownEndpoint& endpoint : endpoints) {
    sources.text(endpoint.source);
    base_urls.text(endpoint.base_url);
  }
  if (sources.size() == 0) return;
  Parameters parameters;
  parameters.integer(transaction.tenant_id());
  sources.add_to(parameters);
  base_urls.add_to(parameters);
  parameters.instant(now);
  transaction.execute(kSaveKnownEndpoints, parameters);
}

}  // namespace authledger
