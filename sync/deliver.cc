#include "sync/deliver.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/crypto.h"
#include "base/log.h"
#include "ledger/store/subject_store.h"
#include "sync/deliver_notice.h"
#include "sync/worklist.h"

namespace authledger {
namespace {

constexpr int kNoticesPerLeaseMax = 50;
constexpr int kNoticesPerReadMax = 10'000;
constexpr std::chrono::seconds kLastLookAfter = std::chrono::hours(1);
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

void count_result(const StoredNotice& notice, const DeliveryResult& result, NoticeCounts& counts) {
  if (result.park) {
    ++counts.parked;
    return;
  }
  const bool has_no_road = !result.undeliverable_reason.empty() && !result.is_information;
  const bool is_unconfirmed = result.remote_id == kUnconfirmed;
  if (is_unconfirmed || (has_no_road && notice.undeliverable_reason.empty())) ++counts.newly_undeliverable;
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

// The patient of each notice at the endpoint, by every reference: the best one first, none when not known there.
using PatientReferences = std::vector<std::string>;
std::vector<PatientReferences> patients_of(PgConnection& connection, int64_t tenant_id,
                                           const std::vector<StoredNotice>& notices, const std::string& source) {
  std::vector<int64_t> ids;
  for (const StoredNotice& notice : notices) ids.push_back(notice.subject_id);
  std::vector<PatientReferences> patients;
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

class DeliveryRound {
 public:
  DeliveryRound(RoundContext& context, const EndpointConfig& endpoint, RoundSummary& summary)
      : context_(context),
        endpoint_(endpoint),
        summary_(summary),
        delivery_(context.session.config().delivery),
        connection_(context.session.connection()),
        tenant_id_(context.session.tenant_id()) {}

  void run() {
    const int64_t written_before = summary_.notices.created + summary_.notices.updated + summary_.notices.parked;
    if (has_notices_outside_ehr(connection_, tenant_id_) && ask_what_is_offered()) plan_roads_again();
    const int64_t pending = count_pending();
    summary_.notices.held = count_held_notices(connection_, tenant_id_);
    if (pending > 0) {
      if (ask_what_is_offered()) {
        deliver(pending, std::nullopt);
      } else if (client_) {
        deliver_to_worklist();
      }
    }
    const int64_t written =
        summary_.notices.created + summary_.notices.updated + summary_.notices.parked - written_before;
    const OpenNotices open = count_open_notices(connection_, tenant_id_);
    summary_.notices.undeliverable = open.undeliverable;
    summary_.notices.unchanged =
        std::max<int64_t>(0, open.wanted - written - summary_.notices.held - open.undeliverable);
    if (client_) summary_.requests += static_cast<int64_t>(client_->requests());
    if (delivery_.worklist_file.empty()) return;
    const Outcome listed = write_worklist(connection_, tenant_id_, delivery_);
    if (!listed) summary_.failures.push_back("worklist: " + listed.error().message);
  }

 private:
  // What stands in no chart goes there once another plan has a channel for it; what it finds alike is only noted.
  void plan_roads_again() {
    const Hash road_hash = road_hash_of(endpoint_, delivery_, *capability_);
    std::vector<StoredNotice> notices;
    transact(connection_, tenant_id_,
             [&](Transaction& transaction) { notices = read_decided_otherwise(transaction, road_hash); });
    const std::vector<PatientReferences> patients = patients_of(connection_, tenant_id_, notices, endpoint_.name);
    std::vector<Road> roads;
    for (size_t i = 0; i < notices.size(); ++i) {
      const ChannelRequest request = request_of(notices[i], render_context(notices[i], patients[i], {}));
      const ChannelPlan plan = plan_channel(request, endpoint_, delivery_, *capability_);
      const bool is_open = plan.place.channel != notices[i].channel;
      const std::string reason = plan.place.channel.empty() ? plan.reason : "";
      const bool is_known = request.is_patient_known;
      if (!is_known && !is_open && reason == notices[i].undeliverable_reason) continue;
      roads.push_back({notices[i].record.notice_key, reason, is_open, is_known});
    }
    transact(connection_, tenant_id_,
             [&](Transaction& transaction) { save_roads(transaction, roads, road_hash, context_.clock.now()); });
  }

  // What was written last is not known where another worker, or a database that went back, may have written since.
  RenderContext render_context(const StoredNotice& notice, const PatientReferences& patient, Instant now) const {
    return {.identifier_system = delivery_.identifier_system,
            .owner = delivery_.owner,
            .patient = patient.empty() ? "" : patient.front(),
            .authored_at = notice.create_begun_at.value_or(now),
            .source = endpoint_.name,
            .recipient = delivery_.recipient,
            .recipient_types = endpoint_.writes.recipient_types,
            .same_patient = patient,
            .written = notice.looks_due > 0 ? WrittenMembers(notice.written_members).as_uncertain()
                                            : WrittenMembers(notice.written_members)};
  }

  // Whether what is due of it is written into the EHR, or may be: not what has no road there, nor what goes to the
  // worklist.
  bool goes_into_ehr(const StoredNotice& notice, const PatientReferences& patient) const {
    if (notice.channel == kWorklist && !notice.desired) return false;
    if (notice.looks_due > 0) return true;
    if (!is_placed_anew(notice)) return notice.state != NoticeState::current && notice.state != NoticeState::sent;
    const ChannelRequest request = request_of(notice, render_context(notice, patient, {}));
    if (!capability_) return needs_endpoint(request, delivery_);
    const ChannelPlan plan = plan_channel(request, endpoint_, delivery_, *capability_);
    return !plan.place.channel.empty() && plan.place.channel != kWorklist;
  }

  // A look at what stands as it should, or stands nowhere any more, is a search; what is parked was counted when it was
  // tried first, and is mostly refused again.
  static bool fills_no_chart(const StoredNotice& notice) {
    const NoticeState state = state_of(notice);
    if (state == NoticeState::parked) return true;
    return notice.looks_due > 0 &&
           (state == NoticeState::current || state == NoticeState::sent || state == NoticeState::unconfirmed ||
            state == NoticeState::closed_by_person || state == NoticeState::retired);
  }

  std::vector<std::string> pending_outside_ehr() {
    return pending_keys([this](const StoredNotice& notice, const PatientReferences& patient) {
      return !goes_into_ehr(notice, patient);
    });
  }

  std::vector<std::string> pending_without_write() {
    return pending_keys([this](const StoredNotice& notice, const PatientReferences& patient) {
      return fills_no_chart(notice) || !goes_into_ehr(notice, patient);
    });
  }

  std::vector<std::string> pending_keys(
      const std::function<bool(const StoredNotice&, const PatientReferences&)>& is_wanted) {
    std::vector<std::string> keys;
    std::string after;
    for (;;) {
      const std::vector<StoredNotice> notices =
          read_pending(connection_, tenant_id_, context_.clock.now(), after, kNoticesPerReadMax);
      if (notices.empty()) return keys;
      after = notices.back().record.notice_key;
      const std::vector<PatientReferences> patients = patients_of(connection_, tenant_id_, notices, endpoint_.name);
      for (size_t i = 0; i < notices.size(); ++i) {
        if (is_wanted(notices[i], patients[i])) keys.push_back(notices[i].record.notice_key);
      }
    }
  }

  // What a run would work off now, after the blast-radius limits. These count what would be written into the EHR; which
  // that is, is looked at only when all together would be too much.
  int64_t count_pending() {
    const Instant now = context_.clock.now();
    PendingWrites pending = count_pending_writes(connection_, tenant_id_, now);
    std::string why;
    const bool may_be_beyond = !context_.options.only_released && is_beyond_blast_radius(pending, delivery_, why);
    if (!may_be_beyond || !ask_what_is_offered()) return pending.notices;
    const std::vector<std::string> without_write = pending_without_write();
    if (is_beyond_blast_radius(count_pending_writes(connection_, tenant_id_, now, without_write), delivery_, why)) {
      pending.notices -= hold_pending(connection_, tenant_id_, now, why, without_write);
      summary_.failures.push_back("deliveries are held: " + why +
                                  "; look at `authledger notices`, then run `authledger notices --release`, or mend "
                                  "the rule (docs/operations.md, \"Changing a rule safely\")");
    }
    return pending.notices;
  }

  // Once a round; false when the endpoint could not be asked, which the summary says.
  bool ask_what_is_offered() {
    if (is_asked_) return capability_.has_value();
    is_asked_ = true;
    auto client = context_.open_client(endpoint_);
    if (!client) {
      summary_.failures.push_back(fmt::format("{}: {}", endpoint_.name, client.error().message));
      return false;
    }
    client_ = std::move(*client);
    const auto statement = client_->capability_statement();
    if (!statement) {
      summary_.failures.push_back(fmt::format("{}: metadata: {}", endpoint_.name, statement.error().message));
      return false;
    }
    JsonDocument document;
    const auto root = document.parse(*statement);
    capability_ = root ? read_capability(*root) : Capability{};
    return true;
  }

  // The worklist needs nothing of an endpoint that says nothing of itself.
  void deliver_to_worklist() {
    const std::vector<std::string> keys = pending_outside_ehr();
    if (!keys.empty()) deliver(static_cast<int64_t>(keys.size()), keys);
  }

  void deliver(int64_t pending, const std::optional<std::vector<std::string>>& only_keys) {
    const std::string token = random_hex(16);
    bool is_paused = false;
    while (!context_.stop.stop_requested() && !is_paused && !is_shut_out_) {
      const std::vector<StoredNotice> notices =
          lease_due_notices(connection_, tenant_id_, context_.clock.now(), delivery_.lease, kNoticesPerLeaseMax, token,
                            context_.options.only_released, only_keys);
      if (notices.empty()) break;
      const std::vector<PatientReferences> patients = patients_of(connection_, tenant_id_, notices, endpoint_.name);
      for (size_t i = 0; i < notices.size(); ++i) {
        if (!is_leased_long_enough(notices[i], token)) {
          release_notices(connection_, tenant_id_, token, context_.clock.now());
          break;
        }
        // An endpoint that gives no service is no fault of a notice: the rest is not tried, and none is parked for it.
        const bool may_ask = capability_.has_value();
        if ((is_paused = may_ask && client_->is_paused()) || is_shut_out_) break;
        if (!may_ask && goes_into_ehr(notices[i], patients[i])) continue;  // Another worker placed it meanwhile.
        if (!deliver_one(notices[i], patients[i], token)) continue;
        ++done_;
        context_.progress(fmt::format("deliver: {} of {} notices", done_, std::max(done_, pending)));
        if (context_.stop.stop_requested()) break;
      }
    }
    if (context_.stop.stop_requested() || is_paused || is_shut_out_ || !capability_) {
      release_notices(connection_, tenant_id_, token, context_.clock.now());
    }
    if (is_paused) {
      summary_.failures.push_back(fmt::format("{}: gives no service now; asked again later", endpoint_.name));
    }
    if (failed_ > 0) {
      summary_.failures.push_back(
          fmt::format("{} deliveries failed and will be tried again, the last because of {}", failed_, last_failure_));
    }
  }

  // Whether a write that is sent now is over before the lease is.
  bool is_leased_long_enough(const StoredNotice& notice, const std::string& token) {
    const auto margin = std::min<std::chrono::seconds>(endpoint_.request_timeout, delivery_.lease / 2);
    return holds_lease(connection_, tenant_id_, notice.record.notice_key, token, margin);
  }

  // The next look follows when another worker's lease has ended; the last one also for what an EHR is slow to show.
  std::chrono::seconds look_distance(const StoredNotice& notice, const DeliveryResult& result) const {
    const bool is_last = notice.looks_due - (result.has_looked ? 1 : 0) + result.wants_looks <= 1;
    return is_last ? std::max(delivery_.lease, kLastLookAfter) : delivery_.lease;
  }

  // False when another worker has it now.
  bool deliver_one(const StoredNotice& notice, const PatientReferences& patient, const std::string& token) {
    static const Capability kUnknown;
    DeliveryContext delivery{*client_,
                             endpoint_,
                             capability_ ? *capability_ : kUnknown,
                             delivery_,
                             render_context(notice, patient, context_.clock.now()),
                             context_.clock,
                             [&](const NoticePlace& place, bool is_blind) {
                               return mark_create_begun(connection_, tenant_id_, notice.record.notice_key, token, place,
                                                        is_blind, context_.clock.now());
                             },
                             [&] { return is_leased_long_enough(notice, token); }};
    DeliveryResult result = deliver_notice(notice, delivery);
    result.look_again_at = context_.clock.now() + look_distance(notice, result);
    if (!save_or_leave(context_, result, token)) return false;
    count_result(notice, result, summary_.notices);
    if (!result.failure.empty() && !result.park) {
      log_warning("delivery_failed", {{"type", result.channel}, {"cause", result.failure}});
      ++failed_;
      last_failure_ = result.failure;
      is_shut_out_ = result.ends_round;
    }
    return true;
  }

  RoundContext& context_;
  const EndpointConfig& endpoint_;
  RoundSummary& summary_;
  const DeliveryConfig& delivery_;
  PgConnection& connection_;
  int64_t tenant_id_;
  bool is_asked_ = false;
  std::unique_ptr<FhirClient> client_;
  std::optional<Capability> capability_;
  int64_t done_ = 0, failed_ = 0;
  std::string last_failure_;
  bool is_shut_out_ = false;
};

}  // namespace

const EndpointConfig* delivering_endpoint(const Config& config) {
  const EndpointConfig* endpoint = config.endpoint(config.delivery.endpoint);
  const bool delivers = endpoint != nullptr && !endpoint->base_url.empty() && endpoint->deliver;
  return config.delivery.enabled && delivers ? endpoint : nullptr;
}

void deliver_due(RoundContext& context, RoundSummary& summary) {
  const EndpointConfig* endpoint = delivering_endpoint(context.session.config());
  if (endpoint == nullptr) return;
  if (!context.options.endpoint.empty() && context.options.endpoint != endpoint->name) return;
  DeliveryRound(context, *endpoint, summary).run();
}

}  // namespace authledger
