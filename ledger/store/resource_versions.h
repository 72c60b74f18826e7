#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/store/fact_store.h"

// What the ledger has read of each resource: rows of raw_resource. Inside of ledger/store only.

namespace authledger {

// Of one source and type, by id.
struct ResourceKey {
  std::string source, type, id;
  auto operator<=>(const ResourceKey&) const = default;
};

struct FactPlace {
  int64_t subject_id = 0, fact_seq = 0;
  auto operator<=>(const FactPlace&) const = default;
};

struct ResourceVersion {
  int64_t version_no = 0;
  Hash hash{};
  std::string mapping_version;
  std::optional<int64_t> source_version;
  std::optional<Instant> source_updated_at;
  bool is_current = false;
  bool is_deleted = false;
  std::optional<Instant> recorded_at;  // Of a stored one.
  std::vector<FactPlace> standing;  // Facts that stand: of one subject, or of each patient that the resource tells of.
};

// Every stored version of each resource, in no order.
std::map<ResourceKey, std::vector<ResourceVersion>> read_versions(Transaction& transaction,
                                                                  const std::set<ResourceKey>& resources);

struct VersionRow {
  ResourceKey resource;
  ResourceVersion version;
  const std::string* body = nullptr;  // Of the resource on the page, which outlives the row; "" keeps none.
};

void insert_versions(Transaction& transaction, std::span<const VersionRow> rows, Instant recorded_at);
// The version is no longer the current one: only the key of each row is read.
void end_versions(Transaction& transaction, std::span<const VersionRow> rows);
// The same text under another mapping: subject, facts and mapping version change in place.
void remap_versions(Transaction& transaction, std::span<const VersionRow> rows);

}  // namespace authledger
