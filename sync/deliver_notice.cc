#include "sync/deliver_notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "fhir/retry.h"

namespace authledger {
namespace {

// A resource of ours as it stands in the EHR.
struct Remote {
  std::string id, etag, body;
};

// What stands there may be a message whose id was never answered.
constexpr const char* kUnconfirmed = "unconfirmed";
constexpr const char* kMayStand =
    "a create was not answered, and the endpoint does not search by identifier: it may stand there; it is not sent "
    "again";

// After such an answer nobody knows whether a create was done.
bool is_unknown(FhirErrorKind kind) {
  return kind == FhirErrorKind::outcome_unknown || kind == FhirErrorKind::server_error ||
         kind == FhirErrorKind::bad_answer;
}

// What tells of the endpoint, or of our rights there, and nothing of the notice: the same is taken as soon as the
// server is well again, or a person has mended the rights. FAULTS 18, 19 and 61.
bool is_about_endpoint(const FhirError& error) {
  switch (error.kind) {
    case FhirErrorKind::unreachable:
    case FhirErrorKind::unauthorized:
    case FhirErrorKind::throttled:
    case FhirErrorKind::stopped:
      return true;
    case FhirErrorKind::server_error:
    case FhirErrorKind::outcome_unknown:
      return error.status == 0 || error.status == 408 || is_no_service_status(error.status);
    case FhirErrorKind::not_found:
    case FhirErrorKind::conflict:
    case FhirErrorKind::refused:
    case FhirErrorKind::bad_answer:
    case FhirErrorKind::foreign_link:
    case FhirErrorKind::endless_paging:
      return false;
  }
  return false;
}

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

  bool is_on_worklist() const { return place_.channel == kWorklist; }
  bool is_kept_in_ehr() const { return !place_.channel.empty() && !is_on_worklist() && !place_.is_message; }

  std::string identifier() const {
    return identifier_value_of(place_, notice_.record.notice_key, notice_.record.severity);
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
    auto found = find();
    if (!found) return fail(found.error());
    if (found->empty()) return create();
    if (context_.mark_create_begun(place_)) return adopt(*found);
    result_.retry_at = context_.now;
  }

  // A worker that stood still for longer than its lease may have written beside another one, or after it: everything
  // with our identifier is searched for and brought to one. FAULTS 7.
  void look() {
    auto found = find();
    if (!found) return fail(found.error());
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
      write_over(found->front(), DeliveryAction::adopt, 2);
    }
    result_.has_looked = is_one && result_.failure.empty();
  }

  // The search shows nothing, yet or any more.
  void look_by_id(NoticeState state) {
    if (state == NoticeState::current) return update(2);
    step();
  }

  void create() {
    if (!context_.mark_create_begun(place_)) {
      // The lease has ended, or the cause.
      return leave();
    }
    const IdempotencyKey key{context_.endpoint.writes.idempotency_header, idempotency_key_of(place_, identifier())};
    auto made = context_.client.create(place_.channel,
                                       render_new(place_, *notice_.desired, notice_.record.notice_key, context_.render),
                                       offer_.conditional_create ? query() : "", key);
    if (!made) return create_failed(made.error());
    finish(made->created ? DeliveryAction::create : DeliveryAction::adopt, made->id, made->etag);
    if (made->created || place_.is_message) return;
    result_.delivered_hash = {};  // It may hold an older text: compare at the next turn.
    result_.retry_at = context_.now;
  }

  void create_failed(const FhirError& error) {
    if (!offer_.search) {
      if (is_unknown(error.kind) || error.kind == FhirErrorKind::conflict) return leave_unconfirmed(error.message);
      result_.create_is_void = true;
      return fail(error);
    }
    if (error.kind == FhirErrorKind::conflict) {  // It stands there, perhaps more than once: heal that.
      auto found = find();
      if (found && !found->empty()) return adopt(*found);
    }
    fail(error);
    // Nobody knows whether the EHR has it: search by identifier, once its search can be trusted to show it.
    result_.retry_at = context_.now + context_.config.visibility_window +
                       (notice_.attempts > 0 ? back_off_after(notice_.attempts - 1) : std::chrono::seconds(0));
  }

