#include "sync/deliver_notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace authledger {
namespace {

// A resource of ours as it stands in the EHR.
struct Remote {
  std::string id, etag, body;
};

class NoticeDelivery {
 public:
  NoticeDelivery(const StoredNotice& notice, DeliveryContext& context)
      : notice_(notice), context_(context), type_(resource_type_of(notice.record.kind)) {
    result_.notice_key = notice.record.notice_key;
    result_.channel = type_;
    result_.rule_version = notice.rule_version;
  }

  DeliveryResult run() {
    if (notice_.looks_due > 0) {
      look();
      return result_;
    }
    switch (state_of(notice_)) {
      case NoticeState::wanted:
        create();
        break;
      case NoticeState::creating:
        adopt_or_create();
        break;
      case NoticeState::stale:
        update(2);
        break;
      case NoticeState::orphaned:
        retire_if_found();
        break;
      case NoticeState::retiring:
        retire(notice_.remote_id, 2);
        break;
      case NoticeState::current:
      case NoticeState::closed_by_person:
      case NoticeState::held:
      case NoticeState::parked:
      case NoticeState::retired:
        break;
    }
    return result_;
  }

 private:
  // A worker that stood still for longer than its lease may have written beside another one, or after it: everything
  // with our identifier is searched for and brought to one. FAULTS 7.
  void look() {
    auto found = find();
    if (!found) return fail(found.error(), std::nullopt);
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
    switch (state) {
      case NoticeState::wanted:
        return create();
      case NoticeState::creating:
        return adopt_or_create();
      case NoticeState::orphaned:
        return retire_if_found();
      case NoticeState::retiring:
        return retire(notice_.remote_id, 2);
      case NoticeState::current:
      case NoticeState::stale:
        return update(2);
      case NoticeState::closed_by_person:
      case NoticeState::held:
      case NoticeState::parked:
      case NoticeState::retired:
        return;
    }
  }

  void create() {
    ChannelPlan channel = plan_channel(notice_.record.kind, context_.capability);
    if (!channel.can_deliver) return park(channel.reason);
    if (context_.render.patient.empty()) return park("the patient is not known on the delivering endpoint");
    if (!context_.mark_create_begun()) {
      // The lease has ended, or the cause.
      return leave();
    }
    std::string query =
        identifier_query(notice_.record.notice_key, notice_.record.kind, context_.config.identifier_system);
    auto made = context_.client.create(type_, render_new(*notice_.desired, notice_.record.notice_key, context_.render),
                                       channel.conditional_create ? query : "");
    if (!made) {
      if (made.error().kind == FhirErrorKind::conflict) return adopt_or_create();  // Duplicates exist: heal them.
      // Nobody knows whether the EHR has it: search by identifier, once its search can be trusted to show it.
      return fail(made.error(), context_.now + context_.config.visibility_window);
    }
    finish(made->created ? DeliveryAction::create : DeliveryAction::adopt, made->id, made->etag);
    if (!made->created) result_.delivered_hash = {};  // It may hold an older text: compare at the next turn.
    if (!made->created) result_.retry_at = context_.now;
  }

  void adopt_or_create() {
    auto found = find();
    if (!found) return fail(found.error(), std::nullopt);
    if (found->empty()) {
      Instant visible_at = *notice_.create_begun_at + context_.config.visibility_window;
      if (context_.now < visible_at) {
        result_.retry_at = visible_at;
        return;
      }
      return create();
    }
    retire_duplicates(*found);
    write_over(found->front(), DeliveryAction::adopt, 2);
  }

  void update(int tries) {
    auto current = read(notice_.remote_id);
    if (!current) {
      // Somebody removed it from the EHR: that is a person's decision too.
      if (current.error().kind == FhirErrorKind::not_found) return close_by_person("removed");
      return fail(current.error(), std::nullopt);
    }
    write_over(*current, DeliveryAction::update, tries);
  }

