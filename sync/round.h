#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "fhir/client.h"
#include "ledger/store/certificate_store.h"
#include "ledger/store/fact_store.h"
#include "sync/tenant_session.h"

namespace authledger {

struct NoticeCounts {
  int64_t created = 0, updated = 0, retired = 0, unchanged = 0, parked = 0;
  int64_t held = 0;           // Now, by whichever round.
  int64_t undeliverable = 0;  // Now: no channel takes them.
  int64_t newly_undeliverable = 0;
};

// Rules that wait while others decide.
struct WaitingSummary {
  int64_t rule_version = 0, deciding = 0;
  int canary_percent = 0;  // 0: a dry run.
};

// What one round did. Printed by `authledger sync`; its field names are fixed.
struct RoundSummary {
  std::map<std::string, int64_t> pulled;  // Resources received, by type.
  RecordCounts facts;
  int64_t subjects = 0;  // Reconciled.
  int64_t entries = 0;   // Posted.
  NoticeCounts notices;
  int64_t requests = 0;  // HTTP requests sent.
  double seconds = 0;
  int64_t parked_subjects = 0;
  std::vector<FeedCertificate> feeds;  // One for each feed that was to be read.
  int64_t feeds_without_road = 0;      // That the endpoint does not let anybody read as the config wants.
  // Feeds and writes that could not be done, as sentences for an operator. Empty when all went well.
  std::vector<std::string> failures;
  // When the database has lost commits: what is missing and what was done about it. For an operator; else empty.
  std::string divergence;
  std::optional<WaitingSummary> waiting_rules;
  bool is_misconfigured = false;  // A failure that only the config can mend.
  // Of a woken round: a feed that it was to read is under way elsewhere, and may have passed what has changed.
  bool left_woken = false;
  bool is_stopped = false;  // Ended early by a signal; nothing is lost, the next round goes on.
};

// Says what is going on; called a few times a second at most by long work. Lines never hold patient data.
using Progress = std::function<void(const std::string& line)>;

struct RoundOptions {
  bool pull = true;
  bool deliver = true;
  bool only_released = false;  // Deliver only what an operator released, and hold nothing.
  std::string endpoint;        // Only this one; empty = all.
  bool woken_only = false;     // Pull only what an EHR said has changed (Subscriptions), not every feed.
  std::optional<Day> on_day;   // As if today were this day.
};

// What every stage of a round gets.
struct RoundContext {
  TenantSession& session;
  const Clock& clock;
  const RoundOptions& options;
  std::stop_token stop;
  Progress progress;
  // Opens another transport than libcurl: a simulation owns the network as it owns the clock. Empty = libcurl.
  std::function<std::unique_ptr<HttpClient>(const EndpointConfig&)> open_http = {};

  Day today() const;
  Result<std::unique_ptr<FhirClient>> open_client(const EndpointConfig& endpoint) const;
};

// Brings records of one person into one subject, and parts them (ledger/store/subject_join.h).
void join_patients(RoundContext& context);

// One full round: pull every feed, reconcile every due subject, deliver every due notice. A failing feed does not stop
// the others; an endpoint that is not what its name stood for stops it before anything is read or written. Throws
// DbError only when the database stays away.
RoundSummary run_round(RoundContext& context);

// A completeness certificate as the fixed JSON of `sync` and `feeds`.
void write_certificate(JsonWriter& writer, const FeedCertificate& certificate);

// The summary as the fixed JSON of `sync --format json`.
std::string summary_json(const RoundSummary& summary);

}  // namespace authledger
