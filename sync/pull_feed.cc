#include "sync/pull_feed.h"

#include <fmt/format.h>

#include <thread>

#include "base/crypto.h"
#include "sync/feed_pages.h"
#include "sync/inquire.h"

namespace authledger {
namespace {

// A worker that finds a feed leased waits for its holder to finish or die, so that a crash delays the next round by at
// most the lease. A holder that lives renews its lease for longer than that: the feed is left to it.
bool wait_for_lease(const FeedRun& run, const std::string& token) {
  const auto deadline =
      std::chrono::steady_clock::now() + run.context.session.config().delivery.lease + std::chrono::seconds(5);
  bool said = false;
  while (!lease(run, token)) {
    if (run.context.stop.stop_requested() || std::chrono::steady_clock::now() > deadline) return false;
    if (!said) run.context.progress(fmt::format("{}: another worker reads this feed; waiting", name_of(run)));
    said = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return true;
}

std::optional<FhirError> read_as_planned(const FeedRun& run, const FeedState& state, const SweepRoster& roster) {
  if (run.plan.strategy == SourceStrategy::inquire) return pull_by_inquiry(run);
  const bool is_swept = run.plan.strategy == SourceStrategy::per_patient;
  return is_swept ? pull_by_patient(run, state, roster) : pull_by_last_updated(run, state);
}

void count(const FeedRun& run) {
  const ResourceTally tally = run.intake.take_tally();
  FeedCertificate& certificate = run.certificate;
  certificate.read += tally.read;
  certificate.added += tally.added;
  certificate.changed += tally.changed;
  certificate.unchanged += tally.unchanged;
  certificate.quarantined += tally.quarantined;
  certificate.deleted += tally.deleted;
  if (tally.numbered_anew > 0) {
    note_gap(certificate, fmt::format("{} resources have a lower version with a later lastUpdated, and the server says "
                                      "that they are current: it numbers anew; their time counts from now on",
                                      tally.numbered_anew));
  }
  if (tally.doubtful > 0) {
    note_gap(certificate, fmt::format("{} resources have a lower version with a later lastUpdated than the ledger has, "
                                      "and could not be read by their id: the higher version counts",
                                      tally.doubtful));
  }
  if (tally.clock_went_back > 0) {
    note_gap(certificate, fmt::format("{} resources have a higher version with an earlier lastUpdated: the server's "
                                      "clock went back; the higher version counts",
                                      tally.clock_went_back));
  }
}

}  // namespace

FeedEnd pull_feed(const FeedRun& run, const SweepRoster& roster) {
  TenantSession& session = run.context.session;
  const std::string token = random_hex(16);
  if (run.context.options.woken_only ? !lease(run, token) : !wait_for_lease(run, token)) {
    note_gap(run.certificate, std::string(kHeldByAnother));
    return {true, std::string(kHeldByAnother)};
  }
  FeedState state = read_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type);
  state.source = run.endpoint.name;
  state.resource_type = run.feed.resource_type;
  state.lease_token = token;

  std::optional<FhirError> end;
  try {
    end = read_as_planned(run, state, roster);
    run.intake.finish();
  } catch (const DbError& error) {
    if (error.sqlstate() != kLeaseLost) throw;
    end = taken_over();
  }
  count(run);
  release_feed(session.connection(), session.tenant_id(), run.endpoint.name, run.feed.resource_type, token);
  if (!end) return {};
  run.certificate.is_complete = false;
  note_gap(run.certificate, end->message);
  return {false, goes_on_later(*end) ? std::nullopt : std::optional(end->message)};
}

}  // namespace authledger
