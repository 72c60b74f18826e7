#include "sync/pull_woken.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"

namespace authledger {
namespace {

bool is_resource(const std::string& body, const std::string& type, const std::string& id) {
  JsonDocument document;
  auto root = document.parse(body);
  return root && (*root)["resourceType"].text() == type && (*root)["id"].text() == id;
}

}  // namespace

std::optional<std::string> pull_woken(const FeedRun& run, const std::vector<std::string>& ids, bool& must_read_feed) {
  const std::string& type = run.feed.resource_type;
  const bool names_all = std::find(ids.begin(), ids.end(), "") == ids.end();
  const bool is_sweep = run.feed.strategy == FeedConfig::Strategy::per_patient;
  must_read_feed = !is_sweep && (!names_all || ids.size() > kSingleReadsMax || !run.feed.search.empty());
  if (must_read_feed) return std::nullopt;
  std::vector<ReceivedResource> received;
  std::vector<ResourceHash> gone;
  for (const std::string& id : ids) {
    if (run.context.stop.stop_requested()) return "stopped; the next round goes on";
    if (id.empty()) continue;  // A sweep's turn comes by itself.
    auto read = run.client.read(type, id);
    if (read && !is_resource(read->body, type, id)) return "the endpoint answered with another resource than asked for";
    if (read) {
      received.push_back({type, id, std::move(read->body), run.client.base_url()});
    } else if (read.error().kind == FhirErrorKind::not_found) {
      gone.push_back({type, id, sha256("deleted " + type + "/" + id), ""});
    } else {
      return read.error().message;
    }
    if (received.size() >= kResourcesPerPageMax) run.intake.record(std::exchange(received, {}), nullptr);
  }
  if (!received.empty()) run.intake.record(std::move(received), nullptr);
  if (!gone.empty()) run.intake.record_deleted(gone, nullptr);
  run.intake.finish();
  return std::nullopt;
}

}  // namespace authledger
