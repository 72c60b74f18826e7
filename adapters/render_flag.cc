#include "adapters/render_types.h"

// FHIR R4 Flag; FHIR_FACTS e. EHR banners show code.text and hide a Flag by its period and status.

namespace authledger {
namespace {

// The Flag outlives the authorization so that late visits and a lapsed rest stay visible.
constexpr int kFlagGraceDays = 30;

Member category_member() {
  return {"category", [](JsonWriter& writer) {
            writer.begin_array().begin_object().key("coding").begin_array().begin_object();
            writer.member("system", "http://terminology.hl7.org/CodeSystem/flag-category");
            writer.member("code", "admin").member("display", "Administrative");
            writer.end_object().end_array().end_object().end_array();
          }};
}

Member period_member(std::string start, std::string end) {
  return {"period", [start = std::move(start), end = std::move(end)](JsonWriter& writer) {
            writer.begin_object();
            if (!start.empty()) writer.member("start", start);
            if (!end.empty()) writer.member("end", end);
            writer.end_object();
          }};
}

// Source: R4 Period, per-1: start <= end. It is not true of an instant and the day that holds it, so a Flag that is
// made on or after its last day ends on the day after.
std::string end_of(const DesiredNotice& notice, const std::string& start) {
  if (!notice.last_day) return {};
  Day end = *notice.last_day + kFlagGraceDays;
  const auto start_day = parse_day(std::string_view(start).substr(0, 10));
  if (start_day && end <= *start_day) end = *start_day + 1;
  return format_day(end);
}

Members our_members(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                    JsonView current) {
  Members members = own_members({"Flag"}, notice_key, context, current);
  members.push_back(category_member());
  members.push_back(
      concept_member("code", context.identifier_system + "/CodeSystem/notice", code_of(notice.kind).code, notice.text));
  members.push_back(reference_member("subject", context.patient, Claim::yields));
  return members;
}

}  // namespace

Members new_flag(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context) {
  Members members{text_member("resourceType", "Flag")};
  for (Member& member : our_members(notice, notice_key, context, {})) members.push_back(std::move(member));
  members.push_back(text_member("status", "active"));
  const std::string start = format_instant(context.authored_at);
  members.push_back(period_member(start, end_of(notice, start)));
  return members;
}

Members changed_flag(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                     JsonView current) {
  Members members = our_members(notice, notice_key, context, current);
  std::string start = current["period"]["start"].string();
  if (start.empty()) start = format_instant(context.authored_at);
  const std::string end = end_of(notice, start);
  if (!end.empty())
    members.push_back({"period", [end](JsonWriter& writer) { writer.string(end); }, Claim::ours, "end"});
  return members;
}

Members retired_flag(JsonView current, Instant now) {
  // A period must not end before it starts, also when the clocks of two machines differ.
  const std::string start = current["period"]["start"].string();
  const auto started_at = parse_instant(start);
  const Instant ended_at = started_at && *started_at > now ? *started_at : now;
  return {text_member("status", "inactive"), period_member(start, format_instant(ended_at))};
}

}  // namespace authledger
