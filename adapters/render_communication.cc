#include "adapters/render_types.h"

// FHIR R4 Communication: what the patient is told, for the EHR's portal to show or send; and what staff are told where
// neither a Flag nor a Task can stand.

namespace authledger {
namespace {

Member category_member() {
  return {"category", [](JsonWriter& writer) {
            writer.begin_array().begin_object().key("coding").begin_array().begin_object();
            writer.member("system", "http://terminology.hl7.org/CodeSystem/communication-category");
            writer.member("code", "notification").end_object().end_array().end_object().end_array();
          }};
}

Member recipient_member(const std::string& recipient) {
  return {"recipient",
          [recipient](JsonWriter& writer) {
            writer.begin_array().begin_object().member("reference", recipient).end_object().end_array();
          },
          Claim::yields};
}

Member payload_member(const std::string& text) {
  return {"payload", [text](JsonWriter& writer) {
            writer.begin_array().begin_object().member("contentString", text).end_object().end_array();
          }};
}

Members our_members(const DesiredNotice& notice, const NoticePlace& place, const std::string& identifier_value,
                    const RenderContext& context, JsonView current) {
  Members members = own_members(place, identifier_value, context, current);
  members.push_back(category_member());
  members.push_back(text_member("priority", notice.severity >= 3 ? "urgent" : "routine"));
  members.push_back(reference_member("subject", context.patient, Claim::yields));
  members.push_back(payload_member(notice.text));
  const std::string recipient = recipient_of(notice, context);
  if (!recipient.empty()) members.push_back(recipient_member(recipient));
  return members;
}

}  // namespace

Members new_communication(const DesiredNotice& notice, const NoticePlace& place, const std::string& identifier_value,
                          const RenderContext& context) {
  Members members{text_member("resourceType", "Communication"),
                  text_member("status", place.is_message ? "completed" : "in-progress")};
  for (Member& member : our_members(notice, place, identifier_value, context, {})) members.push_back(std::move(member));
  if (place.is_message) members.push_back(text_member("sent", format_instant(context.authored_at)));
  return members;
}

Members changed_communication(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                              JsonView current) {
  return our_members(notice, {"Communication"}, notice_key, context, current);
}

Members retired_communication(const std::string& close_reason) {
  return {text_member("status", "stopped"), status_reason_member(close_reason)};
}

}  // namespace authledger
