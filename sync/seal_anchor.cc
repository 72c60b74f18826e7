#include "sync/seal_anchor.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"

namespace authledger {
namespace {

std::optional<int64_t> number_of(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Hash> hash_of(std::string_view hex) {
  Hash hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (size_t i = 0; i < hash.size(); ++i) {
    unsigned int byte = 0;
    const char* const at = hex.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, byte, 16);
    if (error != std::errc() || end != at + 2) return std::nullopt;
    hash[i] = static_cast<Hash::value_type>(byte);
  }
  return hash;
}

}  // namespace

std::string anchor_file(const Config& config) {
  return fmt::format("{}/anchors/{}.json", config.database.data_folder, to_hex(sha256(config.tenant.name)));
}

std::optional<SealMark> read_anchor(const Config& config) {
  std::ifstream file(anchor_file(config));
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  JsonDocument document;
  const auto root = document.parse(text.str());
  if (!root) return std::nullopt;
  const std::optional<int64_t> seal_seq = number_of((*root)["seal_seq"].text());
  const std::optional<Hash> seal_hash = hash_of((*root)["seal_hash"].text());
  if (!seal_seq || !seal_hash) return std::nullopt;
  return SealMark{*seal_seq, *seal_hash};
}

Outcome write_anchor(const Config& config, const SealMark& mark) {
  const std::string file = anchor_file(config), fresh = file + "." + random_hex(4);  // Two workers may write at once.
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  JsonWriter writer;
  writer.begin_object().member("tenant", config.tenant.name).key("seal_seq").number(mark.seal_seq);
  writer.member("seal_hash", to_hex(mark.seal_hash)).end_object();
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << writer.take() << "\n";
    if (!out.flush()) return Failure{fmt::format("cannot write {}; give authledger a data_folder it may write", fresh)};
  }
  std::filesystem::rename(fresh, file, error);
  if (error) return Failure{fmt::format("cannot write {}: {}", file, error.message())};
  return Done{};
}

}  // namespace authledger
