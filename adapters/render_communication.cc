#include "adapters/render_types.h"

// FHIR R4 Communication: what the patient is told, for the EHR's portal to show or send.

namespace authledger {
namespace {

Member category_member() {
  return {"category", [](JsonWriter& writer) {
            writer.begin_array().begin_object().key("coding").begin_array().begin_object();
            writer.member("system", "http://terminology.hl7.org/CodeSystem/communication-category");
            writer.member("code", "notification").end_object().end_array().end_object().end_array();
          }};
}

Member recipient_member(const std::string& patient) {
  return {"recipient", [patient](JsonWriter& writer) {
            writer.begin_array().begin_object().member("reference", patient).end_object().end_array();
          }};
}

Member payload_member(const std::string& text) {
  return {"payload", [text](JsonWriter& writer) {
            writer.begin_array().begin_object().member("contentString", text).end_object().end_array();
          }};
}

Members our_members(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                    JsonView current) {
  Members members;
  members.push_back(meta_member(context.identifier_system, current["meta"]));
  members.push_back(identifier_member(identifier_system_of(notice.kind, context.identifier_system), notice_key,
                                      current["identifier"]));
  members.push_back(category_member());
  members.push_back(text_member("priority", notice.severity >= 3 ? "urgent" : "routine"));
  members.push_back(reference_member("subject", context.patient));
  members.push_back(recipient_member(context.patient));
  members.push_back(payload_member(notice.text));
  return members;
}

}  // namespace

Members new_communication(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context) {
  Members members{text_member("resourceType", "Communication"), text_member("status", "in-progress")};
  for (Member& member : our_members(notice, notice_key, context, {})) members.push_back(std::move(member));
  return members;
}

Members changed_communication(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                              JsonView current) {
  return our_members(notice, notice_key, context, current);
}

Members retired_communication(const std::string& close_reason) {
  return {text_member("status", "stopped"), {"statusReason", [close_reason](JsonWriter& writer) {
                                               writer.begin_object().member("text", close_reason).end_object();
                                             }}};
}

}  // namespace authledger
