#include "sync/round.h"

#include <fmt/format.h>

#include <chrono>

#include "base/json.h"
#include "base/log.h"
#include "ledger/store/subject_join.h"
#include "sync/deliver.h"
#include "sync/endpoint_identity.h"
#include "sync/pull.h"
#include "sync/reconcile.h"
#include "sync/recovery.h"
#include "sync/seal.h"

namespace authledger {

Day RoundContext::today() const {
  return options.on_day ? *options.on_day : session.policy().zone.day_of(clock.now());
}

Result<std::unique_ptr<FhirClient>> RoundContext::open_client(const EndpointConfig& endpoint) const {
  const std::string& folder = session.config().folder;
  if (!open_http) return open_fhir_client(endpoint, folder, clock, stop, &session.shared_access());
  return open_fhir_client(endpoint, folder, clock, stop, &session.shared_access(), open_http(endpoint));
}

void join_patients(RoundContext& context) {
  const JoinCounts counts =
      join_subjects(context.session.connection(), context.session.tenant_id(), context.clock.now());
  if (counts.joined + counts.parted == 0) return;
  log_info("patients_joined",
           {{"joined", counts.joined}, {"parted", counts.parted}, {"moved_facts", counts.moved_facts}});
}

RoundSummary run_round(RoundContext& context) {
  auto started = std::chrono::steady_clock::now();
  RoundSummary summary;
  if (context.options.pull || context.options.deliver) {
    if (std::string refusal = check_endpoints(context.session, context.clock.now()); !refusal.empty()) {
      summary.failures.push_back(std::move(refusal));
      summary.is_misconfigured = true;
      return summary;
    }
  }
  const std::optional<LostCommits> lost = find_lost_commits(context);
  if (lost && context.options.woken_only) {
    summary.failures.emplace_back("the database lacks commits: the next full round looks for what was lost");
    return summary;
  }
  if (context.options.pull) pull_endpoints(context, summary);
  if (!context.stop.stop_requested()) join_patients(context);
  if (!context.stop.stop_requested()) reconcile_due(context, summary);
  const bool delivers = context.options.deliver && !context.stop.stop_requested();
  // Until a round has looked for what was lost, the anchor keeps saying that something was.
  const bool is_recovered = !lost || (delivers && recover_notices(context, *lost, summary));
  if (delivers) deliver_due(context, summary);
  if (!context.stop.stop_requested()) {
    seal_tenant(context);
    if (is_recovered) remember_last_seal(context);
  }
  const RulesInForce& rules = context.session.rules();
  if (rules.waiting) {
    summary.waiting_rules = {rules.waiting->rule_version, rules.rule_version, rules.waiting->canary_percent};
  }
  summary.is_stopped = context.stop.stop_requested();
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  log_info("round_finished", {{"entries", summary.entries},
                              {"subjects", summary.subjects},
                              {"created", summary.notices.created},
                              {"updated", summary.notices.updated},
                              {"retired", summary.notices.retired},
                              {"failures", summary.failures.size()},
                              {"seconds", fmt::format("{:.2f}", summary.seconds)}});
  return summary;
}

void write_certificate(JsonWriter& writer, const FeedCertificate& certificate) {
  const auto optional_number = [&](std::string_view name, std::optional<int64_t> value) {
    writer.key(name);
    value ? writer.number(*value) : writer.null();
  };
  const auto optional_instant = [&](std::string_view name, std::optional<Instant> value) {
    writer.key(name);
    value ? writer.string(format_instant(*value)) : writer.null();
  };
  writer.begin_object().member("endpoint", certificate.source).member("resource_type", certificate.resource_type);
  writer.member("strategy", certificate.strategy).key("complete").boolean(certificate.is_complete);
  writer.key("pages").number(certificate.pages).key("read").number(certificate.read);
  writer.key("new").number(certificate.added).key("changed").number(certificate.changed);
  writer.key("unchanged").number(certificate.unchanged).key("quarantined").number(certificate.quarantined);
  writer.key("deleted").number(certificate.deleted);
  optional_number("stated_total", certificate.stated_total);
  writer.member("pages_hash", to_hex(certificate.pages_hash));
  optional_instant("from", certificate.from_at);
  optional_instant("to", certificate.to_at);
  optional_number("patients_read", certificate.patients_read);
  optional_number("patients_known", certificate.patients_known);
  optional_number("patients_withheld", certificate.patients_withheld);
  optional_number("patients_failed", certificate.patients_failed);
  optional_instant("oldest_read", certificate.oldest_read_at);
  writer.key("sees_deletions");
  certificate.sees_deletions ? writer.boolean(*certificate.sees_deletions) : writer.null();
  optional_instant("started", certificate.started_at);
  optional_instant("ended", certificate.ended_at);
  writer.key("gaps").begin_array();
  for (const std::string& gap : certificate.gaps) writer.string(gap);
  writer.end_array().end_object();
}

std::string summary_json(const RoundSummary& summary) {
  JsonWriter writer;
  writer.begin_object().key("pulled").begin_object();
  for (const auto& [type, count] : summary.pulled) writer.key(type).number(count);
  writer.end_object().key("facts").begin_object();
  writer.key("new").number(summary.facts.new_facts).key("unchanged").number(summary.facts.unchanged);
  writer.key("retracted").number(summary.facts.retracted).key("quarantined").number(summary.facts.quarantined);
  writer.end_object().key("subjects").number(summary.subjects).key("entries").number(summary.entries);
  writer.key("notices").begin_object();
  writer.key("created").number(summary.notices.created).key("updated").number(summary.notices.updated);
  writer.key("retired").number(summary.notices.retired).key("unchanged").number(summary.notices.unchanged);
  writer.key("parked").number(summary.notices.parked).key("held").number(summary.notices.held);
  writer.key("undeliverable").number(summary.notices.undeliverable);
  writer.end_object().key("feeds").begin_array();
  for (const FeedCertificate& certificate : summary.feeds) write_certificate(writer, certificate);
  writer.end_array().key("requests").number(summary.requests);
  writer.key("seconds").number_text(fmt::format("{:.3f}", summary.seconds));
  if (!summary.divergence.empty()) writer.member("divergence", summary.divergence);
  if (summary.waiting_rules) {
    writer.key("waiting_rules").begin_object().key("rule_version").number(summary.waiting_rules->rule_version);
    writer.key("deciding").number(summary.waiting_rules->deciding);
    writer.key("canary_percent").number(summary.waiting_rules->canary_percent).end_object();
  }
  if (!summary.failures.empty()) {
    writer.key("failures").begin_array();
    for (const std::string& failure : summary.failures) writer.string(failure);
    writer.end_array();
  }
  return writer.end_object().take();
}

}  // namespace authledger