  // An unanswered create that no search can find is made at most once: a message counts as sent, all else is for a
  // person to look at.
  void leave_unconfirmed(const std::string& cause) {
    if (place_.is_message) {
      finish(DeliveryAction::adopt, kUnconfirmed, "");
      log_warning("message_unconfirmed", {{"type", place_.channel}, {"cause", cause}});
      return;
    }
    park(kMayStand);
  }

  void adopt_or_create() {
    if (!offer_.search) return leave_unconfirmed(kMayStand);
    auto found = find();
    if (!found) return fail(found.error());
    if (!found->empty()) return adopt(*found);
    const Instant visible_at = notice_.create_begun_at.value_or(context_.now) + context_.config.visibility_window;
    if (context_.now < visible_at) {
      result_.retry_at = visible_at;
      return;
    }
    if (!offer_.create) return place_anew();  // Taken away meanwhile.
    create();
    result_.wants_look = result_.action == DeliveryAction::create && !place_.is_message;
  }

  void adopt(const std::vector<Remote>& found) {
    if (place_.is_message) return finish(DeliveryAction::adopt, found.front().id, found.front().etag);
    retire_duplicates(found);
    write_over(found.front(), DeliveryAction::adopt, 2);
  }

  void update(int tries) {
    auto current = read(notice_.remote_id);
    if (!current) {
      // Somebody removed it from the EHR: that is a person's decision too.
      if (current.error().kind == FhirErrorKind::not_found) return close_by_person("removed");
      return fail(current.error());
    }
    write_over(*current, DeliveryAction::update, tries);
  }

  // Whatever a server gives for our search, or under an id that it gave us: only what carries this notice's identifier
  // is written to. Servers ignore search parameters, and are exchanged for others under the same name.
  bool is_ours(JsonView resource) const {
    const std::string system = identifier_system_of(place_, context_.config.identifier_system), value = identifier();
    for (const JsonView each : resource["identifier"]) {
      if (each["system"].text() == system && each["value"].text() == value) return true;
    }
    return false;
  }

  void fail_as_foreign() {
    fail({FhirErrorKind::bad_answer, 0,
          fmt::format("{}: the {} that stands where this notice was written does not carry its identifier: nothing is "
                      "written to it. Was the server exchanged, or delivery.identifier_system changed?",
                      context_.endpoint.name, place_.channel)});
  }

  // PUTs only when the rendered resource differs from what stands there.
  void write_over(const Remote& remote, DeliveryAction action, int tries) {
    JsonDocument document;
    auto root = document.parse(remote.body);
    if (!root) return fail({FhirErrorKind::bad_answer, 0, "the endpoint returned no JSON"});
    if (!is_ours(*root)) return fail_as_foreign();
    if (is_closed(*root)) {
      result_.remote_id = remote.id;
      return close_by_person((*root)["status"].string());
    }
    std::string body = render_update(*notice_.desired, notice_.record.notice_key, context_.render, *root);
    if (body == to_json_text(*root))
      return finish(action == DeliveryAction::adopt ? action : DeliveryAction::none, remote.id, remote.etag);
    if (!context_.holds_lease()) return leave();
    auto written = put(remote.id, body, remote.etag);
    if (!written) {
      if (written.error().kind == FhirErrorKind::conflict && tries > 1) {
        auto again = read(remote.id);
        if (again) return write_over(*again, action, tries - 1);
      }
      return fail(written.error());
    }
    finish(DeliveryAction::update, remote.id, written->etag);
  }

  void retire_if_found() {
    if (!offer_.search) return park(kMayStand);
    auto found = find();
    if (!found) return fail(found.error());
    if (found->empty()) {
      Instant visible_at = notice_.create_begun_at.value_or(context_.now) + context_.config.visibility_window;
      if (context_.now < visible_at) {
        result_.retry_at = visible_at;
      } else {
        result_.is_retired = true;
      }
      return;
    }
    retire_duplicates(*found);
    retire(found->front().id, 2);
  }