  // PUTs only when the rendered resource differs from what stands there.
  void write_over(const Remote& remote, DeliveryAction action, int tries) {
    JsonDocument document;
    auto root = document.parse(remote.body);
    if (!root) return fail({FhirErrorKind::bad_answer, 0, "the endpoint returned no JSON"}, std::nullopt);
    if (is_closed(*root)) {
      result_.remote_id = remote.id;
      return close_by_person((*root)["status"].string());
    }
    std::string body = render_update(*notice_.desired, notice_.record.notice_key, context_.render, *root);
    if (body == to_json_text(*root))
      return finish(action == DeliveryAction::adopt ? action : DeliveryAction::none, remote.id, remote.etag);
    if (!context_.holds_lease()) return leave();
    auto written = context_.client.update(type_, remote.id, body, remote.etag);
    if (!written) {
      if (written.error().kind == FhirErrorKind::conflict && tries > 1) {
        auto again = read(remote.id);
        if (again) return write_over(*again, action, tries - 1);
      }
      return fail(written.error(), std::nullopt);
    }
    finish(DeliveryAction::update, remote.id, written->etag);
  }

  void retire_if_found() {
    auto found = find();
    if (!found) return fail(found.error(), std::nullopt);
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
      if (current.error().kind != FhirErrorKind::not_found) return fail(current.error(), std::nullopt);
      result_.is_retired = true;
      return;
    }
    JsonDocument document;
    auto root = document.parse(current->body);
    if (!root) return fail({FhirErrorKind::bad_answer, 0, "the endpoint returned no JSON"}, std::nullopt);
    result_.remote_id = id;
    result_.is_retired = true;
    if (is_closed(*root)) {
      result_.closed_status = (*root)["status"].string();
      return;
    }
    if (!context_.holds_lease()) return leave();
    auto written =
        context_.client.update(type_, id, render_retired(*root, notice_.close_reason, context_.now), current->etag);
    if (written) {
      result_.action = DeliveryAction::retire;
      result_.etag = written->etag;
      return;
    }
    result_.is_retired = false;
    if (written.error().kind == FhirErrorKind::conflict && tries > 1) return retire(id, tries - 1);
    fail(written.error(), std::nullopt);
  }

  // Every resource with our identifier, oldest first.
  Result<std::vector<Remote>, FhirError> find() {
    auto page = context_.client.search_page(
        type_ + "?" +
        identifier_query(notice_.record.notice_key, notice_.record.kind, context_.config.identifier_system));
    if (!page) return page.error();
    std::vector<Remote> found;
    for (JsonView resource : page->resources) {
      if (resource["resourceType"].text() != type_) continue;
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
      auto written =
          context_.client.update(type_, found[i].id, render_retired(*root, "duplicate", context_.now), found[i].etag);
      log_warning("duplicate_retired", {{"type", type_}, {"ok", written.ok()}});
      is_done = is_done && written.ok();
    }
    return is_done;
  }

  Result<Remote, FhirError> read(const std::string& id) {
    auto current = context_.client.read(type_, id);
    if (!current) return current.error();
    return Remote{id, current->etag, current->body};
  }

  void finish(DeliveryAction action, const std::string& id, const std::string& etag) {
    result_.action = action;
    result_.remote_id = id;
    result_.etag = etag;
    result_.delivered_hash = notice_.record.desired_hash;
    result_.delivered_severity = notice_.record.severity;
    result_.owner = owner_of(*notice_.desired, context_.render);
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

  void fail(const FhirError& error, std::optional<Instant> retry_at) {
    result_.action = DeliveryAction::failed;
    result_.failure = error.message;
    const bool is_final = error.kind == FhirErrorKind::refused || error.kind == FhirErrorKind::unauthorized;
    result_.park = is_final || notice_.attempts + 1 >= kDeliveryAttemptsMax;
    // Doubling from ten seconds to about twenty minutes.
    result_.retry_at =
        retry_at.value_or(context_.now + std::chrono::seconds(10) * (1 << std::min(notice_.attempts, 7)));
  }

  const StoredNotice& notice_;
  DeliveryContext& context_;
  std::string type_;
  DeliveryResult result_;
};

}  // namespace

DeliveryResult deliver_notice(const StoredNotice& notice, DeliveryContext& context) {
  return NoticeDelivery(notice, context).run();
}

}  // namespace authledger
