#include "ledger/seal.h"

#include <fmt/format.h>

#include <bit>

#include "ledger/journal_json.h"

namespace authledger {
namespace {

// Domain separation of RFC 9162, 2.1.1: a leaf can never pass for an inner node.
Hash leaf_hash(const Hash& leaf) {
  return sha256(std::string(1, '\x00').append(bytes_of(leaf)));
}

Hash node_hash(const Hash& left, const Hash& right) {
  return sha256(std::string(1, '\x01').append(bytes_of(left)).append(bytes_of(right)));
}

// The largest power of two below the number of leaves: the left side is always a full tree.
size_t left_of(size_t leaf_count) {
  return std::bit_floor(leaf_count - 1);
}

Hash tree_hash(std::span<const Hash> leaves) {
  if (leaves.size() == 1) return leaf_hash(leaves.front());
  const size_t left = left_of(leaves.size());
  return node_hash(tree_hash(leaves.first(left)), tree_hash(leaves.subspan(left)));
}

}  // namespace

Hash merkle_root(std::span<const Hash> leaves) {
  return leaves.empty() ? Hash{} : tree_hash(leaves);
}

std::vector<Hash> merkle_path(std::span<const Hash> leaves, size_t index) {
  if (leaves.size() <= 1) return {};
  const size_t left = left_of(leaves.size());
  const bool is_left = index < left;
  std::vector<Hash> path =
      is_left ? merkle_path(leaves.first(left), index) : merkle_path(leaves.subspan(left), index - left);
  path.push_back(tree_hash(is_left ? leaves.subspan(left) : leaves.first(left)));
  return path;
}

std::optional<Hash> root_from_path(const Hash& leaf, size_t index, size_t leaf_count, std::span<const Hash> path) {
  if (index >= leaf_count) return std::nullopt;
  size_t at = index, last = leaf_count - 1;
  Hash hash = leaf_hash(leaf);
  for (const Hash& beside : path) {
    if (last == 0) return std::nullopt;
    if ((at & 1) != 0 || at == last) {
      hash = node_hash(beside, hash);
      // A node without a right neighbour moves up unchanged.
      while ((at & 1) == 0 && at != 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, beside);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 ? std::optional(hash) : std::nullopt;
}

Hash seal_hash(const Seal& seal) {
  return HashInput()
      .add(seal.tenant_id)
      .add(seal.seal_seq)
      .add(static_cast<int64_t>(seal.sealed_at.time_since_epoch().count()))
      .add(bytes_of(seal.root_hash))
      .add(bytes_of(seal.previous_hash))
      .sha256();
}

std::optional<std::string> SealChain::add(const Seal& seal) {
  if (seal.seal_seq != seal_seq_ + 1) return fmt::format("seal {} is missing or out of order", seal_seq_ + 1);
  if (seal.previous_hash != hash_) return "the previous seal's hash does not match";
  if (seal_hash(seal) != seal.seal_hash) return "the seal's own hash does not match its content";
  seal_seq_ = seal.seal_seq;
  hash_ = seal.seal_hash;
  return std::nullopt;
}

std::string seal_line(const Seal& seal) {
  JsonWriter writer;
  writer.begin_object().member("format", kSealFormat);
  writer.key("tenant_id").number(seal.tenant_id).key("seal_seq").number(seal.seal_seq);
  writer.member("sealed_at", format_instant(seal.sealed_at)).member("root_hash", to_hex(seal.root_hash));
  writer.member("previous_hash", to_hex(seal.previous_hash)).member("seal_hash", to_hex(seal.seal_hash));
  writer.key("heads").begin_array();
  for (const SealedHead& head : seal.heads) {
    writer.begin_array().number(head.subject_id).number(head.entry_seq).string(to_hex(head.entry_hash)).end_array();
  }
  return writer.end_array().end_object().take();
}

Result<Seal> seal_from(JsonView line) {
  const Failure failure{
      fmt::format("this is no line of seals ({}); export them with `authledger verify "
                  "--export-seals FILE`",
                  kSealFormat)};
  if (line["format"].text() != kSealFormat) return failure;
  Seal seal;
  const auto tenant_id = integer_from(line["tenant_id"]), seal_seq = integer_from(line["seal_seq"]);
  const auto sealed_at = parse_instant(line["sealed_at"].text());
  const auto root = hash_from_hex(line["root_hash"].text()), previous = hash_from_hex(line["previous_hash"].text());
  const auto own = hash_from_hex(line["seal_hash"].text());
  if (!tenant_id || !seal_seq || !sealed_at || !root || !previous || !own) return failure;
  seal.tenant_id = *tenant_id;
  seal.seal_seq = *seal_seq;
  seal.sealed_at = *sealed_at;
  seal.root_hash = *root;
  seal.previous_hash = *previous;
  seal.seal_hash = *own;
  for (JsonView head : line["heads"]) {
    const auto subject_id = integer_from(head.at(0)), entry_seq = integer_from(head.at(1));
    const auto entry_hash = hash_from_hex(head.at(2).text());
    if (!subject_id || !entry_seq || !entry_hash) return failure;
    seal.heads.push_back({*subject_id, *entry_seq, *entry_hash});
  }
  return seal;
}

}  // namespace authledger