  void retire(const std::string& id, int tries) {
    auto current = read(id);
    if (!current) {
      if (current.error().kind != FhirErrorKind::not_found) return fail(current.error());
      result_.is_retired = true;
      return;
    }
    JsonDocument document;
    auto root = document.parse(current->body);
    if (!root) return fail({FhirErrorKind::bad_answer, 0, "the endpoint returned no JSON"});
    if (!is_ours(*root)) return fail_as_foreign();
    result_.remote_id = id;
    result_.is_retired = true;
    if (is_closed(*root)) {
      result_.closed_status = (*root)["status"].string();
      return;
    }
    if (!context_.holds_lease()) return leave();
    auto written = put(id, render_retired(*root, notice_.close_reason, context_.now), current->etag);
    if (written) {
      result_.action = DeliveryAction::retire;
      result_.etag = written->etag;
      return;
    }
    result_.is_retired = false;
    if (written.error().kind == FhirErrorKind::conflict && tries > 1) return retire(id, tries - 1);
    fail(written.error());
  }

  // Every resource with our identifier, oldest first.
  Result<std::vector<Remote>, FhirError> find() {
    auto page = context_.client.search_page(place_.channel + "?" + query());
    if (!page) return page.error();
    std::vector<Remote> found;
    for (JsonView resource : page->resources) {
      if (resource["resourceType"].text() != place_.channel || !is_ours(resource)) continue;
      std::string version = resource["meta"]["versionId"].string();
      found.push_back(
          {resource["id"].string(), version.empty() ? "" : fmt::format("W/\"{}\"", version), to_json_text(resource)});
    }
    std::sort(found.begin(), found.end(), [](const Remote& a, const Remote& b) {
      return a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
    });
    return found;
  }

  // False when one of them could not be closed.
  bool retire_duplicates(const std::vector<Remote>& found) {
    bool is_done = true;
    for (size_t i = 1; i < found.size(); ++i) {
      JsonDocument document;
      auto root = document.parse(found[i].body);
      if (!root || is_closed(*root)) continue;
      if (!context_.holds_lease()) return false;
      auto written = put(found[i].id, render_retired(*root, "duplicate", context_.now), found[i].etag);
      log_warning("duplicate_retired", {{"type", place_.channel}, {"ok", written.ok()}});
      is_done = is_done && written.ok();
    }
    return is_done;
  }

  Result<Remote, FhirError> read(const std::string& id) {
    auto current = context_.client.read(place_.channel, id);
    if (!current) return current.error();
    return Remote{id, current->etag, current->body};
  }

  // With If-Match as the endpoint wants it. Where that is required and the version is not known, what was read may be
  // old already: a conflict, so that it is read again.
  Result<Versioned, FhirError> put(const std::string& id, const std::string& body, const std::string& etag) {
    const WriteRules::IfMatch rule = context_.endpoint.writes.if_match;
    if (rule == WriteRules::IfMatch::required && etag.empty()) {
      return FhirError{FhirErrorKind::conflict, 0,
                       fmt::format("{}: PUT {}: the endpoint wants If-Match, and gave no version",
                                   context_.endpoint.name, place_.channel)};
    }
    return context_.client.update(place_.channel, id, body, rule == WriteRules::IfMatch::never ? "" : etag);
  }

  std::string query() const { return identifier_query(place_, identifier(), context_.config.identifier_system); }

  void finish(DeliveryAction action, const std::string& id, const std::string& etag) {
    result_.action = action;
    result_.remote_id = id;
    result_.etag = etag;
    result_.delivered_hash = notice_.record.desired_hash;
    result_.delivered_severity = notice_.record.severity;
    result_.owner = addressee_of(*notice_.desired, context_.render, place_.channel);
  }

  void close_by_person(std::string status) {
    result_.closed_status = std::move(status);
    result_.action = DeliveryAction::closed_by_person;
    result_.closed_by_person = true;
    if (result_.remote_id.empty()) result_.remote_id = notice_.remote_id;
  }

  // To another worker, or to this one when it is leased again.
  void leave() {
    result_.is_retired = false;
    result_.retry_at = context_.now;
  }

  void park(const std::string& reason) {
    result_.action = DeliveryAction::failed;
    result_.failure = reason;
    result_.park = true;
  }

  void fail(const FhirError& error) {
    result_.action = DeliveryAction::failed;
    result_.failure = error.message;
    result_.is_refusal = !is_about_endpoint(error);
    result_.park = error.kind == FhirErrorKind::refused || (result_.is_refusal && notice_.refusals + 1 >= kRefusalsMax);
    // A 403 may be about one type, or one chart.
    result_.ends_round = error.kind == FhirErrorKind::unauthorized && error.status != 403;
    result_.retry_at = context_.now + back_off_after(notice_.attempts);
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
