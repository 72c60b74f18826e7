#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/store/fact_tables.h"
#include "ledger/store/resource_versions.h"

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

struct ResourceState {
  std::vector<ResourceVersion> versions;
  std::map<std::string, StandingFact> standing;  // Of the current version, by fact_key.

  const ResourceVersion* current() const;
};

ResourceKey key_of(const MappedResource& resource);

// Whether the resource says what its current version said, under the same mapping; or repeats a version that is
// already history.
bool is_known(const ResourceState& state, const MappedResource& resource);

class PagePlan {
 public:
  // `facts_seq` holds every subject that the page may write to, with its last sequence number.
  PagePlan(std::map<ResourceKey, ResourceState> states, std::map<int64_t, int64_t> facts_seq, Instant recorded_at)
      : states_(std::move(states)), facts_seq_(std::move(facts_seq)), recorded_at_(recorded_at) {}

  // Resources in the order of the page; one may come several times. `subject_id` owns the facts, 0 when there are none.
  void add(const MappedResource& resource, int64_t subject_id);

  const std::vector<SequencedFact>& facts() const { return facts_; }
  std::vector<VersionRow> inserted() const { return rows_of(Write::insert); }
  std::vector<VersionRow> remapped() const { return rows_of(Write::remap); }
  const std::vector<VersionRow>& ended() const { return ended_; }
  // Subjects with new facts, and the last sequence number of each.
  std::map<int64_t, int64_t> raised() const;
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
  void take_newer(ResourceState& state, const MappedResource& resource, ResourceVersion version);
  void take_older(ResourceState& state, const MappedResource& resource, ResourceVersion version);
  void write_version(ResourceState& state, const MappedResource& resource, ResourceVersion version);
  std::vector<VersionRow> rows_of(Write write) const;

  std::map<ResourceKey, ResourceState> states_;
  std::map<int64_t, int64_t> facts_seq_;
  Instant recorded_at_;
  std::vector<SequencedFact> facts_;
  std::map<std::pair<ResourceKey, int64_t>, Written> written_;  // By resource and version_no.
  std::vector<VersionRow> ended_;
  std::set<int64_t> raised_;
  RecordCounts counts_;
};

}  // namespace authledger
