#include "sandbox/export_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/crypto.h"
#include "base/text.h"
#include "sandbox/fhir_routes.h"

namespace authledger {
namespace {

std::set<std::string> members_of(const std::string& group) {
  std::set<std::string> members;
  JsonDocument document;
  const auto root = document.parse(group);
  if (!root) return members;
  for (const JsonView member : (*root)["member"]) members.insert(member["entity"]["reference"].string());
  return members;
}

// Whether the export holds the resource: all of them, or the members' own and what belongs to no patient.
bool is_exported(const std::string& type, const std::string& id, const HeldVersion& version,
                 const std::optional<std::set<std::string>>& members) {
  if (!members) return true;
  if (type == "Patient") return members->contains("Patient/" + id);
  bool names_patient = false;
  for (const SearchKeys::Reference& reference : version.keys.references) {
    if (reference.parameter != "patient") continue;
    if (members->contains(reference.target)) return true;
    names_patient = true;
  }
  return !names_patient;
}

// The newest version of each resource among those written since then.
std::map<std::string, HeldVersion> newest_of(std::vector<TypeVersion> versions) {
  std::map<std::string, HeldVersion> newest;
  for (TypeVersion& each : versions) {
    HeldVersion& held = newest[each.id];
    if (held.body.empty() && !held.deleted) {
      held = std::move(each.version);
    } else if (each.version.number > held.number) {
      held = std::move(each.version);
    }
  }
  return newest;
}

std::string deletion_bundle(const std::string& type, const std::string& id) {
  return fmt::format(
      R"({{"resourceType":"Bundle","type":"transaction","entry":[{{"request":{{"method":"DELETE","url":"{}/{}"}}}}]}})",
      type, id);
}

std::optional<size_t> whole_number(std::string_view text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

ExportDesk::ExportDesk(std::string base_url, int resources_per_file, bool needs_token, const ResourceStore& store,
                       FaultSwitch& faults)
    : base_url_(std::move(base_url)),
      resources_per_file_(resources_per_file),
      needs_token_(needs_token),
      store_(store),
      faults_(faults) {}

SandboxAnswer ExportDesk::kick_off(const SandboxRequest& request, const std::optional<std::string>& group,
                                   Instant now) {
  if (request.header("prefer").find("respond-async") == std::string::npos) {
    return outcome_answer(400, "invalid", "an export is asked for with Prefer: respond-async");
  }
  const auto pairs = parse_query(request.query);
  if (!pairs) return outcome_answer(400, "invalid", pairs.error().message);
  std::vector<std::string> types = declared_types();
  Instant since{};
  for (const auto& [name, value] : *pairs) {
    if (name == "_type") types = split(value, ',');
    if (name == "_since") since = parse_instant(value).value_or(Instant{});
  }
  std::optional<std::set<std::string>> members;
  if (group) members = members_of(*group);
  auto made = std::make_shared<Export>();  // Shared with answers under way when it is deleted.
  made->request = base_url_ + request.path.substr(std::min(request.path.size(), size_t{5}));
  const SandboxFaults faults = faults_.faults();
  made->transaction_at = now + faults.export_takes;
  const auto limit = static_cast<size_t>(std::max(1, resources_per_file_));
  const std::vector<std::string> left_out = split(faults.export_leaves_out, ' ');
  for (const std::string& type : types) {
    if (std::find(left_out.begin(), left_out.end(), type) != left_out.end()) continue;
    File output{"output", type, "", 0}, deleted{"deleted", "Bundle", "", 0};
    for (const auto& [id, version] : newest_of(store_.type_history(type, since, now))) {
      if (version.deleted) {
        deleted.body += deletion_bundle(type, id) + "\n";
        ++deleted.count;
        continue;
      }
      if (!is_exported(type, id, version, members)) continue;
      output.body += version.body + "\n";
      if (++output.count < limit) continue;
      made->files.push_back(std::exchange(output, File{"output", type, "", 0}));
    }
    if (output.count > 0) made->files.push_back(std::move(output));
    if (deleted.count > 0 && since != Instant{}) made->files.push_back(std::move(deleted));
  }
  const std::lock_guard lock(mutex_);
  const std::string id = std::to_string(next_id_++);
  exports_[id] = std::move(made);
  SandboxAnswer answer;
  answer.status = 202;
  const std::string& place = faults.export_place.empty() ? base_url_ : faults.export_place;
  answer.headers.emplace_back("Content-Location", fmt::format("{}/$export-status/{}", place, id));
  return answer;
}

std::string ExportDesk::manifest(const std::string& id, const Export& found) const {
  JsonWriter writer;
  writer.begin_object().member("transactionTime", format_instant(found.transaction_at));
  writer.member("request", found.request).key("requiresAccessToken").boolean(needs_token_);
  const bool wrong_count = faults_.faults().export_wrong_count;
  for (const char* kind : {"output", "deleted", "error"}) {
    writer.key(kind).begin_array();
    for (size_t number = 0; number < found.files.size(); ++number) {
      const File& file = found.files[number];
      if (file.kind != kind) continue;
      writer.begin_object().member("type", file.type);
      writer.member("url", fmt::format("{}/$export-file/{}/{}", base_url_, id, number));
      writer.key("count").number(static_cast<int64_t>(file.count) + (wrong_count ? 1 : 0)).end_object();
    }
    writer.end_array();
  }
  return writer.end_object().take();
}

SandboxAnswer ExportDesk::status(const SandboxRequest& request, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = exports_.find(id);
  if (found == exports_.end()) return outcome_answer(404, "not-found", "no such export");
  SandboxAnswer answer;
  if (request.method == "DELETE") {
    exports_.erase(found);
    answer.status = 202;
    return answer;
  }
  if (faults_.use_up_one(&SandboxFaults::export_status_gone_next)) {
    exports_.erase(found);
    return outcome_answer(404, "not-found", "the export has expired");
  }
  if (faults_.use_up_one(&SandboxFaults::export_status_fails_next)) {
    return outcome_answer(500, "exception", "the export has failed");
  }
  if (faults_.use_up_one(&SandboxFaults::export_polls_pending)) {
    answer.status = 202;
    answer.headers.emplace_back("X-Progress", "in progress");
    const std::string wait = faults_.faults().retry_after;
    if (!wait.empty()) answer.headers.emplace_back("Retry-After", wait);
    return answer;
  }
  answer.content_type = "application/json";
  answer.body = manifest(id, *found->second);
  return answer;
}

SandboxAnswer ExportDesk::file(const SandboxRequest& request, const std::string& id, const std::string& number) {
  std::shared_ptr<const Export> found;
  {
    const std::lock_guard lock(mutex_);
    const auto at = exports_.find(id);
    if (at != exports_.end()) found = at->second;
  }
  const auto index = whole_number(number);
  const bool is_missing = faults_.use_up_one(&SandboxFaults::export_file_missing_next);
  if (!found || !index || *index >= found->files.size() || is_missing) {
    return outcome_answer(404, "not-found", "no such file");
  }
  const std::string& body = found->files[*index].body;
  SandboxAnswer answer;
  answer.content_type = "application/fhir+ndjson";
  const bool wrong = faults_.use_up_one(&SandboxFaults::export_wrong_digest_next);
  const Hash digest = sha256(wrong ? "" : body);
  answer.headers.emplace_back("Repr-Digest", fmt::format("sha-256=:{}:", base64(bytes_of(digest))));
  answer.headers.emplace_back("ETag", fmt::format("\"{}-{}\"", id, number));
  const std::string range = request.header("range");
  const auto from = range.starts_with("bytes=") && range.ends_with("-")
                        ? whole_number(std::string_view(range).substr(6, range.size() - 7))
                        : std::nullopt;
  if (!from) {
    answer.body = body;
    return answer;
  }
  if (*from >= body.size()) {
    answer = outcome_answer(416, "invalid", "the range begins behind the end");
    answer.headers.emplace_back("Content-Range", fmt::format("bytes */{}", body.size()));
    return answer;
  }
  answer.status = 206;
  answer.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", *from, body.size() - 1, body.size()));
  answer.body = body.substr(*from);
  return answer;
}

}  // namespace authledger
