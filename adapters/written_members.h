#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace authledger {

// What of a resource in the EHR is ours: for each path that we wrote ("priority", "restriction.period"), a hash of the
// value as the EHR showed it after the write, and of what a write that was not answered may have put there. A value
// that stands otherwise now was changed by a person. Pure.
class WrittenMembers {
 public:
  WrittenMembers() = default;  // Not known.
  // From `text()`; an empty or unreadable text: not known.
  explicit WrittenMembers(std::string_view text);
  // "path=hash path=hash|hash …", for the database; holds nothing of the values. Empty when not known.
  std::string text() const;

  // Others of us may have written since: what stands as recorded is ours, what stands otherwise may be.
  WrittenMembers as_uncertain() const;

  bool is_known() const { return !is_uncertain_ && !hashes_.empty(); }
  bool has(const std::string& path) const { return hashes_.contains(path); }
  std::vector<std::string> paths() const;
  // Whether the value at the path is still the one that was recorded, by value_hash.
  bool stands(const std::string& path, JsonView value) const;

  void record(const std::string& path, JsonView value);
  // Besides what is recorded there.
  void add(const std::string& path, const std::string& hash);
  // As `other` has it.
  void keep(const std::string& path, const WrittenMembers& other);

 private:
  std::map<std::string, std::vector<std::string>> hashes_;
  bool is_uncertain_ = false;
};

// "priority" or "restriction.period" of a resource; missing where there is none.
JsonView value_at(JsonView resource, std::string_view path);

// The same hash for the same value, in whatever order an object's members come. What servers add by themselves does not
// count: any display, and what stands beside the `reference` of a Reference.
std::string value_hash(JsonView value);

}  // namespace authledger
