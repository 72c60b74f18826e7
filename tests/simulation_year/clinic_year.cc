#include "tests/simulation_year/clinic_year.h"

#include <fmt/format.h>

#include "adapters/render.h"
#include "tests/support/site.h"

namespace authledger {
namespace {

const std::vector<std::string> kCodes = {"90837", "90837", "90834"};

// `json` without its closing brace, and more members.
std::string with_members(std::string json, const std::string& members) {
  json.pop_back();
  return json + "," + members + "}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace

std::string notice_key_of(JsonView resource) {
  for (JsonView identifier : resource["identifier"]) {
    if (identifier["system"].text().starts_with(kClinicIdentifierSystem + "/")) return identifier["value"].string();
  }
  return "";
}

void ClinicEhr::remember_put(JsonView resource) {
  if (is_closed(resource)) remember_removal(resource);
}

void ClinicEhr::remember_removal(JsonView resource) {
  if (std::string key = notice_key_of(resource); !key.empty()) closed_.insert(std::move(key));
}

ClinicYear::ClinicYear(Dice& dice, ClinicEhr& ehr, Day first_day, const ClinicHabits& habits)
    : dice_(dice), ehr_(ehr), habits_(habits), lived_(first_day) {
  const int count = habits_.patients > 0 ? habits_.patients : 2 + dice_.below(2);
  for (int i = 1; i <= count; ++i) {
    patients_.push_back(fmt::format("p{}", i));
    ehr_.put(patient_json(patients_.back()));
    ehr_.put(coverage_json("c" + patients_.back(), patients_.back(), "payer-1", format_day(first_day - 30)));
    approve(patients_.back(), first_day);
  }
}

void ClinicYear::live_until(Day today) {
  for (const std::string& patient : patients_) {
    for (Day day = lived_; day < today; day = day + 1 + dice_.below(12)) visit(patient, day);
    if (dice_.one_in(5)) approve(patient, today);
    if (dice_.one_in(3)) book(patient, today);
  }
  lived_ = today;
  keep_bookings(today);
  correct(today);
}

void ClinicYear::live_a_moment(Day today) {
  const std::string patient = dice_.one_of(patients_);
  if (dice_.one_in(2)) visit(patient, today - dice_.below(30));
  if (dice_.one_in(6)) approve(patient, today);
  if (dice_.one_in(4)) book(patient, today - 10);
  keep_bookings(today);
  correct(today);
}

void ClinicYear::correct(Day today) {
  if (dice_.one_in(2)) correct_a_visit();
  if (dice_.one_in(4)) correct_an_approval(today);
  if (dice_.one_in(12)) correct_a_coverage();
  if (dice_.one_in(10)) merge_or_part();
  if (dice_.one_in(4)) touch_a_notice();
}

// Early, on time, or late for days that have passed; now and then with a number that exists already.
void ClinicYear::approve(const std::string& patient, Day today) {
  Approval approval;
  const int id = ++next_id_;
  approval.id = fmt::format("r{}", id);
  approval.patient = patient;
  approval.number = fmt::format("AUTH-{}", id);
  approval.code = dice_.one_of(kCodes);
  approval.first_day = today - 40 + dice_.below(60);
  approval.last_day = approval.first_day + 20 + dice_.below(120);
  approval.units = 2 + dice_.below(14);
  if (dice_.one_in(8)) approval.action = "A4";
  if (dice_.one_in(12)) approval.action = "A3";
  put(approval);
  approvals_.push_back(approval);
}

void ClinicYear::book(const std::string& patient, Day today) {
  const Booking booking{fmt::format("a{}", ++next_id_), patient, dice_.one_of(kCodes), today + dice_.below(25)};
  put(booking, "booked");
  bookings_.push_back(booking);
}

void ClinicYear::visit(const std::string& patient, Day day) {
  const Visit visit{fmt::format("e{}", ++next_id_), patient, dice_.one_of(kCodes), "", day};
  put(visit, dice_.one_in(15) ? "in-progress" : "finished");
  visits_.push_back(visit);
}

void ClinicYear::keep_bookings(Day today) {
  for (Booking& booking : bookings_) {
    if (!booking.is_open || booking.day >= today) continue;
    booking.is_open = false;
    const std::string end = dice_.word({"fulfilled", "fulfilled", "fulfilled", "cancelled", "noshow", "booked"});
    if (end != "booked") put(booking, end);
    if (end != "fulfilled") continue;
    const Visit visit{fmt::format("e{}", ++next_id_), booking.patient, booking.code, booking.id, booking.day};
    put(visit);
    visits_.push_back(visit);
  }
}

void ClinicYear::correct_a_visit() {
  if (visits_.empty()) return;
  Visit& visit = visits_[static_cast<size_t>(dice_.below(static_cast<int>(visits_.size())))];
  if (visit.is_deleted) {
    visit.is_deleted = false;
    return put(visit);
  }
  switch (dice_.below(6)) {
    case 0:
      visit.code = visit.code == "90837" ? "90834" : "90837";
      return put(visit);
    case 1:
      return put(visit, "entered-in-error");
    case 2:
      return put(visit, "cancelled");
    case 3:
      visit.is_deleted = true;
      return ehr_.remove("Encounter", visit.id);
    case 4:  // The wrong patient.
      visit.patient = dice_.one_of(patients_);
      return put(visit);
    default:
      visit.day = visit.day - 3 + dice_.below(7);
      return put(visit);
  }
}

void ClinicYear::correct_an_approval(Day today) {
  Approval& approval = approvals_[static_cast<size_t>(dice_.below(static_cast<int>(approvals_.size())))];
  switch (dice_.below(5)) {
    case 0:  // Below what was used, perhaps.
      approval.units = 1 + dice_.below(4);
      break;
    case 1:
      approval.units += 1 + dice_.below(12);
      break;
    case 2:
      approval.last_day = std::max(approval.first_day, today - 20 + dice_.below(40));
      break;
    case 3:
      approval.action = approval.action == "A1" && habits_.cancels_approvals ? "C" : "A1";
      break;
    default:
      approval.action = "A1";
      approval.first_day = approval.first_day - dice_.below(60);
      break;
  }
  put(approval);
}

void ClinicYear::correct_a_coverage() {
  const std::string patient = dice_.one_of(patients_);
  const std::string end = dice_.one_in(2) ? "" : format_day(lived_ - 60 + dice_.below(90));
  ehr_.put(coverage_json("c" + patient, patient, "payer-1", format_day(lived_ - 400), end));
}

void ClinicYear::merge_or_part() {
  const std::string second = patient_json("p2");
  is_merged_ = !is_merged_;
  ehr_.put(is_merged_ ? with_members(second, R"("link":[{"type":"replaced-by","other":{"reference":"Patient/p1"}}])")
                      : second);
}

// Closed by hand, taken over, or removed; what stands of it is not ours any more.
void ClinicYear::touch_a_notice() {
  const std::string type = dice_.one_in(3) ? "Flag" : "Task";
  const std::vector<std::string> bodies = ehr_.bodies(type);
  if (bodies.empty()) return;
  const std::string body = dice_.one_of(bodies);
  const std::string open = type == "Flag" ? R"("status":"active")" : R"("status":"requested")";
  const std::string closed = type == "Flag" ? R"("status":"inactive")" : R"("status":"completed")";
  if (body.find(open) == std::string::npos) return;
  if (dice_.one_in(8)) {
    JsonDocument document;
    return ehr_.remove(type, document.parse(body).value()["id"].string());
  }
  if (dice_.one_in(2)) return ehr_.put(replaced(body, open, closed));
  if (type == "Flag") return;
  ehr_.put(replaced(body, open, R"("status":"in-progress","owner":{"reference":"Practitioner/dr-1"})"));
}

void ClinicYear::put(const Visit& visit, const std::string& status) {
  std::string json = encounter_json(visit.id, visit.patient, visit.code, format_day(visit.day), status);
  if (!visit.appointment.empty()) {
    json = with_members(json, fmt::format(R"("appointment":[{{"reference":"Appointment/{}"}}])", visit.appointment));
  }
  ehr_.put(json);
}

void ClinicYear::put(const Booking& booking, const std::string& status) {
  ehr_.put(appointment_json(booking.id, booking.patient, booking.code, format_day(booking.day), status));
}

void ClinicYear::put(const Approval& approval) {
  ApprovedLine line;
  line.id = approval.id;
  line.patient = approval.patient;
  line.number = approval.number;
  line.code = approval.code;
  line.first_day = format_day(approval.first_day);
  line.last_day = format_day(approval.last_day);
  line.review_action = approval.action;
  line.units = approval.units;
  ehr_.put(claim_response_json(line));
}

}  // namespace authledger
