#include "ledger/store/person_graph.h"

#include <algorithm>
#include <numeric>

#include "ledger/store/subject_join.h"

namespace authledger {

namespace {

class Sets {
 public:
  explicit Sets(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }
  size_t root_of(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void unite(size_t a, size_t b) { parent_[std::max(root_of(a), root_of(b))] = std::min(root_of(a), root_of(b)); }

 private:
  std::vector<size_t> parent_;
};

bool is_replaced(const PatientRecord& record) {
  return std::any_of(record.links.begin(), record.links.end(),
                     [](const SubjectLink& link) { return link.is_replaced; });
}

}  // namespace

bool tells_persons_apart(const std::set<std::pair<Alias, bool>>& sharers) {
  std::set<std::string_view> sources;
  return std::all_of(sharers.begin(), sharers.end(), [&sources](const auto& sharer) {
    return sharer.second || sources.insert(sharer.first.second).second;
  });
}

std::map<int64_t, std::optional<int64_t>> plan_joins(const PatientRecords& records) {
  std::map<Alias, size_t> index;
  for (const auto& [record, said] : records) index.emplace(record, index.size());
  Sets persons(index.size());
  std::map<std::pair<std::string_view, std::string_view>, std::set<std::pair<Alias, bool>>> identifiers;
  for (auto record = records.begin(); record != records.end(); ++record) {
    for (const SubjectLink& link : record->second.links) {
      if (link.is_identifier) {
        identifiers[{link.space, link.name}].insert({record->first, is_replaced(record->second)});
      } else if (const auto named = index.find({link.name, link.space}); named != index.end()) {
        persons.unite(index.at(record->first), named->second);
      }
    }
  }
  for (const auto& [identifier, sharers] : identifiers) {
    if (!tells_persons_apart(sharers)) continue;
    for (const auto& [record, replaced] : sharers) persons.unite(index.at(sharers.begin()->first), index.at(record));
  }

  std::map<size_t, std::vector<PatientRecords::const_iterator>> members;
  for (auto record = records.begin(); record != records.end(); ++record) {
    if (record->second.home) members[persons.root_of(index.at(record->first))].push_back(record);
  }
  std::map<int64_t, std::optional<int64_t>> places;
  for (const auto& [root, person] : members) {
    const bool is_person = person.size() <= kRecordsPerPersonMax;
    // The record in use leads; among several, the one that was known first.
    const auto lead = *std::min_element(person.begin(), person.end(), [](const auto& a, const auto& b) {
      return std::pair(is_replaced(a->second), *a->second.home) < std::pair(is_replaced(b->second), *b->second.home);
    });
    for (const auto& record : person) {
      const int64_t home = *record->second.home;
      const bool stays = !is_person || home == *lead->second.home;
      const std::optional<int64_t> place = stays ? std::nullopt : lead->second.home;
      if (place != record->second.joined) places[home] = place;
    }
  }
  return places;
}

}  // namespace authledger
