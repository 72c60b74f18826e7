#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/issue.h"
#include "ledger/facts.h"
#include "ledger/store/feed_store.h"
#include "ledger/store/pg.h"

namespace authledger {

struct ResourceHash {
  std::string type, id;
  Hash hash{};
  std::string mapping_version;  // Of all mappings of the type on this endpoint.
};

// What is stored of a resource.
enum class StoredAs : uint8_t {
  nothing,
  deleted,
  other,  // Another text, or under another mapping version.
  same
};

struct StoredVersion {
  StoredAs as = StoredAs::nothing;
  std::optional<int64_t> version;  // Of the current one.
  std::optional<Instant> updated_at;
};

// Why two records are one person: `patient` names the record `name` of the source `space`, or has the identifier `name`
// of the system `space`, by which endpoints may be joined.
struct SubjectLink {
  std::string patient;
  bool is_identifier = false;
  std::string space, name;
  bool is_replaced = false;  // The record of `patient` is: another one is in use. Equal in all links of a record.
  auto operator<=>(const SubjectLink&) const = default;
};

// One resource of a page, mapped.
struct MappedResource {
  std::string source, type, id;
  Hash hash{};                     // Of its text as received.
  std::optional<int64_t> version;  // meta.versionId where numeric.
  std::optional<Instant> updated_at;
  std::string body;                // Kept (compressed) for authorization-bearing types and for quarantine; else empty.
  std::string patient;             // "Patient/p1": whose subject the facts belong to, unless their bodies name another
                                   // patient each (a visit of a group). An organization: its own reference.
  bool is_deleted = false;         // Every fact of the resource is retracted.
  std::vector<Fact> facts;         // Header: fact_key, source, resource, versions, mapping; body. No fact_seq.
  Issues issues;                   // An error sends the resource to quarantine; facts must then be empty. A warning is
                                   // listed there too, beside the facts.
  std::string mapping_version;     // Of all mappings of the type on this endpoint.
  std::vector<SubjectLink> links;  // Of a Patient: all that it says. Of another resource: what its references tell.
  // When the source was asked, by our clock: where versions do not tell, a deletion that was recorded since is newer.
  std::optional<Instant> asked_at;
  // Read by its id just now: what it says counts, although its version is lower than the one before. Servers that were
  // restored or moved, or that forget what they deleted, begin to number anew; from then on lastUpdated alone orders.
  bool is_numbered_anew = false;
  bool is_new = false;  // find_stored said `nothing`: spares a second look, unless another writer was faster.
};

struct RecordCounts {
  int64_t new_facts = 0, unchanged = 0, retracted = 0, quarantined = 0;
  int64_t clock_went_back = 0;  // Resources whose higher version has an earlier lastUpdated than the one before.
};

// What the current version of each resource is to it; what is the same needs no mapping. One query for all.
std::vector<StoredVersion> find_stored(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                       std::span<const ResourceHash> resources);

// One page in one transaction: resolves or creates subjects (subject_alias), locks them in id order, tests hashes again
// under the lock, appends fact versions with dense fact_seq (facts of the resource that are gone are retracted; a
// resource whose patient changed is retracted in the former subject), raises subject.due_at, upserts raw_resource,
// writes quarantine rows (and clears those of resources that now map), and saves `feed` when given.
// Facts whose content hash and version equal the current version are counted unchanged and not written.
// Safe to repeat, and to run from several connections at once.
RecordCounts record_page(PgConnection& connection, int64_t tenant_id, std::span<const MappedResource> resources,
                         const FeedState* feed, Instant recorded_at);

// Resources of an authoritative source that are stored as present but not in `seen` (type/id): for retraction.
std::vector<ResourceHash> find_missing(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                       std::span<const std::string> seen);

// Stored bodies for remap and quarantine retry.
struct StoredResource {
  std::string source, type, id, body;
};

// Bodies of one source's current resources of a type that were mapped under another version than this, by id from after
// `after_id`, at most `limit`.
std::vector<StoredResource> read_bodies(PgConnection& connection, int64_t tenant_id, const std::string& source,
                                        const std::string& resource_type, const std::string& mapping_version,
                                        const std::string& after_id, size_t limit);

}  // namespace authledger
