#include "sync/feed_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "fhir/bundle.h"
#include "fhir/outcome.h"
#include "fhir/search.h"

namespace authledger {
namespace {

std::string reference_of(JsonView resource) {
  return resource["resourceType"].string() + "/" + resource["id"].string();
}

// What the history of a type says since the last run.
struct TypeHistory {
  std::set<std::string> deleted, written;
  std::optional<Instant> started_at;  // By the server's clock.
};

std::optional<FhirError> read_history(const FeedRun& run, Instant since, TypeHistory& history) {
  std::string url = fmt::format("{}/_history?_count={}&_since={}", run.feed.resource_type, run.endpoint.page_size,
                                query_value(format_instant(since)));
  return walk_pages(run.client, std::move(url), run.endpoint.pages_per_pull_max,
                    [&](const SearchPage& page) -> std::optional<FhirError> {
                      if (!history.started_at) history.started_at = page.server_time.value_or(page.asked_at);
                      if (auto failure = failure_among(page)) return failure;
                      for (JsonView resource : page.resources) history.written.insert(reference_of(resource));
                      history.deleted.insert(page.deleted.begin(), page.deleted.end());
                      if (!run.context.stop.stop_requested()) return std::nullopt;
                      return stopped("stopped; the next round reads the deletions again");
                    });
}

// The history's order is the server's clock's, which may have gone back since the deletion: what was written again
// under an earlier time stands before the watermark and in no later search. Whatever the history says, a resource that
// stands here is therefore asked for. FAULTS 23, 25.
std::optional<FhirError> take_deletions(const FeedRun& run, const TypeHistory& history,
                                        std::vector<ResourceHash> named) {
  TenantSession& session = run.context.session;
  const bool can_ask = run.capability.can(run.feed.resource_type, "read");
  std::vector<ReceivedResource> received;
  std::vector<ResourceHash> gone;
  std::optional<FhirError> end;
  const std::vector<StoredVersion> stored =
      find_stored(session.connection(), session.tenant_id(), run.endpoint.name, named);
  for (size_t i = 0; i < named.size() && !end; ++i) {
    if (stored[i].as == StoredAs::deleted) continue;
    const bool was_written = history.written.contains(named[i].type + "/" + named[i].id);
    if (!can_ask || (stored[i].as == StoredAs::nothing && !was_written)) {
      if (!was_written) gone.push_back(std::move(named[i]));
      continue;
    }
    end = run.context.stop.stop_requested() ? stopped("stopped; the next round reads the deletions again")
                                            : budget_end(run);
    if (!end) end = read_by_id(run, named[i].id, received, gone);
  }
  if (!received.empty()) run.intake.record(std::move(received), nullptr);
  if (!gone.empty()) run.intake.record_deleted(gone);
  return end;
}

}  // namespace

std::string name_of(const FeedRun& run) {
  return run.endpoint.name + "/" + run.feed.resource_type;
}

std::string search_query(const FeedRun& run) {
  std::string query = fmt::format("{}?_count={}", run.feed.resource_type, run.endpoint.page_size);
  for (const auto& [parameter, value] : run.feed.search) query += "&" + parameter + "=" + query_value(value);
  return query;
}

std::vector<ReceivedResource> received_of(const FeedRun& run, const SearchPage& page, const std::string& patient) {
  std::vector<ReceivedResource> received;
  received.reserve(page.resources.size());
  for (JsonView resource : page.resources) {
    walk_resources_in_bundles(
        resource, [&](JsonView found, std::string_view full_url, const BundleReferences& references) {
          const bool resolves = needs_resolving(found, full_url, references);
          std::string id = found["id"].string();
          if (id.empty() && full_url.starts_with("urn:uuid:")) id = full_url.substr(9);
          received.push_back({found["resourceType"].string(), std::move(id),
                              resolves ? resolve_in_bundle(found, full_url, references) : to_json_text(found),
                              run.client.base_url(), patient, page.asked_at});
        });
  }
  return received;
}

std::string as_searches_give_it(std::string body) {
  JsonDocument document;
  const auto root = document.parse(body);
  return root ? to_json_text(*root) : body;
}

std::optional<FhirError> read_by_id(const FeedRun& run, const std::string& id, std::vector<ReceivedResource>& received,
                                    std::vector<ResourceHash>& gone) {
  const std::string& type = run.feed.resource_type;
  auto found = run.client.read(type, id);
  if (found) {
    received.push_back(
        {type, id, as_searches_give_it(std::move(found->body)), run.client.base_url(), "", found->asked_at});
    return std::nullopt;
  }
  const FhirError& error = found.error();
  if (error.kind == FhirErrorKind::not_found) {
    gone.push_back(deletion_of(type, id));
    return std::nullopt;
  }
  // Of this resource alone; without a good token (401) nothing is said of any.
  const bool is_withheld = error.kind == FhirErrorKind::refused || error.status == 403;
  if (!is_withheld) return error;
  note_gap(run.certificate,
           "the server neither gives nor denies some resources by their id: what is known of them is kept");
  return std::nullopt;
}

bool lease(const FeedRun& run, const std::string& token) {
  TenantSession& session = run.context.session;
  return lease_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type, token,
                    static_cast<int>(session.config().delivery.lease.count()));
}

