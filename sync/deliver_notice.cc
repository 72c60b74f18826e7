#include "sync/deliver_notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "sync/artefact.h"
#include "sync/endpoint_error.h"

namespace authledger {
namespace {

constexpr const char* kMayStand =
    "a create was not answered, and the endpoint does not search by identifier: it may stand there; it is not sent "
    "again";

// After such an answer nobody knows whether a create was done.
bool is_unknown(FhirErrorKind kind) {
  return kind == FhirErrorKind::outcome_unknown || kind == FhirErrorKind::server_error ||
         kind == FhirErrorKind::bad_answer;
}

// 503 says that the server could not handle the request; 502 and 504 that nobody knows.
constexpr int kGone = 410, kUnavailable = 503;

// Doubling from ten seconds to about twenty minutes.
std::chrono::seconds back_off_after(int attempts) {
  return std::chrono::seconds(10) * (1 << std::min(attempts, 7));
}

class NoticeDelivery {
 public:
  NoticeDelivery(const StoredNotice& notice, DeliveryContext& context) : notice_(notice), context_(context) {
    result_.notice_key = notice.record.notice_key;
    result_.rule_version = notice.rule_version;
  }

  DeliveryResult run() {
    stand_at({notice_.channel, notice_.is_message});
    if (notice_.looks_due > 0 && is_kept_in_ehr() && offer_.search) {
      look();
    } else {
      step();
      result_.has_looked = notice_.looks_due > 0 && result_.failure.empty();
    }
    return std::move(result_);
  }

 private:
  void stand_at(const NoticePlace& place) {
    place_ = place;
    offer_ = offer_of(place.channel, context_.capability);
    result_.channel = place.channel;
  }

  // A turn may take minutes: what is put off is counted from when it is.
  Instant now() const { return context_.clock.now(); }

  bool is_on_worklist() const { return place_.channel == kWorklist; }
  bool is_kept_in_ehr() const { return !place_.channel.empty() && !is_on_worklist() && !place_.is_message; }

  std::string identifier() const {
    return identifier_value_of(place_, notice_.record.notice_key, notice_.record.severity);
  }
  NoticeArtefacts artefacts() const {
    return {context_.client, context_.endpoint, context_.config.identifier_system, place_, identifier()};
  }

  void step() {
    if (is_placed_anew(notice_)) return place_anew();
    const NoticeState state = state_of(notice_);
    if (is_on_worklist()) return leave_worklist(state);
    switch (state) {
      case NoticeState::creating:
        return adopt_or_create();
      case NoticeState::stale:
        return update(2);
      case NoticeState::orphaned:
        return retire_if_found();
      case NoticeState::retiring:
        return retire(notice_.remote_id, 2);
      case NoticeState::wanted:
      case NoticeState::undeliverable:
      case NoticeState::current:
      case NoticeState::sent:
      case NoticeState::unconfirmed:
      case NoticeState::closed_by_person:
      case NoticeState::held:
      case NoticeState::parked:
      case NoticeState::retired:
        return;
    }
  }

  // The file is written from what is stored: a row comes and goes with the place.
  void leave_worklist(NoticeState state) {
    result_.is_retired = true;
    if (state == NoticeState::retiring) result_.action = DeliveryAction::retire;
  }

  // By the best channel that there is now; nothing of the notice stands in the EHR that could be kept true.
  void place_anew() {
    const ChannelPlan plan =
        plan_channel(request_of(notice_, context_.render), context_.endpoint, context_.config, context_.capability);
    const bool is_in_ehr = !plan.place.channel.empty() && plan.place.channel != kWorklist;
    const bool is_lasting = !is_in_ehr && !context_.render.patient.empty();
    if (is_lasting) result_.road_hash = road_hash_of(context_.endpoint, context_.config, context_.capability);
    if (plan.place.channel.empty()) {
      result_.create_is_void = true;  // One that was begun was looked for, and is not there.
      result_.channel.clear();
      result_.undeliverable_reason = plan.reason;
      result_.is_information = plan.is_information;
      return;
    }
    const bool was_on_worklist = is_on_worklist();
    stand_at(plan.place);
    if (is_in_ehr) return notice_.looks_due > 0 && offer_.search ? look_before_create() : create();
    const bool is_same = was_on_worklist && notice_.delivered_hash == notice_.record.desired_hash;
    finish(is_same           ? DeliveryAction::none
           : was_on_worklist ? DeliveryAction::update
                             : DeliveryAction::create,
           notice_.record.notice_key, "");
  }

