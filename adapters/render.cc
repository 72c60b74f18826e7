#include "adapters/render.h"

#include <fmt/format.h>

#include "adapters/render_members.h"
#include "adapters/render_types.h"
#include "base/text.h"

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

}  // namespace

std::string resource_type_of(NoticeKind kind) {
  if (kind == NoticeKind::utilization) return "Flag";
  return kind == NoticeKind::benefit_for_patient ? "Communication" : "Task";
}

std::string owner_of(const DesiredNotice& notice, const RenderContext& context) {
  const bool is_reference = notice.owner.find('/') != std::string::npos;
  const bool is_known_there = notice.owner_source.empty() || notice.owner_source == context.source;
  return is_reference && is_known_there ? notice.owner : context.owner;
}

std::string identifier_system_of(NoticeKind kind, const std::string& identifier_system) {
  return identifier_system + "/" + lower_case(resource_type_of(kind));
}

std::string identifier_query(const std::string& notice_key, NoticeKind kind, const std::string& identifier_system) {
  return "identifier=" + percent_encoded(identifier_system_of(kind, identifier_system) + "|" + notice_key);
}

std::string render_new(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context) {
  const std::string type = resource_type_of(notice.kind);
  if (type == "Flag") return write_resource(new_flag(notice, notice_key, context));
  if (type == "Communication") return write_resource(new_communication(notice, notice_key, context));
  return write_resource(new_task(notice, notice_key, context));
}

std::string render_update(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                          JsonView current) {
  const std::string type = resource_type_of(notice.kind);
  if (type == "Flag") return write_merged(current, changed_flag(notice, notice_key, context, current));
  if (type == "Communication")
    return write_merged(current, changed_communication(notice, notice_key, context, current));
  return write_merged(current, changed_task(notice, notice_key, context, current));
}

std::string render_retired(JsonView current, const std::string& close_reason, Instant now) {
  const std::string_view type = current["resourceType"].text();
  if (type == "Flag") return write_merged(current, retired_flag(current, now));
  if (type == "Communication") return write_merged(current, retired_communication(close_reason));
  return write_merged(current, retired_task(close_reason));
}

bool is_closed(JsonView current) {
  const std::string_view status = current["status"].text();
  const std::string_view type = current["resourceType"].text();
  if (type == "Flag") return status == "inactive" || status == "entered-in-error";
  if (type == "Communication") {
    return status == "completed" || status == "stopped" || status == "not-done" || status == "entered-in-error";
  }
  return status == "completed" || status == "rejected" || status == "cancelled" || status == "failed" ||
         status == "entered-in-error";
}

}  // namespace authledger
