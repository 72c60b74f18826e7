#include "adapters/written_members.h"

#include <algorithm>
#include <vector>

#include "base/crypto.h"
#include "base/text.h"

namespace authledger {
namespace {

// Half of a SHA-256, in hex: enough to tell a person's words from ours.
constexpr size_t kHashDigits = 32;
constexpr std::string_view kDerived = "display";

void append_ordered(std::string& out, JsonView value) {
  if (value.is_array()) {
    out += '[';
    for (const JsonView element : value) {
      append_ordered(out, element);
      out += ',';
    }
    out += ']';
  } else if (value["reference"].is_string()) {
    append_json_string(out, value["reference"].text());
  } else if (value.is_object()) {
    std::vector<JsonView> members;
    for (const JsonView member : value) {
      if (member.name() != kDerived) members.push_back(member);
    }
    std::sort(members.begin(), members.end(), [](JsonView a, JsonView b) { return a.name() < b.name(); });
    out += '{';
    for (const JsonView member : members) {
      append_json_string(out, member.name());
      out += ':';
      append_ordered(out, member);
      out += ',';
    }
    out += '}';
  } else {
    out += to_json_text(value);
  }
}

}  // namespace

std::string value_hash(JsonView value) {
  std::string ordered;
  if (value.exists()) append_ordered(ordered, value);
  return to_hex(sha256(ordered)).substr(0, kHashDigits);
}

JsonView value_at(JsonView resource, std::string_view path) {
  for (const std::string& name : split(path, '.')) resource = resource[name];
  return resource;
}

WrittenMembers::WrittenMembers(std::string_view text) {
  for (const std::string& entry : split(text, ' ')) {
    const size_t equals = entry.find('=');
    if (equals != std::string::npos) hashes_[entry.substr(0, equals)] = split(entry.substr(equals + 1), '|');
  }
}

std::string WrittenMembers::text() const {
  std::string text;
  for (const auto& [path, hashes] : hashes_) text += (text.empty() ? "" : " ") + path + "=" + join(hashes, "|");
  return text;
}

WrittenMembers WrittenMembers::as_uncertain() const {
  WrittenMembers uncertain = *this;
  uncertain.is_uncertain_ = true;
  return uncertain;
}

bool WrittenMembers::stands(const std::string& path, JsonView value) const {
  const auto found = hashes_.find(path);
  if (found == hashes_.end()) return false;
  return std::find(found->second.begin(), found->second.end(), value_hash(value)) != found->second.end();
}

void WrittenMembers::record(const std::string& path, JsonView value) {
  hashes_[path] = {value_hash(value)};
}

void WrittenMembers::add(const std::string& path, const std::string& hash) {
  hashes_[path].push_back(hash);
}

std::vector<std::string> WrittenMembers::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, hashes] : hashes_) paths.push_back(path);
  return paths;
}

void WrittenMembers::keep(const std::string& path, const WrittenMembers& other) {
  const auto found = other.hashes_.find(path);
  if (found != other.hashes_.end()) hashes_[path] = found->second;
}

}  // namespace authledger
