#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "adapters/capability_plan.h"
#include "base/clock.h"
#include "base/text.h"
#include "cmd/session.h"
#include "ledger/store/sweep_store.h"
#include "sync/pull.h"

namespace authledger {
namespace {

// What is this many sync intervals old is called stale.
constexpr int kIntervalsUntilStale = 3;
// A sweep that has read nobody for so long, or those intervals, has stopped; one that takes longer than a week is no
// plan.
constexpr std::chrono::minutes kSweepSilenceMax{15};
constexpr std::chrono::days kSweepMax{7};

OutputCell instant_cell(std::optional<Instant> instant) {
  return instant ? OutputCell::of_text(format_instant(*instant)) : OutputCell{};
}

// A sweep that has begun and not ended.
struct SweepUnderWay {
  Instant started_at{};
  int64_t patients_read = 0;  // Since then.
  Instant last_read_at{};
};

// Since when a feed is known whole, and for how long that has been.
struct Freshness {
  std::optional<Instant> last_success_at;
  std::optional<int64_t> age_seconds;
  std::optional<SweepUnderWay> sweep;
  bool is_stale = true;
};

class FeedReader {
 public:
  explicit FeedReader(TenantSession& session)
      : session_(session), states_(read_feeds(session.connection(), session.tenant_id())) {}

  Freshness freshness_of(const FeedCertificate& certificate) const {
    Freshness freshness;
    for (const FeedState& state : states_) {
      if (state.source != certificate.source || state.resource_type != certificate.resource_type) continue;
      freshness.last_success_at = state.last_success_at;
      if (certificate.strategy == word_of(SourceStrategy::per_patient)) freshness.sweep = sweep_of(state);
    }
    const auto interval = session_.config().server.sync_interval * kIntervalsUntilStale;
    if (freshness.last_success_at) {
      const auto age = std::chrono::duration_cast<std::chrono::seconds>(now_ - *freshness.last_success_at);
      if (age.count() < 0) return freshness;  // A clock that has been set back since says nothing.
      freshness.age_seconds = age.count();
      freshness.is_stale = age > interval;
    }
    if (freshness.sweep && now_ - freshness.sweep->started_at <= kSweepMax &&
        now_ - freshness.sweep->last_read_at <= std::max<std::chrono::seconds>(interval, kSweepSilenceMax)) {
      freshness.is_stale = false;
    }
    return freshness;
  }

 private:
  std::optional<SweepUnderWay> sweep_of(const FeedState& state) const {
    if (!state.run_started_at || *state.run_started_at > now_) return std::nullopt;
    SweepUnderWay sweep{*state.run_started_at, 0, *state.run_started_at};
    for (const auto& [patient, read_at] :
         read_sweep_visits(session_.connection(), session_.tenant_id(), state.source, state.resource_type)) {
      if (read_at < sweep.started_at || read_at > now_) continue;
      ++sweep.patients_read;
      sweep.last_read_at = std::max(sweep.last_read_at, read_at);
    }
    return sweep;
  }

