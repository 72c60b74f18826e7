#include <fmt/format.h>

#include "base/log.h"
#include "fhir/search.h"
#include "sync/feed_pages.h"
#include "sync/remap.h"

// A feed read by what changed since its watermark.

namespace authledger {
namespace {

// A resource so much older than what was asked for shows that the server does not look at _lastUpdated.
constexpr std::chrono::hours kOlderThanAsked{24};

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
    matched_ += static_cast<int64_t>(page.resources.size());
    watch_age(page);
    std::vector<ReceivedResource> received = received_of(run_, page);
    count_ += static_cast<int64_t>(received.size());
    run_.context.progress(fmt::format("{}: {} read", name_of(run_), count_));

    const bool is_last = page.next.empty();
    FeedState next = state_;
    next.resume_link = page.next;
    if (is_last) {
      // Everything up to the start of the run, by the server's clock, has been read.
      next.watermark = *state_.run_started_at - run_.endpoint.overlap;
      next.run_started_at.reset();
      next.last_success_at = run_.context.clock.now();
    } else {
      next.mapping_version = mapping_version_before_;
    }
    if (!renew_lease(run_, state_.lease_token)) return taken_over();
    run_.intake.record(std::move(received), &next);
    if (is_last) {
      end_whole(*next.watermark);
      return std::nullopt;
    }
    if (run_.context.stop.stop_requested()) return stopped("stopped; the next round goes on from the last page");
    return budget_end(run_);
  }

  void end_whole(Instant watermark) {
    FeedCertificate& certificate = run_.certificate;
    certificate.is_complete = true;
    certificate.to_at = watermark;
    if (certificate.stated_total && *certificate.stated_total != matched_) {
      note_gap(certificate, fmt::format("Bundle.total says {}, {} came", *certificate.stated_total, matched_));
    }
  }

  // FAULTS 26, also of a server that heeded it when it was tested.
  void watch_age(const SearchPage& page) {
    if (!asked_since_ || is_found_out_ || !run_.certificate.from_at) return;
    for (const JsonView resource : page.resources) {
      const auto updated = parse_instant(resource["meta"]["lastUpdated"].text());
      if (!updated || *updated >= *asked_since_ - kOlderThanAsked) continue;
      is_found_out_ = true;
      TenantSession& session = run_.context.session;
      save_finding(session.connection(), session.tenant_id(), run_.endpoint.name, run_.feed.resource_type, false,
                   hash_of(run_.capability));
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
  bool is_whole_ = false, is_found_out_ = false;
  int64_t pages_ = 0, matched_ = 0, count_ = 0;
};

}  // namespace

std::optional<FhirError> pull_by_last_updated(const FeedRun& run, FeedState state) {
  const std::string mapping_version_before = state.mapping_version;
  const bool reads_all = must_read_all(run, state) || run.plan.strategy == SourceStrategy::everything;
  if (run.context.stop.stop_requested()) return stopped("stopped; the next round goes on");
  run.certificate.from_at = state.watermark;
  if (state.resume_link.find("://") != std::string::npos && !reads_all) {
    ChangesRun resumed(run, state, state.mapping_version, std::nullopt);
    auto end = resumed.read(state.resume_link, false);
    if (!end || end->kind == FhirErrorKind::stopped || goes_on_later(*end)) return end;
    // Search results expire (410 and the like); the watermark still says where the run began. FAULTS 24.
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
    const bool has_expired = end && end->kind == FhirErrorKind::not_found && changes.pages() > 0;
    if (!has_expired || is_again) return end;
    log_warning("pages_expired", {{"feed", name_of(run)}, {"cause", end->message}});
    note_gap(run.certificate, "the search expired between its pages: read again from the watermark");
  }
}

}  // namespace authledger
