#include "base/json_tree.h"

#include <algorithm>

namespace authledger {
namespace {

constexpr size_t kArenaBlockBytes = size_t{64} << 10;
constexpr size_t kSmallObjectMembers = 24;

std::string_view name_of(const JsonNode& node) {
  return {node.name, node.name_bytes};
}

}  // namespace

JsonNode* JsonNodeArena::allocate_elsewhere(size_t count) {
  while (block_ < blocks_.size() && used_ + count > blocks_[block_].capacity) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    size_t capacity = std::max(count, kArenaBlockBytes / sizeof(JsonNode));
    blocks_.push_back({std::make_unique_for_overwrite<JsonNode[]>(capacity), capacity});
  }
  JsonNode* nodes = blocks_[block_].nodes.get() + used_;
  used_ += count;
  return nodes;
}

void JsonNodeArena::reset() {
  // One giant document must not hold its memory for the rest of the stream.
  if (blocks_.size() > 64) blocks_.resize(1);
  block_ = used_ = 0;
}

bool has_duplicate_names(const JsonNode* first, size_t count) {
  // Names whose hashes leave different marks are different: most objects are done after one look at each member.
  uint64_t marks = 0;
  size_t i = 0;
  for (; i < count; ++i) {
    uint64_t mark = uint64_t{1} << (first[i].name_hash & 63);
    if (marks & mark) break;
    marks |= mark;
  }
  if (i == count) return false;
  if (count <= kSmallObjectMembers) {
    for (; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (first[i].name_hash == first[j].name_hash && name_of(first[i]) == name_of(first[j])) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(count);
  for (size_t n = 0; n < count; ++n) names.push_back(name_of(first[n]));
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

}  // namespace authledger
