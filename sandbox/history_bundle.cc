#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "sandbox/fhir_routes.h"

// Histories of one resource and of a type, newest first. Source: FHIR R4, http.html#history.

namespace authledger {
namespace {

std::string history_entry(const std::string& base_url, const std::string& type, const std::string& id,
                          const HeldVersion& version) {
  const std::string url = fmt::format("{}/{}", type, id);
  const char* status = version.deleted ? "204" : version.number == 1 ? "201" : "200";
  return fmt::format(R"({{"fullUrl":{},{}"request":{{"method":"{}","url":{}}},)"
                     R"("response":{{"status":"{}","etag":{},"lastModified":"{}"}}}})",
                     json_string(base_url + "/" + url),
                     version.deleted ? "" : fmt::format("\"resource\":{},", version.body), version.method,
                     json_string(version.method == "POST" ? type : url), status,
                     json_string(fmt::format("W/\"{}\"", version.number)), format_instant(version.updated));
}

std::string history_bundle(size_t total, const std::string& self, const std::string& next,
                           const std::vector<std::string>& entries) {
  std::string links = fmt::format(R"({{"relation":"self","url":{}}})", json_string(self));
  if (!next.empty()) links += fmt::format(R"(,{{"relation":"next","url":{}}})", json_string(next));
  return fmt::format(R"({{"resourceType":"Bundle","type":"history","total":{},"link":[{}],"entry":[{}]}})", total,
                     links, fmt::join(entries, ","));
}

// Newest first; the id and the number decide between versions of one instant.
bool is_before(const TypeVersion& a, const TypeVersion& b) {
  if (a.version.updated != b.version.updated) return a.version.updated > b.version.updated;
  return a.id != b.id ? a.id < b.id : a.version.number > b.version.number;
}

std::optional<size_t> whole_number(std::string_view text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string instance_history(const std::string& base_url, const std::string& type, const std::string& id,
                             const std::vector<HeldVersion>& versions) {
  std::vector<std::string> entries;
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    entries.push_back(history_entry(base_url, type, id, *version));
  }
  return history_bundle(entries.size(), fmt::format("{}/{}/{}/_history", base_url, type, id), "", entries);
}

SandboxAnswer FhirRoutes::read_type_history(const Target& target, const SandboxRequest& request) {
  if (!options_.type_history) return outcome_answer(404, "not-supported", "no history of a type here");
  const auto pairs = parse_query(request.query);
  if (!pairs) return outcome_answer(400, "invalid", pairs.error().message);
  // A next link fixes `_until`, so that what is written between two pages moves none of them.
  Instant since = Instant::min(), until = now();
  size_t count = kPageCountDefault, offset = 0;
  for (const auto& [name, value] : *pairs) {
    if (name == "_since" || name == "_until") {
      const auto instant = parse_instant(value);
      if (!instant) return outcome_answer(400, "invalid", name + " takes an instant");
      (name == "_since" ? since : until) = *instant;
    } else if (name == "_count" || name == "_offset") {
      const auto number = whole_number(value);
      if (!number) return outcome_answer(400, "invalid", name + " takes a whole number");
      (name == "_count" ? count : offset) = *number;
    }
  }
  count = std::clamp<size_t>(count, 1, kPageCountMax);
  std::vector<TypeVersion> versions = store_.type_history(target.type, since, until);
  std::sort(versions.begin(), versions.end(), is_before);
  std::vector<std::string> entries;
  for (size_t i = std::min(offset, versions.size()); i < versions.size() && entries.size() < count; ++i) {
    entries.push_back(history_entry(base_url_, target.type, versions[i].id, versions[i].version));
  }
  const std::string base = fmt::format("{}/{}/_history?_count={}", base_url_, target.type, count);
  const std::string range =
      since == Instant::min() ? base : base + "&_since=" + encode_query_value(format_instant(since));
  std::string next;
  if (offset + count < versions.size()) {
    next = fmt::format("{}&_until={}&_offset={}", range, encode_query_value(format_instant(until)), offset + count);
  }
  SandboxAnswer answer;
  answer.body = history_bundle(versions.size(), range, next, entries);
  return answer;
}

}  // namespace authledger