  // A database that went back may have forgotten that it stands there.
  void look_before_create() {
    auto found = artefacts().find();
    if (!found) return fail(found.error());
    if (found->empty()) return create();
    if (mark_create_begun()) return adopt(*found);
    result_.retry_at = now();
  }

  // A worker that stood still for longer than its lease may have written beside another one, or after it: everything
  // with our identifier is searched for and brought to one. FAULTS 7.
  void look() {
    auto found = artefacts().find();
    if (!found) return fail(found.error());
    // The one that is known decides, also when a person closed it and another one shows late.
    std::stable_partition(found->begin(), found->end(),
                          [&](const Artefact& each) { return each.id == notice_.remote_id; });
    const bool is_one = retire_duplicates(*found);
    const NoticeState state = state_of(notice_);
    const bool is_over = state == NoticeState::closed_by_person || state == NoticeState::retired;
    if (found->empty() && is_over) {
      result_.is_retired = true;
    } else if (found->empty()) {
      look_by_id(state);
    } else if (is_over || !notice_.desired) {
      retire(found->front().id, 2);
    } else {
      open_and_write(found->front());
    }
    result_.has_looked = is_one && result_.failure.empty();
  }

  // The search shows nothing, yet or any more.
  void look_by_id(NoticeState state) {
    if (state == NoticeState::current) return update(2);
    step();
  }

  // Whether a search can find it later is known now: a CapabilityStatement may be poor for a moment.
  bool mark_create_begun() { return context_.mark_create_begun(place_, !offer_.search); }

  void create() {
    if (!mark_create_begun()) {
      // The lease has ended, or the cause.
      return leave();
    }
    const IdempotencyKey key{context_.endpoint.writes.idempotency_header, idempotency_key_of(place_, identifier())};
    auto made = context_.client.create(place_.channel,
                                       render_new(place_, *notice_.desired, notice_.record.notice_key, context_.render),
                                       offer_.conditional_create ? artefacts().query() : "", key, context_.holds_lease);
    if (!made) return create_failed(made.error());
    finish(made->created ? DeliveryAction::create : DeliveryAction::adopt, made->id, made->etag);
    if (place_.is_message) return;
    if (made->created) {
      with_shown(*made, [&](JsonView shown) {
        return written_new(*notice_.desired, notice_.record.notice_key, context_.render, shown);
      });
      return;
    }
    result_.delivered_hash = {};  // It may hold an older text: compare at the next turn.
    result_.retry_at = now();
  }

  // What of it is ours from now on, by how the EHR shows what was written; not known where it shows nothing.
  template <typename Written>
  void with_shown(const Versioned& answer, const Written& written) {
    auto shown = answer.body.empty() ? artefacts().read(answer.id) : artefacts().open(answer);
    if (shown) result_.written_members = written(shown->root).text();
  }

  void create_failed(const FhirError& error) {
    if (!offer_.search) {
      const bool is_unanswered =
          error.status != kUnavailable && (is_unknown(error.kind) || error.kind == FhirErrorKind::conflict);
      if (is_unanswered) return leave_unconfirmed(error.message);
      result_.create_is_void = true;
      return fail(error);
    }
    if (error.kind == FhirErrorKind::conflict) {  // It stands there, perhaps more than once: heal that.
      auto found = artefacts().find();
      if (found && !found->empty()) return adopt(*found);
    }
    fail(error);
    // Nobody knows whether the EHR has it: search by identifier, once its search can be trusted to show it.
    if (is_unknown(error.kind)) result_.create_ended_at = now();
    result_.retry_at = now() + context_.config.visibility_window +
                       (notice_.attempts > 0 ? back_off_after(notice_.attempts - 1) : std::chrono::seconds(0));
  }

  // An unanswered create that no search can find is made at most once: a person has to look whether it arrived.
  void leave_unconfirmed(const std::string& cause) {
    if (place_.is_message) {
      finish(DeliveryAction::adopt, std::string(kUnconfirmed), "");
      log_warning("message_unconfirmed", {{"type", place_.channel}, {"cause", cause}});
      return;
    }
    park(kMayStand);
  }

  // A create that no search could ever find is not sent again. Else the endpoint offered the search when it was sent:
  // it says less of itself for a while.
  void wait_for_search() {
    fail({FhirErrorKind::unreachable, 0,
          fmt::format("{}: the CapabilityStatement does not offer a search of {} by identifier now, as it did when the "
                      "create was sent: what stands there is looked for as soon as it does again",
                      context_.endpoint.name, place_.channel)});
  }

  // When a search must show what the create made.
  Instant visible_at() const { return notice_.create_begun_at.value_or(now()) + context_.config.visibility_window; }

