#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sandbox/search_query.h"

// What the sandbox holds: type → id → versions, in memory, with an index by patient and by identifier. Thread-safe.

namespace authledger {

// One version of one resource. `body` is empty for a deletion.
struct HeldVersion {
  int64_t number = 1;
  Instant updated;
  std::string body;
  std::string method;  // The HTTP method that made it: POST, PUT or DELETE.
  bool deleted = false;
  SearchKeys keys;
};

struct TypeVersion {
  std::string id;
  HeldVersion version;
};

struct ResourceMatch {
  std::string id;
  Instant updated;
  std::string body;
  std::string earlier_body;  // The version before, or "".
};

struct SearchResult {
  std::vector<ResourceMatch> page;
  std::optional<ResourceMatch> last_of_page_before;  // Only when the query has a page token.
  size_t total = 0;
  bool more = false;
};

enum class WriteStatus { created, updated, unchanged, found, deleted, stale, many_match, missing };

struct WriteResult {
  WriteStatus status = WriteStatus::created;
  std::string id;
  HeldVersion version;
};

class ResourceStore {
 public:
  ResourceStore(std::string base_url, TimeZone zone) : base_url_(std::move(base_url)), zone_(std::move(zone)) {}

  // Called after every change with its type and id, under the store's lock: it must not call the store. Set it before
  // anything is stored.
  using Observer = std::function<void(std::string_view type, std::string_view id)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  // A new resource under an id that the store chooses. With `if_none_exist`: `found` when one matches, `many_match`
  // when several do; nothing is written then. The condition sees what a search sees: as servers look it up in the same
  // index, versions written after `visible_until` are not seen.
  WriteResult create(std::string_view type, JsonView resource, const std::optional<SearchQuery>& if_none_exist,
                     Instant visible_until, Instant now);
  // A new version under `id`, or the first one. `if_match` is a version number; `stale` when it is not the current
  // one. The same content makes no new version (`unchanged`) unless `always_new`.
  WriteResult update(std::string_view type, std::string_view id, JsonView resource, std::optional<int64_t> if_match,
                     bool always_new, Instant now);
  // `missing` when there is none; `unchanged` when it is deleted already.
  WriteResult remove(std::string_view type, std::string_view id, Instant now);

  // With all its versions.
  void forget(std::string_view type, std::string_view id);

  std::optional<HeldVersion> current(std::string_view type, std::string_view id) const;
  // All versions, oldest first; empty when the id never existed.
  std::vector<HeldVersion> history(std::string_view type, std::string_view id) const;
  // All versions of a type written from `since` to `until`, deletions among them; in no order.
  std::vector<TypeVersion> type_history(std::string_view type, Instant since, Instant until) const;
  std::vector<std::string> bodies(std::string_view type) const;

  // One page in the order of (lastUpdated, id). Versions written after `visible_until` are not seen.
  SearchResult search(std::string_view type, const SearchQuery& query, Instant visible_until) const;

 private:
  struct Record {
    std::string id;
    std::vector<HeldVersion> versions;
  };
  struct Shelf {  // Everything of one type.
    std::map<std::string, std::unique_ptr<Record>, std::less<>> records;
    std::unordered_map<std::string, std::set<const Record*>> index;
  };

  const Record* find(std::string_view type, std::string_view id) const;
  void append(Shelf& shelf, Record& record, HeldVersion version);
  std::vector<const Record*> candidates(const Shelf& shelf, const SearchQuery& query) const;
  WriteResult write(std::string_view type, std::string_view id, JsonView resource, std::string_view method,
                    Instant now);

  const std::string base_url_;
  const TimeZone zone_;
  Observer observer_;
  mutable std::mutex mutex_;
  std::map<std::string, Shelf, std::less<>> shelves_;
  int64_t next_id_ = 1;
};

// The resource as the server keeps it: its own id, versionId and lastUpdated, everything else as it came.
std::string with_server_meta(JsonView resource, std::string_view id, int64_t version, Instant updated);

}  // namespace authledger
