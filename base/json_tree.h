#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/json.h"

// What both readers of JSON text build their trees with. For base/json and base/json_index only.

namespace authledger {

// Node memory that is kept between documents, so that a stream of resources allocates once.
class JsonNodeArena {
 public:
  JsonNode* allocate(size_t count) {
    if (block_ < blocks_.size() && used_ + count <= blocks_[block_].capacity) {
      JsonNode* nodes = blocks_[block_].nodes.get() + used_;
      used_ += count;
      return nodes;
    }
    return allocate_elsewhere(count);
  }
  void reset();

 private:
  struct Block {
    std::unique_ptr<JsonNode[]> nodes;
    size_t capacity;
  };
  JsonNode* allocate_elsewhere(size_t count);
  std::vector<Block> blocks_;
  size_t block_ = 0;
  size_t used_ = 0;
};

// Whether two of these members have the same name.
bool has_duplicate_names(const JsonNode* first, size_t count);

}  // namespace authledger
