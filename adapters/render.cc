#include "adapters/render.h"

#include <fmt/format.h>

#include "adapters/render_members.h"
#include "adapters/render_types.h"

namespace authledger {
namespace {

bool is_flag(NoticeKind kind) {
  return resource_type_of(kind) == "Flag";
}

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
  return kind == NoticeKind::utilization ? "Flag" : "Task";
}

std::string identifier_system_of(NoticeKind kind, const std::string& identifier_system) {
  return identifier_system + (is_flag(kind) ? "/flag" : "/task");
}

std::string identifier_query(const std::string& notice_key, NoticeKind kind, const std::string& identifier_system) {
  return "identifier=" + percent_encoded(identifier_system_of(kind, identifier_system) + "|" + notice_key);
}

std::string render_new(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context) {
  return write_resource(is_flag(notice.kind) ? new_flag(notice, notice_key, context)
                                             : new_task(notice, notice_key, context));
}

std::string render_update(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                          JsonView current) {
  return write_merged(current, is_flag(notice.kind) ? changed_flag(notice, notice_key, context, current)
                                                    : changed_task(notice, notice_key, context, current));
}

std::string render_retired(JsonView current, const std::string& close_reason, Instant now) {
  return write_merged(
      current, current["resourceType"].text() == "Flag" ? retired_flag(current, now) : retired_task(close_reason));
}

bool is_closed(JsonView current) {
  const std::string_view status = current["status"].text();
  if (current["resourceType"].text() == "Flag") return status == "inactive" || status == "entered-in-error";
  return status == "completed" || status == "rejected" || status == "cancelled" || status == "failed" ||
         status == "entered-in-error";
}

}  // namespace authledger
