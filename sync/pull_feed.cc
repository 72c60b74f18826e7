#include "sync/pull_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/crypto.h"
#include "base/log.h"
#include "fhir/capability.h"
#include "fhir/files.h"
#include "fhir/search.h"
#include "sync/remap.h"

namespace authledger {
namespace {

constexpr const char* kFeedTakenOver = "another worker has taken this feed over";

bool lease(const FeedRun& run, const std::string& token) {
  TenantSession& session = run.context.session;
  return lease_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type, token,
                    static_cast<int>(session.config().delivery.lease.count()));
}

// A worker that finds a feed leased waits for its holder to finish or die, so that a crash delays the next round by at
// most the lease. A holder that lives renews its lease for longer than that: the feed is left to it.
bool wait_for_lease(const FeedRun& run, const std::string& token) {
  const auto deadline =
      std::chrono::steady_clock::now() + run.context.session.config().delivery.lease + std::chrono::seconds(5);
  bool said = false;
  while (!lease(run, token)) {
    if (run.context.stop.stop_requested() || std::chrono::steady_clock::now() > deadline) return false;
    if (!said)
      run.context.progress(
          fmt::format("{}/{}: another worker reads this feed; waiting", run.endpoint.name, run.feed.resource_type));
    said = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return true;
}

std::string search_query(const FeedRun& run) {
  std::string query = fmt::format("{}?_count={}", run.feed.resource_type, run.endpoint.page_size);
  for (const auto& [parameter, value] : run.feed.search) query += "&" + parameter + "=" + query_value(value);
  return query;
}

std::vector<ReceivedResource> received_of(const FeedRun& run, const SearchPage& page) {
  std::vector<ReceivedResource> received;
  received.reserve(page.resources.size());
  for (JsonView resource : page.resources) {
    walk_resources(resource, [&](JsonView found, std::string_view) {
      received.push_back(
          {found["resourceType"].string(), found["id"].string(), to_json_text(found), run.client.base_url()});
    });
  }
  return received;
}

std::string reference_of(JsonView resource) {
  return resource["resourceType"].string() + "/" + resource["id"].string();
}

std::string name_of(const FeedRun& run) {
  return run.endpoint.name + "/" + run.feed.resource_type;
}

std::optional<FhirError> end_of_walk(std::string why) {
  return FhirError{FhirErrorKind::stopped, 0, std::move(why)};
}

std::optional<std::string> sentence(const std::optional<FhirError>& end) {
  return end ? std::optional(end->message) : std::nullopt;
}

// What the history of a type says since the last run.
struct TypeHistory {
  std::set<std::string> deleted, written;
};

std::optional<FhirError> read_history(const FeedRun& run, FeedState& state, TypeHistory& history) {
  std::string url = fmt::format("{}/_history?_count={}&_since={}", run.feed.resource_type, run.endpoint.page_size,
                                query_value(format_instant(*state.watermark)));
  return walk_pages(run.client, std::move(url), run.endpoint.pages_per_pull_max,
                    [&](const SearchPage& page) -> std::optional<FhirError> {
                      if (!state.run_started_at)
                        state.run_started_at = page.server_time.value_or(run.context.clock.now());
                      for (JsonView resource : page.resources) history.written.insert(reference_of(resource));
                      history.deleted.insert(page.deleted.begin(), page.deleted.end());
                      if (!run.context.stop.stop_requested()) return std::nullopt;
                      return end_of_walk("stopped; the next round reads the deletions again");
                    });
}

// Resources that were deleted in the EHR never show up in a search: the type's history names them. It is read before
// the run's pages, because the watermark moves with the last of these; the run then began when the history was read.
std::optional<std::string> pull_deletions(const FeedRun& run, FeedState& state) {
  if (!state.watermark || !run.capability.can(run.feed.resource_type, "history-type")) return std::nullopt;
  TypeHistory history;
  if (auto end = read_history(run, state, history)) {
    if (end->kind != FhirErrorKind::refused && end->kind != FhirErrorKind::not_found) return end->message;
    log_warning("history_refused", {{"feed", name_of(run)}, {"status", end->status}});
    return std::nullopt;  // Declared, but not there: the feed runs without.
  }
  const std::string prefix = run.feed.resource_type + "/";
  std::vector<ResourceHash> gone;
  for (const std::string& reference : history.deleted) {
    if (!reference.starts_with(prefix)) continue;
    std::string id = reference.substr(prefix.size());
    if (history.written.contains(reference)) {
      // Written and deleted in the same time: the resource itself says which came last.
      auto current = run.client.read(run.feed.resource_type, id);
      if (current) continue;
      if (current.error().kind != FhirErrorKind::not_found) return current.error().message;
    }
    gone.push_back({run.feed.resource_type, id, sha256("deleted " + reference), ""});
    if (gone.size() < kResourcesPerPageMax) continue;
    run.intake.record_deleted(gone, nullptr);
    gone.clear();
  }
  if (!gone.empty()) run.intake.record_deleted(gone, nullptr);
  return std::nullopt;
}

// A mapping that changed maps again what was read before: bodies that were kept from the ledger's own store, the rest
// by reading the feed from its beginning, which is what the answer says. Source: DESIGN, raw_resource.
bool must_read_all(const FeedRun& run, FeedState& state) {
  const std::string& mapping_version = run.intake.mapping_version(run.feed.resource_type);
  if (state.mapping_version == mapping_version) return false;
  const bool was_read = state.watermark || !state.resume_link.empty();
  state.mapping_version = mapping_version;
  if (!was_read) return false;
  log_info("mapping_changed", {{"feed", name_of(run)}, {"from_store", keeps_body(run.feed.resource_type)}});
  if (!keeps_body(run.feed.resource_type)) return true;
  remap_stored(run.context, run.endpoint, run.feed.resource_type, run.intake);
  return false;
}

// Reads one chain of pages; the run ends with the last of them. `state` is saved with every page; the mapping version
// of a feed that is read again from its beginning only with the last.
std::optional<std::string> read_pages(const FeedRun& run, std::string url, FeedState state,
                                      const std::string& mapping_version_before) {
  int64_t count = 0;
  return sentence(
      walk_pages(run.client, std::move(url), run.endpoint.pages_per_pull_max,
                 [&](const SearchPage& page) -> std::optional<FhirError> {
                   if (!page.outcomes.empty()) {
                     log_warning("search_outcome", {{"feed", name_of(run)}, {"outcomes", page.outcomes.size()}});
                   }
                   if (!state.run_started_at) state.run_started_at = page.server_time.value_or(run.context.clock.now());
                   std::vector<ReceivedResource> received = received_of(run, page);
                   count += static_cast<int64_t>(received.size());
                   run.context.progress(fmt::format("{}: {} read", name_of(run), count));

                   const bool is_last = page.next.empty();
                   FeedState next = state;
                   next.resume_link = page.next;
                   if (is_last) {
                     // Everything up to the start of the run, by the server's clock, has been read.
                     next.watermark = *state.run_started_at - run.endpoint.overlap;
                     next.run_started_at.reset();
                     next.last_success_at = run.context.clock.now();
                   } else {
                     next.mapping_version = mapping_version_before;
                   }
                   if (!lease(run, state.lease_token)) return end_of_walk(kFeedTakenOver);
                   run.intake.record(std::move(received), &next);
                   if (is_last || !run.context.stop.stop_requested()) return std::nullopt;
                   return end_of_walk("stopped; the next round goes on from the last page");
                 }));
}

std::optional<std::string> pull_by_last_updated(const FeedRun& run, FeedState state) {
  const std::string mapping_version_before = state.mapping_version;
  const bool reads_all = must_read_all(run, state);
  if (run.context.stop.stop_requested()) return "stopped; the next round goes on";
  if (!state.resume_link.empty() && !reads_all) {
    auto failure = read_pages(run, state.resume_link, state, state.mapping_version);
    if (!failure || run.context.stop.stop_requested()) return failure;
    // Search results expire (410 and the like); the watermark still says where the run began.
    log_warning("resume_link_failed", {{"feed", name_of(run)}, {"cause", *failure}});
  }
  if (!state.resume_link.empty()) {
    state.resume_link.clear();
    state.run_started_at.reset();
  }
  if (auto failure = pull_deletions(run, state)) return failure;
  std::string url = search_query(run);
  if (state.watermark && !reads_all) url += "&_lastUpdated=" + query_value("ge" + format_instant(*state.watermark));
  return read_pages(run, url, state, reads_all ? mapping_version_before : state.mapping_version);
}

// A sweep remembers its place as the patient to read next, in `resume_link`. It reads everything each time, so that a
// changed mapping needs no care.
std::optional<std::string> pull_by_patient(const FeedRun& run, FeedState state,
                                           const std::vector<std::string>& roster) {
  size_t at = 0;
  if (!state.resume_link.empty()) {
    at = static_cast<size_t>(std::lower_bound(roster.begin(), roster.end(), state.resume_link) - roster.begin());
    if (at == roster.size()) at = 0;
  } else {
    state.run_started_at = run.context.clock.now();
    if (auto failure = pull_deletions(run, state)) return failure;
  }
  state.mapping_version = run.intake.mapping_version(run.feed.resource_type);
  const char* parameter = run.feed.resource_type == "Patient" ? "_id" : "patient";
  for (; at < roster.size(); ++at) {
    const bool is_last_patient = at + 1 == roster.size();
    std::string url = search_query(run) + "&" + parameter + "=" + query_value(roster[at]);
    const auto end = walk_pages(run.client, std::move(url), run.endpoint.pages_per_pull_max,
                                [&](const SearchPage& page) -> std::optional<FhirError> {
                                  FeedState next = state;
                                  next.resume_link = roster[at];
                                  if (page.next.empty()) next.resume_link = is_last_patient ? "" : roster[at + 1];
                                  if (page.next.empty() && is_last_patient) {
                                    next.watermark = *state.run_started_at - run.endpoint.overlap;
                                    next.run_started_at.reset();
                                    next.last_success_at = run.context.clock.now();
                                  }
                                  if (!lease(run, state.lease_token)) return end_of_walk(kFeedTakenOver);
                                  run.intake.record(received_of(run, page), &next);
                                  return std::nullopt;
                                });
    if (end) return end->message;
    run.context.progress(fmt::format("{}: {} of {} patients", name_of(run), at + 1, roster.size()));
    if (run.context.stop.stop_requested()) return "stopped; the next round goes on with the next patient";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> pull_feed(const FeedRun& run, const std::vector<std::string>& roster) {
  TenantSession& session = run.context.session;
  const std::string token = random_hex(16);
  if (!wait_for_lease(run, token)) return "another worker holds this feed";
  FeedState state = read_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type);
  state.source = run.endpoint.name;
  state.resource_type = run.feed.resource_type;
  state.lease_token = token;

  std::optional<std::string> failure;
  try {
    failure = run.feed.strategy == FeedConfig::Strategy::per_patient ? pull_by_patient(run, state, roster)
                                                                     : pull_by_last_updated(run, state);
    run.intake.finish();
  } catch (const DbError& error) {
    if (error.sqlstate() != kLeaseLost) throw;
    failure = kFeedTakenOver;
  }
  release_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type, token);
  return failure;
}

}  // namespace authledger
