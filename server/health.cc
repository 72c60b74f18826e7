#include "server/health.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <atomic>
#include <mutex>

#include "base/json.h"

namespace authledger {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

Family<Gauge>& gauge(prometheus::Registry& registry, const char* name, const char* meaning) {
  return prometheus::BuildGauge().Name(name).Help(meaning).Register(registry);
}

Family<Counter>& counter(prometheus::Registry& registry, const char* name, const char* meaning) {
  return prometheus::BuildCounter().Name(name).Help(meaning).Register(registry);
}

void increment(Family<Counter>& family, const char* label, const std::string& value, int64_t count) {
  if (count > 0) family.Add({{label, value}}).Increment(static_cast<double>(count));
}

}  // namespace

// Labels name feeds, types and outcomes, never a patient. The registry is thread-safe by itself.
struct ServerHealth::State {
  prometheus::Registry registry;
  Gauge& database_up = gauge(registry, "authledger_database_up", "1 while the database answers, else 0").Add({});
  Gauge& last_round =
      gauge(registry, "authledger_round_last_end_timestamp_seconds", "Unix time at which the last round ended").Add({});
  Gauge& last_good_round = gauge(registry, "authledger_round_last_success_timestamp_seconds",
                                 "Unix time at which the last complete round ended")
                               .Add({});
  Gauge& round_seconds = gauge(registry, "authledger_round_duration_seconds", "Duration of the last round").Add({});
  Family<Counter>& rounds = counter(registry, "authledger_rounds_total", "Rounds by outcome");
  Family<Gauge>& feed_age =
      gauge(registry, "authledger_feed_age_seconds", "Age of what a feed has read: now less its watermark");
  Gauge& subjects = gauge(registry, "authledger_subjects", "Subjects in the ledger").Add({});
  Gauge& subjects_due = gauge(registry, "authledger_subjects_due", "Subjects that wait to be reconciled").Add({});
  Gauge& subjects_parked = gauge(registry, "authledger_subjects_parked", "Subjects that wait for an operator").Add({});
  Family<Counter>& pulled =
      counter(registry, "authledger_resources_pulled_total", "Resources read from endpoints by type");
  Family<Counter>& facts = counter(registry, "authledger_facts_total", "Facts by outcome");
  Family<Counter>& notices = counter(registry, "authledger_notices_total", "Notices by outcome");
  Gauge& notices_held =
      gauge(registry, "authledger_notices_held", "Notices that wait for an operator's release").Add({});
  Gauge& notices_undeliverable =
      gauge(registry, "authledger_notices_undeliverable", "Notices that no channel takes").Add({});
  Counter& entries = counter(registry, "authledger_journal_entries_total", "Journal entries posted").Add({});
  Family<Counter>& requests =
      counter(registry, "authledger_fhir_requests_total", "HTTP requests to endpoints, retries included");

  std::atomic<bool> is_database_ok = false;
  std::atomic<bool> had_round = false;
};

ServerHealth::ServerHealth() : state_(std::make_unique<State>()) {}
ServerHealth::~ServerHealth() = default;

void ServerHealth::set_database_ok(bool ok) {
  state_->is_database_ok = ok;
  state_->database_up.Set(ok ? 1 : 0);
}

void ServerHealth::set_last_round(int64_t unix_seconds, bool ok, double seconds) {
  state_->last_round.Set(static_cast<double>(unix_seconds));
  if (ok) state_->last_good_round.Set(static_cast<double>(unix_seconds));
  state_->round_seconds.Set(seconds);
  increment(state_->rounds, "outcome", ok ? "complete" : "incomplete", 1);
  state_->had_round = true;
}

void ServerHealth::set_feed_age(const std::string& feed, double seconds) {
  state_->feed_age.Add({{"feed", feed}}).Set(seconds);
}

void ServerHealth::set_subjects(int64_t total, int64_t due, int64_t parked) {
  state_->subjects.Set(static_cast<double>(total));
  state_->subjects_due.Set(static_cast<double>(due));
  state_->subjects_parked.Set(static_cast<double>(parked));
}

void ServerHealth::add_pulled(const std::string& resource_type, int64_t count) {
  increment(state_->pulled, "resource_type", resource_type, count);
}
void ServerHealth::add_facts(const std::string& outcome, int64_t count) {
  increment(state_->facts, "outcome", outcome, count);
}
void ServerHealth::add_notices(const std::string& outcome, int64_t count) {
  increment(state_->notices, "outcome", outcome, count);
}
void ServerHealth::set_notices_held(int64_t count) {
  state_->notices_held.Set(static_cast<double>(count));
}

void ServerHealth::set_notices_undeliverable(int64_t count) {
  state_->notices_undeliverable.Set(static_cast<double>(count));
}
void ServerHealth::add_entries(int64_t count) {
  if (count > 0) state_->entries.Increment(static_cast<double>(count));
}
void ServerHealth::add_requests(const std::string& endpoint, int64_t count) {
  increment(state_->requests, "endpoint", endpoint, count);
}

// An EHR that is down does not make authledger unready: it answers from the ledger, and the feed ages tell.
bool ServerHealth::is_ready(std::string& why_not) const {
  why_not.clear();
  if (!state_->is_database_ok)
    why_not = "the database does not answer";
  else if (!state_->had_round)
    why_not = "the first round has not ended yet";
  return why_not.empty();
}

std::string ServerHealth::prometheus_text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

void add_health_routes(HttpServer& server, ServerHealth& state) {
  server.route("GET", "/health/live", [](const ServerRequest&) {
    return ServerResponse{200, "application/json", R"({"status":"live"})"};
  });
  server.route("GET", "/health/ready", [&state](const ServerRequest&) {
    std::string why_not;
    const bool is_ready = state.is_ready(why_not);
    JsonWriter writer;
    writer.begin_object().member("status", is_ready ? "ready" : "not_ready");
    if (!is_ready) writer.key("reasons").begin_array().string(why_not).end_array();
    writer.end_object();
    return ServerResponse{is_ready ? 200 : 503, "application/json", writer.take()};
  });
  server.route("GET", "/metrics", [&state](const ServerRequest&) {
    return ServerResponse{200, "text/plain; version=0.0.4; charset=utf-8", state.prometheus_text()};
  });
}

}  // namespace authledger