bool renew_lease(const FeedRun& run, const std::string& token) {
  TenantSession& session = run.context.session;
  return renew_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type, token,
                    static_cast<int>(session.config().delivery.lease.count()));
}

FhirError taken_over() {
  return {FhirErrorKind::stopped, 0, "another worker has taken this feed over"};
}

FhirError stopped(std::string why) {
  return {FhirErrorKind::stopped, 0, std::move(why)};
}

std::optional<FhirError> budget_end(const FeedRun& run) {
  if (run.client.requests() < run.requests_max) return std::nullopt;
  return FhirError{FhirErrorKind::throttled, 0,
                   fmt::format("the feed's part of the round's requests (requests_per_round_max, {}) is used up; {} "
                               "from here",
                               run.endpoint.requests_per_round_max, kNextRoundGoesOn)};
}

bool goes_on_later(const FhirError& end) {
  return end.kind == FhirErrorKind::throttled && end.status == 0;
}

bool is_refused_for_good(const FhirError& error) {
  switch (error.kind) {
    case FhirErrorKind::refused:
    case FhirErrorKind::not_found:
    case FhirErrorKind::conflict:
      return true;
    case FhirErrorKind::unauthorized:
      return error.status == 403;
    case FhirErrorKind::unreachable:
    case FhirErrorKind::throttled:
    case FhirErrorKind::server_error:
    case FhirErrorKind::bad_answer:
    case FhirErrorKind::foreign_link:
    case FhirErrorKind::endless_paging:
    case FhirErrorKind::outcome_unknown:
    case FhirErrorKind::stopped:
      break;
  }
  return false;
}

void note_page(const FeedRun& run, const SearchPage& page) {
  FeedCertificate& certificate = run.certificate;
  ++certificate.pages;
  certificate.pages_hash = HashInput().add(bytes_of(certificate.pages_hash)).add(page.body_hash).sha256();
  if (page.outcomes.empty()) return;
  log_warning("search_outcome", {{"feed", name_of(run)}, {"outcomes", page.outcomes.size()}});
  for (const JsonView outcome : page.outcomes) {
    const std::string codes = outcome_codes(outcome);
    note_gap(certificate, fmt::format("the server sent a remark with its results{}: it may hold something back",
                                      codes.empty() ? "" : " (" + codes + ")"));
  }
}

std::optional<FhirError> failure_among(const SearchPage& page) {
  for (const JsonView outcome : page.outcomes) {
    if (!is_failure(outcome)) continue;
    return FhirError{FhirErrorKind::bad_answer, 200,
                     fmt::format("the server reports a failure among its results ({})", outcome_codes(outcome))};
  }
  return std::nullopt;
}

void note_gap(FeedCertificate& certificate, std::string gap) {
  if (std::find(certificate.gaps.begin(), certificate.gaps.end(), gap) != certificate.gaps.end()) return;
  certificate.gaps.push_back(std::move(gap));
}

// Read before the run's pages, because the watermark moves with the last of these; the run then began when the history
// was read.
std::optional<FhirError> pull_deletions(const FeedRun& run, FeedState& state) {
  const std::string& type = run.feed.resource_type;
  const std::optional<Instant> since = state.deletions_watermark ? state.deletions_watermark : state.watermark;
  if (!since || !run.capability.can(type, "history-type")) return std::nullopt;
  TypeHistory history;
  if (auto end = read_history(run, *since, history)) {
    const bool is_away = end->kind == FhirErrorKind::unreachable || end->kind == FhirErrorKind::throttled ||
                         end->kind == FhirErrorKind::stopped;
    if (is_away) return end;
    log_warning("history_refused", {{"feed", name_of(run)}, {"status", end->status}});
    note_gap(
        run.certificate,
        fmt::format("deletions: the endpoint declares the type's history and does not give it ({})", end->message));
    state.deletions_watermark = since;  // Stays behind.
    return std::nullopt;
  }
  if (!state.run_started_at) state.run_started_at = history.started_at;
  std::vector<ResourceHash> named;
  for (const std::string& reference : history.deleted) {
    if (!reference.starts_with(type + "/")) continue;
    named.push_back(deletion_of(type, reference.substr(type.size() + 1)));
    if (named.size() < kResourcesPerPageMax) continue;
    if (auto end = take_deletions(run, history, std::exchange(named, {}))) return end;
  }
  if (auto end = take_deletions(run, history, std::move(named))) return end;
  state.deletions_watermark = *history.started_at - run.endpoint.overlap;
  return std::nullopt;
}

}  // namespace authledger