  TenantSession& session_;
  std::vector<FeedState> states_;
  Instant now_ = SystemClock().now();
};

// Whether the reading found all that this client may see. What a server withholds of a few patients stays so for good
// and is no alarm; of half of them it is one.
bool is_all_there(const FeedCertificate& certificate) {
  if (certificate.is_complete) return true;
  const int64_t withheld = certificate.patients_withheld.value_or(0);
  return certificate.to_at && certificate.patients_failed == 0 && withheld > 0 &&
         2 * withheld < certificate.patients_known.value_or(0);
}

// Whether all that the reading lacks is what the sweep has not come to yet.
bool only_goes_on(const FeedCertificate& certificate) {
  const int64_t known = certificate.patients_known.value_or(0);
  const int64_t withheld = certificate.patients_withheld.value_or(0);
  if (certificate.patients_failed.value_or(0) > 0 || (withheld > 0 && 2 * withheld >= known)) return false;
  const auto of_progress = std::count_if(certificate.gaps.begin(), certificate.gaps.end(), is_of_progress);
  // One gap says that some have never been read, one that some are withheld.
  const auto explained = of_progress + (known > 0 && !certificate.oldest_read_at ? 1 : 0) + (withheld > 0 ? 1 : 0);
  return of_progress > 0 && std::ssize(certificate.gaps) <= explained;
}

bool is_alright(const FeedCertificate& certificate, const Freshness& freshness) {
  if (certificate.strategy == kAbsentStrategy) return true;
  return !freshness.is_stale && (is_all_there(certificate) || (freshness.sweep && only_goes_on(certificate)));
}

int run_feeds(const GlobalOptions& global) {
  auto [session, exit_code] = open_session(global);
  if (!session) return exit_code;
  const std::vector<FeedCertificate> certificates = read_certificates(session->connection(), session->tenant_id());
  const FeedReader reader(*session);
  RowWriter rows(std::cout, global.format,
                 {"endpoint",
                  "resource_type",
                  "strategy",
                  "complete",
                  "last_success",
                  "age_seconds",
                  "stale",
                  "pages",
                  "read",
                  "new",
                  "changed",
                  "unchanged",
                  "quarantined",
                  "deleted",
                  "stated_total",
                  "from",
                  "to",
                  "patients_read",
                  "patients_known",
                  "patients_withheld",
                  "patients_failed",
                  "sweep_started",
                  "sweep_read",
                  "oldest_read",
                  "sees_deletions",
                  "pages_hash",
                  "gaps"});
  bool is_whole = true;
  const auto optional_number = [](std::optional<int64_t> value) {
    return value ? OutputCell::of_integer(*value) : OutputCell{};
  };
  for (const FeedCertificate& each : certificates) {
    const Freshness freshness = reader.freshness_of(each);
    is_whole = is_whole && is_alright(each, freshness);
    rows.add({OutputCell::of_text(each.source),
              OutputCell::of_text(each.resource_type),
              OutputCell::of_text(each.strategy),
              OutputCell::of_boolean(each.is_complete),
              instant_cell(freshness.last_success_at),
              optional_number(freshness.age_seconds),
              OutputCell::of_boolean(freshness.is_stale),
              OutputCell::of_integer(each.pages),
              OutputCell::of_integer(each.read),
              OutputCell::of_integer(each.added),
              OutputCell::of_integer(each.changed),
              OutputCell::of_integer(each.unchanged),
              OutputCell::of_integer(each.quarantined),
              OutputCell::of_integer(each.deleted),
              optional_number(each.stated_total),
              instant_cell(each.from_at),
              instant_cell(each.to_at),
              optional_number(each.patients_read),
              optional_number(each.patients_known),
              optional_number(each.patients_withheld),
              optional_number(each.patients_failed),
              freshness.sweep ? instant_cell(freshness.sweep->started_at) : OutputCell{},
              freshness.sweep ? OutputCell::of_integer(freshness.sweep->patients_read) : OutputCell{},
              instant_cell(each.oldest_read_at),
              each.sees_deletions ? OutputCell::of_boolean(*each.sees_deletions) : OutputCell{},
              OutputCell::of_text(to_hex(each.pages_hash)),
              OutputCell::of_list(each.gaps)});
  }
  rows.finish();
  return is_whole ? kExitDone : kExitNegative;
}

}  // namespace

void add_feeds_command(CommandLine line) {
  CLI::App* command = line.app.add_subcommand(
      "feeds", "How completely and how recently each feed was read: the certificate of its last reading");
  command->footer(
      "Exit codes: 0 all feeds are whole and fresh, but for patients whom the server withholds from this client (fewer "
      "than\nhalf; patients_withheld) and whom a sweep under way has not come to (sweep_read of patients_known since "
      "sweep_started);\n3 one is not (its row says why). A feed is stale when its last whole reading is older than "
      "three "
      "times\nserver.sync_interval and no sweep goes on: for at most a week, and reading somebody every 15 minutes.");
  command->callback([line] { line.run = [line] { return run_feeds(line.options); }; });
}

}  // namespace authledger
