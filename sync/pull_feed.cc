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

// Resources that were deleted in the EHR never show up in a search: the type's history names them. It is read before
// the run's pages, because the watermark moves with the last of these; the run then began when the history was read.
std::optional<std::string> pull_deletions(const FeedRun& run, FeedState& state) {
  if (!state.watermark || !run.capability.can(run.feed.resource_type, "history-type")) return std::nullopt;
  PageGuard guard(run.endpoint.pages_per_pull_max);
  std::string url = fmt::format("{}/_history?_count={}&_since={}", run.feed.resource_type, run.endpoint.page_size,
                                query_value(format_instant(*state.watermark)));
  std::set<std::string> deleted, written;
  while (!url.empty()) {
    auto page = run.client.search_page(url);
    if (!page && (page.error().kind == FhirErrorKind::refused || page.error().kind == FhirErrorKind::not_found)) {
      log_warning("history_refused",
                  {{"feed", run.endpoint.name + "/" + run.feed.resource_type}, {"status", page.error().status}});
      return std::nullopt;  // Declared, but not there: the feed runs without.
    }
    if (!page) return page.error().message;
    if (auto problem = guard.accept(url, *page)) return problem->message;
    if (!state.run_started_at) state.run_started_at = page->server_time.value_or(run.context.clock.now());
    for (JsonView resource : page->resources) written.insert(reference_of(resource));
    deleted.insert(page->deleted.begin(), page->deleted.end());
    if (run.context.stop.stop_requested()) return "stopped; the next round reads the deletions again";
    url = page->next;
  }
  const std::string prefix = run.feed.resource_type + "/";
  std::vector<ResourceHash> gone;
  for (const std::string& reference : deleted) {
    if (!reference.starts_with(prefix)) continue;
    std::string id = reference.substr(prefix.size());
    if (written.contains(reference)) {
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

// Reads one chain of pages; the run ends with the last of them.
std::optional<std::string> read_pages(const FeedRun& run, std::string url, FeedState state) {
  PageGuard guard(run.endpoint.pages_per_pull_max);
  int64_t count = 0;
  while (true) {
    auto page = run.client.search_page(url);
    if (!page) return page.error().message;
    if (auto problem = guard.accept(url, *page)) return problem->message;
    if (!page->outcomes.empty()) {
      log_warning("search_outcome",
                  {{"feed", run.endpoint.name + "/" + run.feed.resource_type}, {"outcomes", page->outcomes.size()}});
    }
    if (!state.run_started_at) state.run_started_at = page->server_time.value_or(run.context.clock.now());
    std::vector<ReceivedResource> received = received_of(run, *page);
    count += static_cast<int64_t>(received.size());
    run.context.progress(fmt::format("{}/{}: {} read", run.endpoint.name, run.feed.resource_type, count));

    const bool is_last = page->next.empty();
    FeedState next = state;
    next.resume_link = page->next;
    if (is_last) {
      // Everything up to the start of the run, by the server's clock, has been read.
      next.watermark = *state.run_started_at - run.endpoint.overlap;
      next.run_started_at.reset();
      next.last_success_at = run.context.clock.now();
    }
    if (!lease(run, state.lease_token)) return kFeedTakenOver;
    run.intake.record(std::move(received), &next);
    if (is_last) return std::nullopt;
    if (run.context.stop.stop_requested()) return "stopped; the next round goes on from the last page";
    url = page->next;
  }
}

std::optional<std::string> pull_by_last_updated(const FeedRun& run, FeedState state) {
  if (!state.resume_link.empty()) {
    auto failure = read_pages(run, state.resume_link, state);
    if (!failure || run.context.stop.stop_requested()) return failure;
    // Search results expire (410 and the like); the watermark still says where the run began.
    log_warning("resume_link_failed",
                {{"feed", run.endpoint.name + "/" + run.feed.resource_type}, {"cause", *failure}});
    state.resume_link.clear();
    state.run_started_at.reset();
  }
  if (auto failure = pull_deletions(run, state)) return failure;
  std::string url = search_query(run);
  if (state.watermark) url += "&_lastUpdated=" + query_value("ge" + format_instant(*state.watermark));
  return read_pages(run, url, state);
}

// A sweep remembers its place as the patient to read next, in `resume_link`.
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
  const char* parameter = run.feed.resource_type == "Patient" ? "_id" : "patient";
  for (; at < roster.size(); ++at) {
    FeedState after = state;
    after.resume_link = at + 1 < roster.size() ? roster[at + 1] : "";
    if (at + 1 == roster.size()) after.run_started_at.reset();
    FeedState during = state;
    during.resume_link = roster[at];
    std::string url = search_query(run) + "&" + parameter + "=" + query_value(roster[at]);
    PageGuard guard(run.endpoint.pages_per_pull_max);
    while (true) {
      auto page = run.client.search_page(url);
      if (!page) return page.error().message;
      if (auto problem = guard.accept(url, *page)) return problem->message;
      const bool is_last = page->next.empty();
      FeedState next = is_last ? after : during;
      if (is_last && at + 1 == roster.size()) {
        next.watermark = *state.run_started_at - run.endpoint.overlap;
        next.last_success_at = run.context.clock.now();
      }
      if (!lease(run, state.lease_token)) return kFeedTakenOver;
      run.intake.record(received_of(run, *page), &next);
      if (is_last) break;
      url = page->next;
    }
    run.context.progress(
        fmt::format("{}/{}: {} of {} patients", run.endpoint.name, run.feed.resource_type, at + 1, roster.size()));
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
