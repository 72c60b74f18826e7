#pragma once

#include <memory>
#include <vector>

#include "base/json_tree.h"

// The one door to simdjson, of which the first stage is used: it checks UTF-8 and finds where each token begins, many
// bytes at a time. Its own documents turn numbers into doubles, which FHIR's decimals do not survive; so the tree is
// built here, in place, with numbers as text.

namespace authledger {

class JsonIndexReader {
 public:
  // Bytes that must be readable, and zero, after the text.
  static constexpr size_t kPaddingBytes = 64;
  // The index takes four bytes for each byte of text; longer ones are left to the other reader.
  static constexpr size_t kTextBytesMax = size_t{8} << 20;

  JsonIndexReader();
  JsonIndexReader(JsonIndexReader&&) noexcept;
  JsonIndexReader& operator=(JsonIndexReader&&) noexcept;
  ~JsonIndexReader();

  // Builds the tree of `text`, which it changes in place (escapes) and which the tree points into.
  // False when the text is no JSON or breaks a rule of JsonDocument::parse: the other reader then says which and where.
  bool read(char* text, size_t bytes, uint32_t depth_max, JsonNodeArena& arena, JsonNode& root);

 private:
  struct Index;
  std::unique_ptr<Index> index_;
  std::vector<JsonNode> open_;      // Nodes whose container has not ended yet.
  std::vector<size_t> containers_;  // The containers among them, by position.
};

}  // namespace authledger
