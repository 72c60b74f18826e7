#include <fmt/format.h>

#include <unordered_set>

#include "base/log.h"
#include "fhir/search.h"
#include "sync/feed_pages.h"
#include "sync/feed_plan.h"
#include "sync/remap.h"

// A feed read by what changed since its watermark.

namespace authledger {
namespace {

// A resource so much older than what was asked for shows that the server does not look at _lastUpdated.
constexpr std::chrono::hours kOlderThanAsked{24};

// Ids of one run that are told apart; beyond, repetitions are no longer seen.
constexpr size_t kDistinctIdsMax = 1'000'000;

// A server's error on a link that is older than this is taken for an expired search: some answer 500 to one.
constexpr std::chrono::hours kResumeLinkLife{1};

// A run under way that reads under another mapping than the config's.
bool is_mixed(const FeedState& state, const std::string& mapping_version) {
  return !state.resume_link.empty() && !state.run_mapping_version.empty() &&
         state.run_mapping_version != mapping_version;
}

// A mapping that changed maps again what was read before: bodies that were kept from the ledger's own store, the rest
// by reading the feed from its beginning, which is what the answer says. Source: DESIGN, raw_resource.
bool must_read_all(const FeedRun& run, FeedState& state) {
  const std::string& mapping_version = run.intake.mapping_version(run.feed.resource_type);
  if (state.mapping_version == mapping_version && !is_mixed(state, mapping_version)) return false;
  const bool was_read = state.watermark || !state.resume_link.empty();
  state.mapping_version = mapping_version;
  if (!was_read) return false;
  log_info("mapping_changed", {{"feed", name_of(run)}, {"from_store", keeps_body(run.feed.resource_type)}});
  if (!keeps_body(run.feed.resource_type)) return true;
  remap_stored(run.context, run.endpoint, run.feed.resource_type, run.intake);
  return false;
}

// Whether to begin a run anew whose next page the server did not give: its results expire (410 and the like); the
// watermark still says where the run began. FAULTS 24. A server that is away only delays the run.
bool has_expired(const FhirError& end, const FeedState& state, Instant now) {
  switch (end.kind) {
    case FhirErrorKind::not_found:
    case FhirErrorKind::conflict:
    case FhirErrorKind::refused:
    case FhirErrorKind::bad_answer:
    case FhirErrorKind::foreign_link:
    case FhirErrorKind::endless_paging:
      return true;
    case FhirErrorKind::server_error:
      return !state.run_started_at || *state.run_started_at < now - kResumeLinkLife;
    case FhirErrorKind::unreachable:
    case FhirErrorKind::unauthorized:
    case FhirErrorKind::throttled:
    case FhirErrorKind::outcome_unknown:
    case FhirErrorKind::stopped:
      break;
  }
  return false;
}

// Reads one chain of pages; the run ends with the last of them.
class ChangesRun {
 public:
  // `state` is saved with every page; the mapping version of a feed that is read again from its beginning only with the
  // last. `asked_since`: what the server was asked to leave out is older.
  ChangesRun(const FeedRun& run, FeedState state, std::string mapping_version_before,
             std::optional<Instant> asked_since)
      : run_(run),
        state_(std::move(state)),
        mapping_version_before_(std::move(mapping_version_before)),
        asked_since_(asked_since) {}

  std::optional<FhirError> read(std::string url, bool from_the_first_page) {
    is_whole_ = from_the_first_page;
    return walk_pages(run_.client, std::move(url), run_.endpoint.pages_per_pull_max,
                      [&](const SearchPage& page) { return take(page); });
  }
  // Pages that were recorded.
  int64_t pages() const { return pages_; }

 private:
  std::optional<FhirError> take(const SearchPage& page) {
    note_page(run_, page);
    if (pages_++ == 0 && is_whole_) run_.certificate.stated_total = page.total;
    if (!state_.run_started_at) state_.run_started_at = page.server_time.value_or(run_.context.clock.now());
    count_matches(page);
    watch_age(page);
    if (auto failure = failure_among(page)) failure_ = std::move(failure);
    std::vector<ReceivedResource> received = received_of(run_, page);
    count_ += static_cast<int64_t>(received.size());
    run_.context.progress(fmt::format("{}: {} read", name_of(run_), count_));

    const bool is_last = page.next.empty();
    FeedState next = state_;
    next.resume_link = page.next;
    if (!is_last || is_short_at_first()) next.mapping_version = mapping_version_before_;
    if (is_last) end_run(next);
    if (!renew_lease(run_, state_.lease_token)) return taken_over();
    // After a failure of the server's the run stands where it stood: all that follows is read again.
    run_.intake.record(std::move(received), failure_ ? nullptr : &next);
    if (is_last) return failure_;
    if (run_.context.stop.stop_requested()) return stopped("stopped; the next round goes on from the last page");
    return budget_end(run_);
  }

  void count_matches(const SearchPage& page) {
    matched_ += static_cast<int64_t>(page.resources.size());
    for (const JsonView resource : page.resources) {
      if (ids_.size() >= kDistinctIdsMax) return;
      if (!ids_.insert(std::hash<std::string_view>{}(resource["id"].text())).second) ++repeated_;
    }
  }