  void adopt_or_create() {
    if (!offer_.search) return notice_.is_create_blind ? leave_unconfirmed(kMayStand) : wait_for_search();
    auto found = artefacts().find();
    if (!found) return fail(found.error());
    if (!found->empty()) return adopt(*found);
    if (now() < visible_at()) {
      result_.retry_at = visible_at();
      return;
    }
    if (!offer_.create) return place_anew();  // Taken away meanwhile.
    create();
    result_.wants_looks = result_.action == DeliveryAction::create && !place_.is_message ? 2 : 0;
  }

  void adopt(const std::vector<Artefact>& found) {
    if (place_.is_message) return finish(DeliveryAction::adopt, found.front().id, found.front().etag);
    retire_duplicates(found);
    open_and_write(found.front());
  }

  void open_and_write(const Artefact& found) {
    auto opened = artefacts().open(found);
    if (!opened) return fail(opened.error());
    write_over(*opened, DeliveryAction::adopt, 2);
  }

  void update(int tries) {
    auto current = artefacts().read(notice_.remote_id);
    if (!current) return fail_to_read(current.error());
    write_over(*current, DeliveryAction::update, tries);
  }

  void fail_to_read(const FhirError& error) {
    if (error.kind != FhirErrorKind::not_found) return fail(error);
    if (error.status == kGone) return close_as_removed();
    look_for_missing();
  }

  // 404 may be a server that is not itself for a moment, or that gave the resource another id. It is a removal when it
  // holds for longer than a search may lag, and no search finds it.
  void look_for_missing() {
    if (offer_.search) {
      auto found = artefacts().find();
      if (!found) return fail(found.error());
      if (!found->empty()) {
        retire_duplicates(*found);
        return notice_.desired ? open_and_write(found->front()) : open_and_retire(found->front());
      }
    }
    const Instant removed_at = notice_.missing_since.value_or(now()) + context_.config.visibility_window;
    if (notice_.missing_since && now() >= removed_at) return close_as_removed();
    result_.is_missing = true;
    result_.retry_at = removed_at;
  }

  // Somebody removed it from the EHR: that is a person's decision too.
  void close_as_removed() {
    if (notice_.desired) return close_by_person("removed");
    result_.is_retired = true;
  }

  // PUTs only when the rendered resource differs from what stands there.
  void write_over(const OpenArtefact& current, DeliveryAction action, int tries) {
    const std::string& id = current.artefact.id;
    const bool is_over = is_closed(current.root);
    if (is_over && !is_closed_by_us(current.root, context_.config.identifier_system)) {
      result_.remote_id = id;
      return close_by_person(current.root["status"].string());
    }
    if (is_moved(current.root, context_.render)) return fail_as_moved();
    const auto render = is_over ? render_reopened : render_update;
    const RenderedUpdate update = render(*notice_.desired, notice_.record.notice_key, context_.render, current.root);
    if (update.body == to_json_text(current.root)) {
      finish(action == DeliveryAction::adopt ? action : DeliveryAction::none, id, current.artefact.etag);
      result_.written_members = written_by(update, current.root).text();
      return;
    }
    if (!context_.holds_lease()) return leave();
    auto written = artefacts().put(current.artefact, update.body, context_.holds_lease);
    if (!written) {
      if (written.error().kind == FhirErrorKind::conflict && tries > 1) {
        auto again = artefacts().read(id);
        if (again) return write_over(*again, action, tries - 1);
      }
      return fail_to_write(written.error(), written_perhaps(update, context_.render.written));
    }
    finish(DeliveryAction::update, id, written->etag);
    with_shown(*written, [&](JsonView shown) { return written_by(update, shown); });
  }

  // `perhaps`: what is ours if it was done after all, or was not.
  void fail_to_write(const FhirError& error, const WrittenMembers& perhaps) {
    fail(error);
    if (!is_unknown(error.kind)) return;
    result_.is_outcome_unknown = true;
    result_.written_members = perhaps.text();
  }

  void fail_as_moved() {
    fail({FhirErrorKind::bad_answer, 0,
          fmt::format("{}: the {} of this notice stands at another patient than it was written for, and the links "
                      "between patients do not explain it: nothing is written to it. Move it back in the EHR, or close "
                      "it there; then run `authledger notices --retry`",
                      context_.endpoint.name, place_.channel)});
  }

  void retire_if_found() {
    if (notice_.is_create_blind && !offer_.search) {
      result_.is_retired = true;  // It may stand there, and nobody could ever tell.
      log_warning("create_unconfirmed", {{"type", place_.channel}});
      return;
    }
    if (!offer_.search) return wait_for_search();
    auto found = artefacts().find();
    if (!found) return fail(found.error());
    if (found->empty()) {
      if (now() < visible_at()) {
        result_.retry_at = visible_at();
      } else {
        result_.is_retired = true;
        result_.wants_looks = 2;  // It may still come.
      }
      return;
    }
    retire_duplicates(*found);
    retire(found->front().id, 2);
  }

