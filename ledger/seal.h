#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/day.h"
#include "base/json.h"
#include "base/result.h"

// Seals: what was believed by a moment, bound by one hash that can be kept outside of the database. Pure.
// docs/proof.md describes the exported form.

namespace authledger {

// Merkle root over leaves in the given order; 32 zero bytes for none. Source: RFC 9162, 2.1 (leaf 0x00, node 0x01).
Hash merkle_root(std::span<const Hash> leaves);
// The hashes that lead from leaf `index` to the root, from the leaf up. Source: RFC 9162, 2.1.3.1.
std::vector<Hash> merkle_path(std::span<const Hash> leaves, size_t index);
// The root that a path leads to, or nullopt where it is too short or too long for a tree of that many leaves.
// Source: RFC 9162, 2.1.3.2.
std::optional<Hash> root_from_path(const Hash& leaf, size_t index, size_t leaf_count, std::span<const Hash> path);

// The head of one subject's chain when it was sealed.
struct SealedHead {
  int64_t subject_id = 0, entry_seq = 0;
  Hash entry_hash{};
  bool operator==(const SealedHead&) const = default;
};

struct Seal {
  int64_t tenant_id = 0;
  int64_t seal_seq = 0;  // Dense per tenant.
  Instant sealed_at{};
  Hash root_hash{};  // Merkle root of the heads' entry hashes, in their order.
  Hash previous_hash{};
  Hash seal_hash{};
  std::vector<SealedHead> heads;  // The chains that moved since the seal before, by subject.
  bool operator==(const Seal&) const = default;
};

// Covers tenant, number, time, root and the seal before: what SealChain and everyone who keeps a seal compares.
Hash seal_hash(const Seal& seal);

// Follows seals one after the other.
class SealChain {
 public:
  // Nullopt when the seal follows, else what differs.
  std::optional<std::string> add(const Seal& seal);

 private:
  int64_t seal_seq_ = 0;
  Hash hash_{};
};

// One seal as one line of JSON, without its line end: numbers, times and hashes, nothing of a patient.
std::string seal_line(const Seal& seal);
// Errors: not such a line.
Result<Seal> seal_from(JsonView line);
inline constexpr std::string_view kSealFormat = "authledger.seal/1";

}  // namespace authledger
