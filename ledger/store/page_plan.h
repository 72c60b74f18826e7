#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/store/fact_tables.h"
#include "ledger/store/resource_versions.h"
#include "ledger/store/subject_alias.h"

// What one page changes, decided from what is stored: pure, so that the transaction around it is reads, this, writes.
// Inside of ledger/store only.

namespace authledger {

// Header of a fact that stands for a resource.
struct StandingFact {
  int64_t fact_seq = 0;
  FactKind kind = FactKind::service;
  Hash content_hash{};
  std::optional<int64_t> source_version;
  std::optional<Instant> source_updated_at;
};

using StandingKey = std::pair<int64_t, std::string>;  // Subject, fact_key.

struct ResourceState {
  std::vector<ResourceVersion> versions;
  std::map<StandingKey, StandingFact> standing;  // Of the current version.

  const ResourceVersion* current() const;
};

ResourceKey key_of(const MappedResource& resource);
// Whose a fact of the resource is.
Alias owner_of(const MappedResource& resource, const Fact& fact);

// Whether the resource says what its current version said, under the same mapping; or repeats a version that is
// already history.
bool is_known(const ResourceState& state, const MappedResource& resource);

class PagePlan {
 public:
  // `facts_seq` holds every subject that the page may write to, with its last sequence number.
  PagePlan(std::map<ResourceKey, ResourceState> states, std::map<int64_t, int64_t> facts_seq, Instant recorded_at)
      : states_(std::move(states)), facts_seq_(std::move(facts_seq)), recorded_at_(recorded_at) {}

  // Resources in the order of the page; one may come several times. `subjects` says where the facts of each
  // patient reference stand.
  void add(const MappedResource& resource, const std::map<Alias, int64_t>& subjects);

  const std::vector<SequencedFact>& facts() const { return facts_; }
  std::vector<VersionRow> inserted() const { return rows_of(Write::insert); }
  std::vector<VersionRow> remapped() const { return rows_of(Write::remap); }
  const std::vector<VersionRow>& ended() const { return ended_; }
  // Subjects with new facts, and the last sequence number of each.
  std::map<int64_t, int64_t> raised() const;
  // Resources whose version on the page is the current one now, in the order of the page.
  const std::vector<const MappedResource*>& renewed() const { return renewed_; }
  const RecordCounts& counts() const { return counts_; }

 private:
  enum class Write { insert, remap };
  struct Written {
    Write write;
    VersionRow row;
  };

  int64_t append(int64_t subject_id, Fact fact, const Hash& content_hash);
  void retract(int64_t subject_id, const MappedResource& resource, const std::string& fact_key, FactKind kind,
               const ResourceVersion& cause);
  void take_newer(ResourceState& state, const MappedResource& resource, ResourceVersion version,
                  const std::map<Alias, int64_t>& subjects);
  void take_older(ResourceState& state, const MappedResource& resource, ResourceVersion version,
                  const std::map<Alias, int64_t>& subjects);
  void write_version(ResourceState& state, const MappedResource& resource, ResourceVersion version);
  std::vector<VersionRow> rows_of(Write write) const;

  std::map<ResourceKey, ResourceState> states_;
  std::map<int64_t, int64_t> facts_seq_;
  Instant recorded_at_;
  std::vector<SequencedFact> facts_;
  std::map<std::pair<ResourceKey, int64_t>, Written> written_;  // By resource and version_no.
  std::vector<VersionRow> ended_;
  std::set<int64_t> raised_;
  std::vector<const MappedResource*> renewed_;
  RecordCounts counts_;
};

}  // namespace authledger
