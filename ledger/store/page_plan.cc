#include "ledger/store/page_plan.h"

#include <algorithm>

#include "base/check.h"

namespace authledger {

namespace {

// As the ledger orders facts.
Fact ordered_as(const ResourceVersion& version, int64_t fact_seq) {
  Fact fact;
  fact.source_version = version.source_version;
  fact.source_updated_at = version.source_updated_at;
  fact.fact_seq = fact_seq;
  return fact;
}

// The order of versions is the ledger's own (is_newer), so that what is current here is what consolidate sees. Where it
// does not tell, what comes later is newer; but whoever asked before a deletion was recorded brings what it ended.
bool is_newer_version(const ResourceVersion& incoming, const ResourceVersion& stored, std::optional<Instant> asked_at) {
  if (is_newer(ordered_as(incoming, 1), ordered_as(stored, 2))) return true;
  const bool was_ended_since =
      stored.is_deleted && !incoming.is_deleted && asked_at && stored.recorded_at && *asked_at < *stored.recorded_at;
  return !was_ended_since && is_newer(ordered_as(incoming, 2), ordered_as(stored, 1));
}

bool has_same_source(const ResourceVersion& version, const MappedResource& resource) {
  return version.hash == resource.hash && version.mapping_version == resource.mapping_version &&
         version.is_deleted == resource.is_deleted;
}

ResourceVersion version_of(const ResourceState& state, const MappedResource& resource) {
  ResourceVersion version;
  version.hash = resource.hash;
  version.mapping_version = resource.mapping_version;
  version.source_version = resource.version;
  version.source_updated_at = resource.updated_at;
  version.is_deleted = resource.is_deleted;
  for (const ResourceVersion& stored : state.versions) {
    version.version_no = std::max(version.version_no, stored.version_no);
  }
  ++version.version_no;
  const ResourceVersion* current = state.current();
  const bool is_unnumbered = current != nullptr && !current->source_version && current->source_updated_at;
  if (version.source_updated_at && (resource.is_numbered_anew || is_unnumbered)) version.source_version.reset();
  // A deletion that carries no version of its own takes away what stands: older versions that arrive later stay older.
  if (resource.is_deleted && current != nullptr) {
    if (!version.source_version) version.source_version = current->source_version;
    if (!version.source_updated_at) version.source_updated_at = current->source_updated_at;
  }
  return version;
}

}  // namespace

const ResourceVersion* ResourceState::current() const {
  for (const ResourceVersion& version : versions) {
    if (version.is_current) return &version;
  }
  return nullptr;
}

ResourceKey key_of(const MappedResource& resource) {
  return {resource.source, resource.type, resource.id};
}

bool is_known(const ResourceState& state, const MappedResource& resource) {
  const ResourceVersion* current = state.current();
  if (current == nullptr) return false;
  if (resource.is_deleted && current->is_deleted) return true;
  if (has_same_source(*current, resource)) return true;
  const ResourceVersion incoming = version_of(state, resource);
  if (is_newer_version(incoming, *current, resource.asked_at)) return false;
  return std::any_of(state.versions.begin(), state.versions.end(),
                     [&](const ResourceVersion& version) { return has_same_source(version, resource); });
}

Alias owner_of(const MappedResource& resource, const Fact& fact) {
  const std::string_view patient = patient_of(fact.body);
  return {patient.empty() ? resource.patient : std::string(patient), resource.source};
}

void PagePlan::add(const MappedResource& resource, const std::map<Alias, int64_t>& subjects) {
  ResourceState& state = states_[key_of(resource)];
  if (is_known(state, resource)) {
    counts_.unchanged += std::max<int64_t>(1, static_cast<int64_t>(state.standing.size()));
    return;
  }
  ResourceVersion version = version_of(state, resource);
  const ResourceVersion* current = state.current();
  if (current == nullptr || is_newer_version(version, *current, resource.asked_at)) {
    take_newer(state, resource, std::move(version), subjects);
    renewed_.push_back(&resource);
  } else {
    take_older(state, resource, std::move(version), subjects);
  }
}

int64_t PagePlan::append(int64_t subject_id, Fact fact, const Hash& content_hash) {
  const auto subject = facts_seq_.find(subject_id);
  AUTHLEDGER_CHECK(subject != facts_seq_.end());
  fact.fact_seq = ++subject->second;
  fact.recorded_at = recorded_at_;
  raised_.insert(subject_id);
  facts_.push_back({subject_id, content_hash, std::move(fact)});
  return subject->second;
}

void PagePlan::retract(int64_t subject_id, const MappedResource& resource, const std::string& fact_key, FactKind kind,
                       const ResourceVersion& cause) {
  Fact fact;
  fact.fact_key = fact_key;
  fact.source = resource.source;
  fact.resource = resource.type + "/" + resource.id;
  fact.retracted = true;
  fact.source_version = cause.source_version;
  fact.source_updated_at = cause.source_updated_at;
  fact.mapping = resource.mapping_version;
  fact.body = empty_body(kind);
  const Hash hash = content_hash(fact);
  append(subject_id, std::move(fact), hash);
}

void PagePlan::take_newer(ResourceState& state, const MappedResource& resource, ResourceVersion version,
                          const std::map<Alias, int64_t>& subjects) {
  const ResourceVersion* current = state.current();
  if (current != nullptr && current->source_updated_at && version.source_updated_at &&
      *version.source_updated_at < *current->source_updated_at) {
    ++counts_.clock_went_back;
  }
  const std::map<StandingKey, StandingFact> former = std::move(state.standing);
  state.standing.clear();

  if (!resource.is_deleted) {
    for (const Fact& mapped : resource.facts) {
      if (mapped.retracted) continue;  // Not standing any more: retracted below where it stood.
      const Hash hash = content_hash(mapped);
      const StandingKey key{subjects.at(owner_of(resource, mapped)), mapped.fact_key};
      if (state.standing.contains(key)) continue;  // Two records of one person take part in one visit once.
      const auto before = former.find(key);
      if (before != former.end() && before->second.content_hash == hash &&
          before->second.source_version == version.source_version &&
          before->second.source_updated_at == version.source_updated_at) {
        ++counts_.unchanged;
        state.standing[key] = before->second;
        continue;
      }
      Fact fact = mapped;
      fact.source_version = version.source_version;
      fact.source_updated_at = version.source_updated_at;
      const int64_t seq = append(key.first, std::move(fact), hash);
      ++counts_.new_facts;
      state.standing[key] = {seq, kind_of(mapped.body), hash, version.source_version, version.source_updated_at};
    }
  }
  for (const auto& [key, fact] : former) {
    if (state.standing.contains(key)) continue;
    retract(key.first, resource, key.second, fact.kind, version);
    ++counts_.retracted;
  }
  for (const auto& [key, fact] : state.standing) version.standing.push_back({key.first, fact.fact_seq});
  version.is_current = true;
  write_version(state, resource, std::move(version));
}

// Kept as history. What the current version does not say in this subject is recorded and retracted at once with the
// current version's number, or it would stand as the only version of its fact.
void PagePlan::take_older(ResourceState& state, const MappedResource& resource, ResourceVersion version,
                          const std::map<Alias, int64_t>& subjects) {
  const ResourceVersion current = *state.current();
  for (const Fact& mapped : resource.facts) {
    if (mapped.retracted || resource.is_deleted) continue;
    Fact fact = mapped;
    fact.source_version = version.source_version;
    fact.source_updated_at = version.source_updated_at;
    const int64_t subject_id = subjects.at(owner_of(resource, mapped));
    append(subject_id, std::move(fact), content_hash(mapped));
    ++counts_.new_facts;
    const bool stands = state.standing.contains({subject_id, mapped.fact_key});
    if (!stands) retract(subject_id, resource, mapped.fact_key, kind_of(mapped.body), current);
  }
  version.is_current = false;
  write_version(state, resource, std::move(version));
}

void PagePlan::write_version(ResourceState& state, const MappedResource& resource, ResourceVersion version) {
  const ResourceKey key = key_of(resource);
  if (version.is_current) {
    const auto current = std::find_if(state.versions.begin(), state.versions.end(),
                                      [](const ResourceVersion& stored) { return stored.is_current; });
    if (current != state.versions.end()) {
      const auto pending = written_.find({key, current->version_no});
      if (current->hash == version.hash && current->is_deleted == version.is_deleted) {
        version.version_no = current->version_no;
        *current = version;
        if (pending != written_.end()) {
          pending->second.row.version = std::move(version);
        } else {
          written_.insert({{key, current->version_no}, {Write::remap, {key, std::move(version), nullptr}}});
        }
        return;
      }
      current->is_current = false;
      current->standing.clear();
      if (pending != written_.end() && pending->second.write == Write::insert) {
        pending->second.row.version = *current;
      } else {
        if (pending != written_.end()) pending->second.row.version = *current;
        ended_.push_back({key, *current, nullptr});
      }
    }
  }
  state.versions.push_back(version);
  const int64_t version_no = version.version_no;
  written_.insert({{key, version_no}, {Write::insert, {key, std::move(version), &resource.body}}});
}

std::vector<VersionRow> PagePlan::rows_of(Write write) const {
  std::vector<VersionRow> rows;
  for (const auto& [key, written] : written_) {
    if (written.write == write) rows.push_back(written.row);
  }
  return rows;
}

std::map<int64_t, int64_t> PagePlan::raised() const {
  std::map<int64_t, int64_t> raised;
  for (const int64_t subject_id : raised_) raised[subject_id] = facts_seq_.at(subject_id);
  return raised;
}

}  // namespace authledger