  // Pages that are counted off from the beginning lose a resource when one before it goes, or moves to the end.
  bool is_short() const {
    const std::optional<int64_t> total = run_.certificate.stated_total;
    return is_whole_ && total && matched_ - repeated_ < *total;
  }
  // A server that is short time and again cannot count.
  bool is_short_at_first() const { return is_short() && !state_.is_short; }

  // After the last page.
  void end_run(FeedState& next) {
    FeedCertificate& certificate = run_.certificate;
    const bool is_again = is_short_at_first() && !failure_;
    if (is_whole_) next.is_short = is_short();
    const std::optional<int64_t> total = certificate.stated_total;
    if (total && *total != matched_ - repeated_) {
      note_gap(certificate, fmt::format("Bundle.total says {}, {} came{}", *total, matched_ - repeated_,
                                        is_again ? ": the next round reads them again" : ""));
    }
    next.run_started_at.reset();
    if (is_again || failure_) return;
    // Everything up to the start of the run, by the server's clock, has been read.
    next.watermark = *state_.run_started_at - run_.endpoint.overlap;
    if (!next.deletions_watermark) next.deletions_watermark = next.watermark;
    next.last_success_at = run_.context.clock.now();
    certificate.is_complete = true;
    certificate.to_at = next.watermark;
  }

  // FAULTS 26, also of a server that heeded it when it was tested. A single resource may say so falsely, of a time that
  // went back (FAULTS 23): the test decides.
  void watch_age(const SearchPage& page) {
    if (!asked_since_ || is_tested_ || !run_.certificate.from_at) return;
    for (const JsonView resource : page.resources) {
      const auto updated = parse_instant(resource["meta"]["lastUpdated"].text());
      if (!updated || *updated >= *asked_since_ - kOlderThanAsked) continue;
      is_tested_ = true;
      if (test_last_updated(run_.context, run_.endpoint, run_.feed, hash_of(run_.capability), run_.client) != false) {
        note_gap(run_.certificate,
                 "the server sent what is older than asked for, yet was not found to ignore _lastUpdated");
        return;
      }
      log_warning("last_updated_ignored", {{"feed", name_of(run_)}, {"next", "another strategy, see probe"}});
      note_gap(run_.certificate,
               "the server sent what is older than asked for: it ignores _lastUpdated; the next round "
               "reads otherwise");
      return;
    }
  }

  const FeedRun& run_;
  FeedState state_;
  std::string mapping_version_before_;
  std::optional<Instant> asked_since_;
  bool is_whole_ = false, is_tested_ = false;
  int64_t pages_ = 0, matched_ = 0, repeated_ = 0, count_ = 0;
  std::unordered_set<size_t> ids_;    // Hashes of those that came.
  std::optional<FhirError> failure_;  // That the server reported among its results.
};

}  // namespace

std::optional<FhirError> pull_by_last_updated(const FeedRun& run, FeedState state) {
  const std::string& mapping_version = run.intake.mapping_version(run.feed.resource_type);
  const std::string mapping_version_before = is_mixed(state, mapping_version) ? "" : state.mapping_version;
  bool reads_all = must_read_all(run, state);
  const bool goes_on = state.resume_link.find("://") != std::string::npos &&
                       (!reads_all || state.run_mapping_version == mapping_version);
  if (run.plan.strategy == SourceStrategy::everything) reads_all = true;
  state.run_mapping_version = mapping_version;
  if (run.context.stop.stop_requested()) return stopped("stopped; the next round goes on");
  run.certificate.from_at = state.watermark;
  if (goes_on) {
    ChangesRun resumed(run, state, reads_all ? mapping_version_before : state.mapping_version, std::nullopt);
    auto end = resumed.read(state.resume_link, false);
    if (!end || goes_on_later(*end) || !has_expired(*end, state, run.context.clock.now())) return end;
    log_warning("resume_link_failed", {{"feed", name_of(run)}, {"cause", end->message}});
    note_gap(run.certificate, "the pages of the round before had expired: read again from the watermark");
  }
  for (bool is_again = false;; is_again = true) {
    state.resume_link.clear();
    state.run_started_at.reset();
    if (auto end = pull_deletions(run, state)) return end;
    std::string url = search_query(run);
    const std::optional<Instant> since = reads_all ? std::nullopt : state.watermark;
    if (since) url += "&_lastUpdated=" + query_value("ge" + format_instant(*since));
    if (!since) run.certificate.from_at.reset();
    ChangesRun changes(run, state, reads_all ? mapping_version_before : state.mapping_version, since);
    auto end = changes.read(std::move(url), true);
    const bool expired = end && end->kind == FhirErrorKind::not_found && changes.pages() > 0;
    if (!expired || is_again) return end;
    log_warning("pages_expired", {{"feed", name_of(run)}, {"cause", end->message}});
    note_gap(run.certificate, "the search expired between its pages: read again from the watermark");
  }
}

}  // namespace authledger
