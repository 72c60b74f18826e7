#include "sandbox/resource_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace authledger {
namespace {

// The version that a search sees, or nullptr.
const HeldVersion* visible_version(const std::vector<HeldVersion>& versions, Instant visible_until) {
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->updated <= visible_until) return version->deleted ? nullptr : &*version;
  }
  return nullptr;
}

}  // namespace

std::string with_server_meta(JsonView resource, std::string_view id, int64_t version, Instant updated) {
  JsonWriter writer;
  writer.begin_object().key("resourceType").value(resource["resourceType"]).member("id", id).key("meta");
  writer.begin_object().member("versionId", std::to_string(version)).member("lastUpdated", format_instant(updated));
  for (JsonView member : resource["meta"]) {
    if (member.name() == "versionId" || member.name() == "lastUpdated") continue;
    writer.key(member.name()).value(member);
  }
  writer.end_object();
  for (JsonView member : resource) {
    if (member.name() == "resourceType" || member.name() == "id" || member.name() == "meta") continue;
    writer.key(member.name()).value(member);
  }
  return writer.end_object().take();
}

const ResourceStore::Record* ResourceStore::find(std::string_view type, std::string_view id) const {
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return nullptr;
  const auto record = shelf->second.records.find(id);
  return record == shelf->second.records.end() ? nullptr : record->second.get();
}

// The index keeps the terms of earlier versions too, so that a lagging search finds what it still sees; matches()
// decides.
void ResourceStore::append(Shelf& shelf, Record& record, HeldVersion version) {
  for (std::string& term : index_terms(version.keys)) shelf.index[std::move(term)].insert(&record);
  record.versions.push_back(std::move(version));
}

WriteResult ResourceStore::write(std::string_view type, std::string_view id, JsonView resource, std::string_view method,
                                 Instant now) {
  Shelf& shelf = shelves_[std::string(type)];
  std::unique_ptr<Record>& record = shelf.records[std::string(id)];
  if (!record) record = std::make_unique<Record>(Record{std::string(id), {}});
  const bool existed = !record->versions.empty() && !record->versions.back().deleted;
  const int64_t number = record->versions.empty() ? 1 : record->versions.back().number + 1;
  HeldVersion version{number,
                      now,
                      with_server_meta(resource, id, number, now),
                      std::string(method),
                      false,
                      read_search_keys(type, resource, base_url_, zone_)};
  append(shelf, *record, std::move(version));
  if (observer_) observer_(type, id);
  return {existed ? WriteStatus::updated : WriteStatus::created, std::string(id), record->versions.back()};
}

WriteResult ResourceStore::create(std::string_view type, JsonView resource,
                                  const std::optional<SearchQuery>& if_none_exist, Instant visible_until, Instant now) {
  const std::lock_guard lock(mutex_);
  if (if_none_exist) {
    std::optional<WriteResult> match;
    for (const Record* record : candidates(shelves_[std::string(type)], *if_none_exist)) {
      const HeldVersion* version = visible_version(record->versions, visible_until);
      if (!version || !matches(*if_none_exist, record->id, version->updated, version->keys)) continue;
      if (match) return {WriteStatus::many_match, "", {}};
      match = WriteResult{WriteStatus::found, record->id, *version};
    }
    if (match) return *match;
  }
  std::string id;
  do {
    id = fmt::format("{:06}", next_id_++);
  } while (find(type, id));
  return write(type, id, resource, "POST", now);
}

WriteResult ResourceStore::update(std::string_view type, std::string_view id, JsonView resource,
                                  std::optional<int64_t> if_match, bool always_new, Instant now) {
  const std::lock_guard lock(mutex_);
  const Record* record = find(type, id);
  const HeldVersion* current = record && !record->versions.empty() ? &record->versions.back() : nullptr;
  if (if_match && (!current || current->deleted || current->number != *if_match)) return {WriteStatus::stale, "", {}};
  if (current && !current->deleted && !always_new &&
      with_server_meta(resource, id, current->number, current->updated) == current->body) {
    return {WriteStatus::unchanged, std::string(id), *current};
  }
  return write(type, id, resource, "PUT", now);
}

