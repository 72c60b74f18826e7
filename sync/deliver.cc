#include "sync/deliver.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/log.h"
#include "ledger/store/subject_store.h"
#include "sync/deliver_notice.h"

namespace authledger {
namespace {

constexpr int kNoticesPerLeaseMax = 50;
// Below this many patients a share says little.
constexpr int64_t kPatientsForShareMin = 50;

// FAULTS 80: a wrong rule must not fill a hospital's charts.
bool is_beyond_blast_radius(const PendingWrites& pending, const DeliveryConfig& limits, std::string& why) {
  if (pending.unreleased > limits.writes_per_run_max) {
    why = fmt::format("{} writes are pending, the limit is {} (delivery.writes_per_run_max)", pending.unreleased,
                      limits.writes_per_run_max);
    return true;
  }
  // The first delivery to an EHR naturally reaches nearly everyone.
  if (pending.subjects_total < kPatientsForShareMin || pending.delivered == 0) return false;
  double share = static_cast<double>(pending.subjects) / static_cast<double>(pending.subjects_total);
  if (share <= limits.patients_share_max) return false;
  why = fmt::format("{} of {} patients would get a write, the limit is {:.0f} % (delivery.patients_share_max)",
                    pending.subjects, pending.subjects_total, limits.patients_share_max * 100);
  return true;
}

void count_result(const DeliveryResult& result, NoticeCounts& counts) {
  if (result.park) {
    ++counts.parked;
    return;
  }
  switch (result.action) {
    case DeliveryAction::create:
      ++counts.created;
      return;
    case DeliveryAction::update:
      ++counts.updated;
      return;
    case DeliveryAction::retire:
      ++counts.retired;
      return;
    case DeliveryAction::adopt:
    case DeliveryAction::none:
    case DeliveryAction::failed:
    case DeliveryAction::closed_by_person:
      return;
  }
}

std::vector<std::string> patients_of(PgConnection& connection, int64_t tenant_id,
                                     const std::vector<StoredNotice>& notices, const std::string& source) {
  std::vector<int64_t> ids;
  for (const StoredNotice& notice : notices) ids.push_back(notice.subject_id);
  std::vector<std::string> patients;
  transact(connection, tenant_id, [&](Transaction& transaction) { patients = read_aliases(transaction, ids, source); });
  return patients;
}

// False when the lease went to another worker: that one decides what becomes of the notice; the write is in the log.
bool save_or_leave(RoundContext& context, const DeliveryResult& result, const std::string& token) {
  try {
    save_delivery(context.session.connection(), context.session.tenant_id(), result, token, context.clock.now());
    return true;
  } catch (const DbError& error) {
    if (error.sqlstate() != kLeaseLost) throw;
    log_warning("delivery_lease_lost", {{"type", result.channel}, {"action", std::string(word_of(result.action))}});
    return false;
  }
}

}  // namespace

const EndpointConfig* delivering_endpoint(const Config& config) {
  const EndpointConfig* endpoint = config.endpoint(config.delivery.endpoint);
  const bool delivers = endpoint != nullptr && !endpoint->base_url.empty() && endpoint->deliver;
  return config.delivery.enabled && delivers ? endpoint : nullptr;
}

void deliver_due(RoundContext& context, RoundSummary& summary) {
  const Config& config = context.session.config();
  PgConnection& connection = context.session.connection();
  const int64_t tenant_id = context.session.tenant_id();
  const EndpointConfig* endpoint = delivering_endpoint(config);
  if (endpoint == nullptr) return;
  if (!context.options.endpoint.empty() && context.options.endpoint != endpoint->name) return;

  const int64_t open_before = count_open_notices(connection, tenant_id);
  PendingWrites pending = count_pending_writes(connection, tenant_id, context.clock.now());
  std::string why;
  if (!context.options.only_released && pending.unreleased > 0 &&
      is_beyond_blast_radius(pending, config.delivery, why)) {
    pending.notices -= hold_pending(connection, tenant_id, context.clock.now(), why);
    summary.failures.push_back("deliveries are held: " + why +
                               "; look at `authledger notices`, then run `authledger notices --release`, or mend the "
                               "rule (docs/operations.md, \"Changing a rule safely\")");
  }
  summary.notices.held = count_held_notices(connection, tenant_id);
  if (pending.notices == 0) {
    summary.notices.unchanged = std::max<int64_t>(0, open_before - summary.notices.held);
    return;
  }

  auto client = context.open_client(*endpoint);
  if (!client) {
    summary.failures.push_back(fmt::format("{}: {}", endpoint->name, client.error().message));
    return;
  }
  auto statement = (*client)->capability_statement();
  if (!statement) {
    summary.failures.push_back(fmt::format("{}: metadata: {}", endpoint->name, statement.error().message));
    summary.requests += static_cast<int64_t>((*client)->requests());
    return;
  }
  JsonDocument document;
  auto root = document.parse(*statement);
  Capability capability = root ? read_capability(*root) : Capability{};

  const std::string token = random_hex(16);
  int64_t done = 0, failed = 0;
  bool is_paused = false;
  while (!context.stop.stop_requested() && !is_paused) {
    const Instant lease_end = context.clock.now() + config.delivery.lease;
    std::vector<StoredNotice> notices =
        lease_due_notices(connection, tenant_id, context.clock.now(), config.delivery.lease, kNoticesPerLeaseMax, token,
                          context.options.only_released);
    if (notices.empty()) break;
    std::vector<std::string> patients = patients_of(connection, tenant_id, notices, endpoint->name);
    for (size_t i = 0; i < notices.size(); ++i) {
      Instant now = context.clock.now();
      if (now >= lease_end) break;  // Whoever leases the rest next delivers it.
      // An endpoint that gives no service is no fault of a notice: the rest is not tried, and nothing is parked for it.
      if ((is_paused = (*client)->is_paused())) break;
      DeliveryContext delivery{
          **client,
          capability,
          config.delivery,
          {config.delivery.identifier_system, config.delivery.owner, patients[i],
           notices[i].create_begun_at.value_or(now), notices[i].delivered_owner, endpoint->name},
          now,
          [&] { return mark_create_begun(connection, tenant_id, notices[i].record.notice_key, token, now); },
          [&] { return context.clock.now() < lease_end; }};
      DeliveryResult result = deliver_notice(notices[i], delivery);
      result.look_again_at = now + config.delivery.lease;
      if (!save_or_leave(context, result, token)) continue;
      count_result(result, summary.notices);
      if (!result.failure.empty() && !result.park) {
        log_warning("delivery_failed", {{"type", result.channel}, {"cause", result.failure}});
        ++failed;
      }
      context.progress(fmt::format("deliver: {} of {} notices", ++done, std::max(done, pending.notices)));
      if (context.stop.stop_requested()) break;
    }
  }
  if (context.stop.stop_requested() || is_paused) {
    release_notices(connection, tenant_id, token, context.clock.now());
  }
  if (is_paused) summary.failures.push_back(fmt::format("{}: gives no service now; asked again later", endpoint->name));
  if (failed > 0) summary.failures.push_back(fmt::format("{} deliveries failed and will be tried again", failed));
  summary.notices.unchanged =
      std::max<int64_t>(0, count_open_notices(connection, tenant_id) - summary.notices.created -
                               summary.notices.updated - summary.notices.parked - summary.notices.held);
  summary.requests += static_cast<int64_t>((*client)->requests());
}

}  // namespace authledger