  void open_and_retire(const Artefact& found) {
    auto opened = artefacts().open(found);
    if (!opened) return fail(opened.error());
    retire(*opened, 1);
  }

  void retire(const std::string& id, int tries) {
    auto current = artefacts().read(id);
    if (!current) return fail_to_read(current.error());
    retire(*current, tries);
  }

  void retire(const OpenArtefact& current, int tries) {
    const std::string& id = result_.remote_id = current.artefact.id;
    if (is_closed(current.root)) {
      result_.is_retired = true;
      const bool is_by_us = is_closed_by_us(current.root, context_.config.identifier_system);
      if (!is_by_us) result_.closed_status = current.root["status"].string();
      return;
    }
    if (!context_.holds_lease()) return leave();
    auto written = artefacts().put(
        current.artefact, render_retired(current.root, notice_.close_reason, now(), context_.config.identifier_system),
        context_.holds_lease);
    if (written) {
      result_.is_retired = true;
      result_.action = DeliveryAction::retire;
      result_.etag = written->etag;
      return;
    }
    if (written.error().kind == FhirErrorKind::conflict && tries > 1) return retire(id, tries - 1);
    fail_to_write(written.error(), context_.render.written);
  }

  // False when one of them could not be closed.
  bool retire_duplicates(const std::vector<Artefact>& found) {
    bool is_done = true;
    for (size_t i = 1; i < found.size(); ++i) {
      auto duplicate = artefacts().open(found[i]);
      if (!duplicate || is_closed(duplicate->root)) continue;
      if (!context_.holds_lease()) return false;
      auto written =
          artefacts().put(duplicate->artefact, render_duplicate(duplicate->root, context_.config.identifier_system),
                          context_.holds_lease);
      log_warning("duplicate_retired", {{"type", place_.channel}, {"ok", written.ok()}});
      is_done = is_done && written.ok();
    }
    return is_done;
  }

  void finish(DeliveryAction action, const std::string& id, const std::string& etag) {
    result_.action = action;
    result_.remote_id = id;
    result_.etag = etag;
    result_.delivered_hash = notice_.record.desired_hash;
    result_.delivered_severity = notice_.record.severity;
    result_.delivered_band = notice_.record.band;
  }

  void close_by_person(std::string status) {
    result_.closed_status = std::move(status);
    result_.action = DeliveryAction::closed_by_person;
    result_.closed_by_person = true;
    if (result_.remote_id.empty()) result_.remote_id = notice_.remote_id;
  }

  // To another worker, or to this one when it is leased again.
  void leave() { result_.retry_at = now(); }

  void park(const std::string& reason) {
    result_.action = DeliveryAction::failed;
    result_.failure = reason;
    result_.park = true;
  }

  void fail(const FhirError& error) {
    result_.action = DeliveryAction::failed;
    result_.failure = error.message;
    result_.is_refusal = !is_about_endpoint(error);
    const int refusals_max = error.kind == FhirErrorKind::refused ? kRefusalsOfContentMax : kRefusalsMax;
    result_.park = result_.is_refusal && notice_.refusals + 1 >= refusals_max;
    // A 403 may be about one type, or one chart.
    result_.ends_round = error.kind == FhirErrorKind::unauthorized && error.status != 403;
    result_.retry_at = now() + back_off_after(notice_.attempts);
  }

  const StoredNotice& notice_;
  DeliveryContext& context_;
  NoticePlace place_;
  ChannelOffer offer_;
  DeliveryResult result_;
};

}  // namespace

bool is_placed_anew(const StoredNotice& notice) {
  const NoticeState state = state_of(notice);
  if (notice.channel == kWorklist) return notice.desired && state != NoticeState::closed_by_person;
  return state == NoticeState::wanted || state == NoticeState::undeliverable ||
         (state == NoticeState::stale && notice.is_message);
}

ChannelRequest request_of(const StoredNotice& notice, const RenderContext& render) {
  ChannelRequest request{notice.record.kind, notice.record.role, notice.record.severity};
  if (notice.desired) request.recipient = recipient_of(*notice.desired, render);
  request.is_patient_known = !render.patient.empty();
  return request;
}

DeliveryResult deliver_notice(const StoredNotice& notice, DeliveryContext& context) {
  return NoticeDelivery(notice, context).run();
}

}  // namespace authledger
