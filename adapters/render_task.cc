#include <optional>

#include "adapters/render_types.h"
#include "base/check.h"

// FHIR R4 Task; FHIR_FACTS e. Worklists show description, priority and the due date of restriction.period.

namespace authledger {

NoticeCode code_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::expiring:
      return {"auth-expiring", "Authorization ends soon"};
    case NoticeKind::units_low:
      return {"auth-units-low", "Authorization units are low"};
    case NoticeKind::exhausted:
      return {"auth-exhausted", "Authorization is used up"};
    case NoticeKind::booked_beyond:
      return {"auth-booked-beyond", "Visits are booked beyond the authorization"};
    case NoticeKind::uncovered_service:
      return {"auth-missing", "A service has no authorization"};
    case NoticeKind::decision_overdue:
      return {"auth-pended-overdue", "A payer's decision is overdue"};
    case NoticeKind::count_differs:
      return {"auth-count-differs", "The payer counts more units used"};
    case NoticeKind::submit:
      return {"auth-submit", "An authorization is to be requested"};
    case NoticeKind::conflict:
      return {"auth-conflict", "Sources state different things of an authorization"};
    case NoticeKind::letter_changed:
      return {"auth-letter-changed", "A letter of an authorization was replaced"};
    case NoticeKind::benefit_low:
      return {"benefit-low", "A benefit of the plan is nearly used up"};
    case NoticeKind::update_due:
      return {"auth-update-due", "The record is needed for a renewal"};
    case NoticeKind::utilization:
      return {"auth-utilization", "How much of an authorization is used"};
    case NoticeKind::benefit_for_patient:
      break;
  }
  AUTHLEDGER_CHECK(false && "what goes to the patient has no code for staff");
}

namespace {

const char* priority_of(int severity) {
  if (severity >= 3) return "asap";
  return severity == 2 ? "urgent" : "routine";
}

// By its reference where the delivering endpoint holds it, elsewhere by its number. Neither: none.
std::optional<Member> focus_member(const DesiredNotice& notice, const RenderContext& context) {
  if (!notice.focus.empty() && notice.focus_source == context.source) return reference_member("focus", notice.focus);
  if (notice.authorization_number.empty()) return std::nullopt;
  return Member{"focus", [number = notice.authorization_number](JsonWriter& writer) {
                  writer.begin_object().key("identifier").begin_object().member("value", number).end_object();
                  writer.member("display", "Authorization " + number).end_object();
                }};
}

// For whom it is, where a worklist is kept by role.
Member performer_member(Role role, const std::string& system) {
  return {"performerType", [code = std::string(word_of(role)), system](JsonWriter& writer) {
            writer.begin_array().begin_object().key("coding").begin_array().begin_object();
            writer.member("system", system).member("code", code).end_object().end_array().end_object().end_array();
          }};
}

// Repetitions and recipients that a person set stay.
Member restriction_member(Day due_day) {
  return {"restriction",
          [due = format_day(due_day)](JsonWriter& writer) { writer.begin_object().member("end", due).end_object(); },
          Claim::ours, "period"};
}

Members our_members(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                    JsonView current) {
  const NoticeCode code = code_of(notice.kind);
  Members members = own_members({"Task"}, notice_key, context, current);
  members.push_back(text_member("priority", priority_of(notice.severity)));
  members.push_back(concept_member("code", context.identifier_system + "/CodeSystem/notice", code.code, code.text));
  members.push_back(text_member("description", notice.text));
  if (auto focus = focus_member(notice, context)) members.push_back(*std::move(focus));
  members.push_back(reference_member("for", context.patient, Claim::yields));
  if (notice.role != Role::none) {
    members.push_back(performer_member(notice.role, context.identifier_system + "/CodeSystem/role"));
  }
  if (notice.due_day) members.push_back(restriction_member(*notice.due_day));
  const std::string owner = owner_of(notice, context);
  if (!owner.empty()) members.push_back(reference_member("owner", owner, Claim::yields));
  return members;
}

}  // namespace

Members new_task(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context) {
  Members members{text_member("resourceType", "Task")};
  for (Member& member : our_members(notice, notice_key, context, {})) members.push_back(std::move(member));
  members.push_back(text_member("status", "requested"));
  members.push_back(text_member("intent", "order"));
  members.push_back(text_member("authoredOn", format_instant(context.authored_at)));
  return members;
}

Members changed_task(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                     JsonView current) {
  return our_members(notice, notice_key, context, current);
}

Members retired_task(const std::string& close_reason) {
  return {text_member("status", "cancelled"), status_reason_member(close_reason)};
}

}  // namespace authledger
