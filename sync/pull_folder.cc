#include "sync/pull_folder.h"

#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "fhir/bundle.h"
#include "fhir/files.h"
#include "ledger/store/quarantine_store.h"

namespace authledger {
namespace {

// Base of a Bundle entry's server: "http://host/fhir" of "http://host/fhir/Claim/1"; a folder's own otherwise.
std::string base_url_of(const FileResource& found, const EndpointConfig& endpoint) {
  std::string tail = "/" + found.resource["resourceType"].string() + "/" + found.resource["id"].string();
  if (found.full_url.starts_with("http") && found.full_url.ends_with(tail)) {
    return found.full_url.substr(0, found.full_url.size() - tail.size());
  }
  return "folder://" + endpoint.name;
}

// A resource without an id is still one resource: where it stands names it.
std::string id_of(const FileResource& found, size_t position) {
  JsonView id = found.resource["id"];
  if (id.is_string() && !id.text().empty()) return id.string();
  if (found.full_url.starts_with("urn:uuid:")) return found.full_url.substr(9);
  return found.line != 0 ? fmt::format("{}:{}", found.file, found.line) : fmt::format("{}#{}", found.file, position);
}

class FolderPull {
 public:
  FolderPull(RoundContext& context, const EndpointConfig& endpoint, Intake& intake, RoundSummary& summary)
      : context_(context), endpoint_(endpoint), intake_(intake), summary_(summary) {}

  std::optional<std::string> run() {
    std::string folder = endpoint_.folder.starts_with("/") ? endpoint_.folder
                                                           : context_.session.config().folder + "/" + endpoint_.folder;
    auto files = list_resource_files(folder);
    if (!files) return files.error().message;
    for (const std::string& file : *files) {
      size_t position = 0;
      Issues issues = read_resource_file(folder, file, [&](const FileResource& found) {
        take(found, position++);
        return !context_.stop.stop_requested();
      });
      flush();
      if (!issues.empty()) {
        record_unreadable(context_.session.connection(), context_.session.tenant_id(), endpoint_.name, issues,
                          context_.clock.now());
        summary_.facts.quarantined += static_cast<int64_t>(issues.size());
      }
      if (context_.stop.stop_requested()) {
        intake_.finish();
        return "stopped; the next round reads the folder again and finds the unchanged";
      }
    }
    intake_.finish();
    if (endpoint_.authoritative) retract_missing();
    intake_.finish();
    return std::nullopt;
  }

 private:
  void take(const FileResource& found, size_t position) {
    ReceivedResource received;
    received.type = found.resource["resourceType"].string();
    received.id = id_of(found, position);
    received.base_url = base_url_of(found, endpoint_);
    received.text = found.text.empty() ? to_json_text(found.resource) : std::string(found.text);
    if (endpoint_.authoritative) seen_.insert(received.type + "/" + received.id);
    page_.push_back(std::move(received));
    ++count_;
    if (page_.size() >= kResourcesPerPageMax) flush();
  }

  void flush() {
    if (page_.empty()) return;
    intake_.record(std::move(page_), nullptr);
    page_.clear();
    context_.progress(fmt::format("{}: {} resources read", endpoint_.name, count_));
  }

  void retract_missing() {
    std::vector<std::string> seen(seen_.begin(), seen_.end());
    std::vector<ResourceHash> missing =
        find_missing(context_.session.connection(), context_.session.tenant_id(), endpoint_.name, seen);
    if (missing.empty()) return;
    log_info("folder_deletions", {{"source", endpoint_.name}, {"resources", missing.size()}});
    intake_.record_deleted(missing);
  }

  RoundContext& context_;
  const EndpointConfig& endpoint_;
  Intake& intake_;
  RoundSummary& summary_;
  std::vector<ReceivedResource> page_;
  std::set<std::string> seen_;
  int64_t count_ = 0;
};

}  // namespace

std::optional<std::string> pull_folder(RoundContext& context, const EndpointConfig& endpoint, Intake& intake,
                                       RoundSummary& summary) {
  return FolderPull(context, endpoint, intake, summary).run();
}

}  // namespace authledger
