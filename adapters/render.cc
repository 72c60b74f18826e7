#include "adapters/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapters/render_members.h"
#include "adapters/render_types.h"
#include "base/check.h"
#include "base/crypto.h"
#include "base/text.h"
#include "base/uuid.h"

namespace authledger {
namespace {

// RFC 3986: everything but unreserved characters, since the value stands in a query and in If-None-Exist.
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    encoded += unreserved ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

// What stands may be absolute, or name a version.
bool names_same(std::string_view stands, const std::string& patient) {
  stands = stands.substr(0, stands.find("/_history/"));
  return stands == patient || (stands.find("://") != std::string_view::npos && stands.ends_with("/" + patient));
}

Members wanted_members(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                       JsonView current) {
  const std::string_view type = current["resourceType"].text();
  if (type == "Flag") return changed_flag(notice, notice_key, context, current);
  if (type == "Communication") return changed_communication(notice, notice_key, context, current);
  if (type == "DocumentReference") return changed_document(notice, notice_key, context, current);
  return changed_task(notice, notice_key, context, current);
}

}  // namespace

std::string owner_of(const DesiredNotice& notice, const RenderContext& context) {
  const bool is_reference = notice.owner.find('/') != std::string::npos;
  const bool is_known_there = notice.owner_source.empty() || notice.owner_source == context.source;
  return is_reference && is_known_there ? notice.owner : context.owner;
}

std::string recipient_of(const DesiredNotice& notice, const RenderContext& context) {
  const auto is_taken = [&](const std::string& reference) {
    const std::vector<std::string> segments = split(reference, '/');
    const std::vector<std::string>& types = context.recipient_types;
    return segments.size() >= 2 &&
           (types.empty() || std::find(types.begin(), types.end(), segments[segments.size() - 2]) != types.end());
  };
  if (notice.kind == NoticeKind::benefit_for_patient) return is_taken(context.patient) ? context.patient : "";
  for (const std::string& reference : {owner_of(notice, context), context.recipient}) {
    if (is_taken(reference)) return reference;
  }
  return "";
}

std::string identifier_system_of(const NoticePlace& place, const std::string& identifier_system) {
  return identifier_system + "/" + (place.is_message ? "message" : lower_case(place.channel));
}

std::string identifier_value_of(const NoticePlace& place, const std::string& notice_key, int severity) {
  return place.is_message ? fmt::format("{}.{}", notice_key, severity) : notice_key;
}

std::string identifier_query(const NoticePlace& place, const std::string& value, const std::string& identifier_system) {
  return "identifier=" + percent_encoded(identifier_system_of(place, identifier_system) + "|" + value);
}

std::string idempotency_key_of(const NoticePlace& place, const std::string& value) {
  return name_based_uuid(HashInput().add(place.channel).add(value).sha256());
}

Members own_members(const NoticePlace& place, const std::string& identifier_value, const RenderContext& context,
                    JsonView current) {
  return {meta_member(context.identifier_system, current["meta"]),
          identifier_member(identifier_system_of(place, context.identifier_system), identifier_value,
                            current["identifier"])};
}

std::string render_new(const NoticePlace& place, const DesiredNotice& notice, const std::string& notice_key,
                       const RenderContext& context) {
  const std::string value = identifier_value_of(place, notice_key, notice.severity);
  if (place.channel == "Flag") return write_resource(new_flag(notice, value, context));
  if (place.channel == "Communication") return write_resource(new_communication(notice, place, value, context));
  if (place.channel == "DocumentReference") return write_resource(new_document(notice, place, value, context));
  return write_resource(new_task(notice, value, context));
}

RenderedUpdate render_update(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                             JsonView current) {
  return merge(current, wanted_members(notice, notice_key, context, current), context.written);
}

WrittenMembers written_by(const RenderedUpdate& update, JsonView shown) {
  WrittenMembers written = update.theirs;
  for (const std::string& path : update.ours) written.record(path, value_at(shown, path));
  return written;
}

WrittenMembers written_perhaps(const RenderedUpdate& update, const WrittenMembers& before) {
  JsonDocument document;
  const auto body = document.parse(update.body);
  AUTHLEDGER_CHECK(body.ok());
  WrittenMembers written = before;
  for (const std::string& path : update.ours) written.add(path, value_hash(value_at(*body, path)));
  return written;
}

WrittenMembers written_new(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                           JsonView shown) {
  WrittenMembers written;
  for (const Member& member : wanted_members(notice, notice_key, context, shown)) {
    if (member.claim != Claim::shared) written.record(member.path(), value_at(shown, member.path()));
  }
  return written;
}

bool is_moved(JsonView current, const RenderContext& context) {
  if (context.same_patient.empty()) return true;  // Whose it is, is not known there any more.
  const std::string path = current["resourceType"].text() == "Task" ? "for" : "subject";
  if (context.written.stands(path, current[path])) return false;
  const std::string stands = current[path]["reference"].string();
  return std::none_of(context.same_patient.begin(), context.same_patient.end(),
                      [&](const std::string& patient) { return names_same(stands, patient); });
}

std::string render_retired(JsonView current, const std::string& close_reason, Instant now,
                           const std::string& identifier_system) {
  const std::string_view type = current["resourceType"].text();
  Members members{meta_member(identifier_system, current["meta"], true)};
  const auto add = [&](Members closing) {
    for (Member& member : closing) members.push_back(std::move(member));
  };
  if (type == "Flag") {
    add(retired_flag(current, now));
  } else if (type == "Communication") {
    add(retired_communication(close_reason));
  } else if (type == "DocumentReference") {
    add(retired_document(close_reason));
  } else {
    add(retired_task(close_reason));
  }
  return write_merged(current, members);
}

std::string render_duplicate(JsonView current, const std::string& identifier_system) {
  Members members{meta_member(identifier_system, current["meta"], true), text_member("status", "entered-in-error")};
  const std::string_view type = current["resourceType"].text();
  if (type == "Task" || type == "Communication") members.push_back(status_reason_member("duplicate"));
  return write_merged(current, members);
}

RenderedUpdate render_reopened(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                               JsonView current) {
  JsonDocument document;
  const auto opened = document.parse(write_merged(current, {}, {"statusReason", "period.end"}));
  AUTHLEDGER_CHECK(opened.ok());
  Members wanted = wanted_members(notice, notice_key, context, *opened);
  const std::string_view type = current["resourceType"].text();
  Member status = text_member("status", type == "Flag"                ? "active"
                                        : type == "Communication"     ? "in-progress"
                                        : type == "DocumentReference" ? "current"
                                                                      : "requested");
  status.claim = Claim::shared;
  wanted.push_back(std::move(status));
  return merge(*opened, wanted, {});
}

bool is_closed(JsonView current) {
  const std::string_view status = current["status"].text();
  const std::string_view type = current["resourceType"].text();
  if (type == "Flag") return status == "inactive" || status == "entered-in-error";
  if (type == "DocumentReference") return status == "superseded" || status == "entered-in-error";
  if (type == "Communication") {
    return status == "completed" || status == "stopped" || status == "not-done" || status == "entered-in-error";
  }
  return status == "completed" || status == "rejected" || status == "cancelled" || status == "failed" ||
         status == "entered-in-error";
}

bool is_closed_by_us(JsonView current, const std::string& identifier_system) {
  // Some servers keep a tag that an update leaves out: a status that we never write is a person's in any case.
  static constexpr std::array<std::string_view, 5> kOurs = {"cancelled", "inactive", "stopped", "superseded",
                                                            "entered-in-error"};
  const bool is_ours = std::find(kOurs.begin(), kOurs.end(), current["status"].text()) != kOurs.end();
  return is_ours && is_closed(current) && has_closed_tag(identifier_system, current["meta"]);
}

}  // namespace authledger
