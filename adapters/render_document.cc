#include "adapters/render_types.h"
#include "base/crypto.h"

// FHIR R4 DocumentReference: a note of a few words in the chart, where nothing better can stand. It has the elements
// that US Core Clinical Notes asks for: status, type from LOINC, category clinical-note, subject, date, and an
// attachment with contentType and data. LOINC 51851-4 is "Administrative note". Source: US Core 3.1 to 7,
// us-core-documentreference [M]. Oracle Health takes text/plain, and dates with a time only (its page "Create a
// document reference", 2026-11).

namespace authledger {
namespace {

Member coded_member(std::string name, std::string system, std::string code, std::string display, bool is_list) {
  return {std::move(name), [=](JsonWriter& writer) {
            if (is_list) writer.begin_array();
            writer.begin_object().key("coding").begin_array().begin_object();
            writer.member("system", system).member("code", code).member("display", display);
            writer.end_object().end_array().end_object();
            if (is_list) writer.end_array();
          }};
}

Member content_member(const DesiredNotice& notice) {
  std::string text = notice.text;
  if (notice.due_day) text += "\nDue: " + format_day(*notice.due_day);
  return {"content", [text = std::move(text), title = std::string(code_of(notice.kind).text)](JsonWriter& writer) {
            writer.begin_array().begin_object().key("attachment").begin_object();
            writer.member("contentType", "text/plain").member("data", base64(text + "\n")).member("title", title);
            writer.end_object().end_object().end_array();
          }};
}

Members our_members(const DesiredNotice& notice, const NoticePlace& place, const std::string& identifier_value,
                    const RenderContext& context, JsonView current) {
  Members members = own_members(place, identifier_value, context, current);
  members.push_back(coded_member("type", "http://loinc.org", "51851-4", "Administrative note", false));
  members.push_back(coded_member("category",
                                 "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
                                 "clinical-note", "Clinical Note", true));
  members.push_back(reference_member("subject", context.patient, Claim::yields));
  members.push_back(text_member("description", notice.text));
  members.push_back(content_member(notice));
  return members;
}

}  // namespace

Members new_document(const DesiredNotice& notice, const NoticePlace& place, const std::string& identifier_value,
                     const RenderContext& context) {
  Members members{text_member("resourceType", "DocumentReference"), text_member("status", "current"),
                  text_member("docStatus", "final")};
  for (Member& member : our_members(notice, place, identifier_value, context, {})) members.push_back(std::move(member));
  members.push_back(text_member("date", format_instant(context.authored_at)));
  return members;
}

Members changed_document(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                         JsonView current) {
  return our_members(notice, {"DocumentReference"}, notice_key, context, current);
}

Members retired_document(const std::string& close_reason) {
  return {text_member("status", "superseded"), text_member("description", close_reason)};
}

}  // namespace authledger