WriteResult ResourceStore::remove(std::string_view type, std::string_view id, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return {WriteStatus::missing, "", {}};
  const auto record = shelf->second.records.find(id);
  if (record == shelf->second.records.end()) return {WriteStatus::missing, "", {}};
  const HeldVersion& current = record->second->versions.back();
  if (current.deleted) return {WriteStatus::unchanged, std::string(id), current};
  HeldVersion deletion{current.number + 1, std::max(now, current.updated), "", "DELETE", true, {}};
  append(shelf->second, *record->second, std::move(deletion));
  if (observer_) observer_(type, id);
  return {WriteStatus::deleted, std::string(id), record->second->versions.back()};
}

void ResourceStore::forget(std::string_view type, std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return;
  const auto record = shelf->second.records.find(id);
  if (record == shelf->second.records.end()) return;
  for (auto& [term, holders] : shelf->second.index) holders.erase(record->second.get());
  shelf->second.records.erase(record);
}

std::optional<HeldVersion> ResourceStore::current(std::string_view type, std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const Record* record = find(type, id);
  if (!record) return std::nullopt;
  return record->versions.back();
}

std::vector<HeldVersion> ResourceStore::history(std::string_view type, std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const Record* record = find(type, id);
  return record ? record->versions : std::vector<HeldVersion>();
}

std::vector<TypeVersion> ResourceStore::type_history(std::string_view type, Instant since, Instant until) const {
  const std::lock_guard lock(mutex_);
  std::vector<TypeVersion> found;
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return found;
  for (const auto& [id, record] : shelf->second.records) {
    for (const HeldVersion& version : record->versions) {
      if (since <= version.updated && version.updated <= until) found.push_back({id, version});
    }
  }
  return found;
}

std::vector<std::string> ResourceStore::bodies(std::string_view type) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return found;
  for (const auto& [id, record] : shelf->second.records) {
    if (!record->versions.back().deleted) found.push_back(record->versions.back().body);
  }
  return found;
}

std::vector<const ResourceStore::Record*> ResourceStore::candidates(const Shelf& shelf,
                                                                    const SearchQuery& query) const {
  std::vector<const Record*> found;
  for (const SearchCondition& condition : query.conditions) {
    const std::vector<std::string> terms = index_terms(condition);
    if (terms.empty()) continue;
    std::set<const Record*> unique;
    for (const std::string& term : terms) {
      const auto entry = shelf.index.find(term);
      if (entry != shelf.index.end()) unique.insert(entry->second.begin(), entry->second.end());
    }
    found.assign(unique.begin(), unique.end());
    return found;
  }
  found.reserve(shelf.records.size());
  for (const auto& [id, record] : shelf.records) found.push_back(record.get());
  return found;
}

SearchResult ResourceStore::search(std::string_view type, const SearchQuery& query, Instant visible_until) const {
  const std::lock_guard lock(mutex_);
  SearchResult result;
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return result;

  struct Hit {
    const Record* record;
    const HeldVersion* version;
    auto order() const { return std::pair<Instant, std::string_view>(version->updated, record->id); }
  };
  std::vector<Hit> hits;
  for (const Record* record : candidates(shelf->second, query)) {
    const HeldVersion* version = visible_version(record->versions, visible_until);
    if (version && matches(query, record->id, version->updated, version->keys)) hits.push_back({record, version});
  }
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.order() < b.order(); });
  result.total = hits.size();

  auto match_of = [](const Hit& hit) {
    const ptrdiff_t place = hit.version - hit.record->versions.data();
    std::string earlier = place > 0 ? hit.record->versions[static_cast<size_t>(place - 1)].body : "";
    return ResourceMatch{hit.record->id, hit.version->updated, hit.version->body, std::move(earlier)};
  };
  auto first = hits.begin();
  if (query.after) {
    const std::pair<Instant, std::string_view> after(query.after->updated, query.after->id);
    first = std::partition_point(hits.begin(), hits.end(), [&](const Hit& hit) { return hit.order() <= after; });
    if (first != hits.begin()) result.last_of_page_before = match_of(*(first - 1));
  }
  const auto left = static_cast<size_t>(hits.end() - first);
  const auto last = first + static_cast<ptrdiff_t>(std::min(left, query.count));
  for (auto hit = first; hit != last; ++hit) result.page.push_back(match_of(*hit));
  result.more = last != hits.end() && query.count > 0;
  return result;
}

}  // namespace authledger
