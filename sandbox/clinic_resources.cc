#include "sandbox/clinic_resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace authledger {
namespace {

constexpr std::string_view kCpt = "http://www.ama-assn.org/go/cpt";
constexpr std::string_view kHcpcs = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";

constexpr auto kServiceCodes = std::to_array<ServiceCode>({
    {"90791", kCpt, "Psychiatric evaluation", 60, false, ""},
    {"90834", kCpt, "Psychotherapy, 45 minutes", 45, false, ""},
    {"90837", kCpt, "Psychotherapy, 60 minutes", 60, false, ""},
    {"90853", kCpt, "Group psychotherapy", 60, false, ""},
    {"99213", kCpt, "Medication management, low complexity", 20, false, ""},
    {"99214", kCpt, "Medication management, moderate complexity", 30, false, ""},
    {"H0015", kHcpcs, "Intensive outpatient program, alcohol or drugs", 180, true, "0906"},
    {"S9480", kHcpcs, "Intensive outpatient program, psychiatric", 180, true, "0905"},
    {"H0035", kHcpcs, "Partial hospitalization program", 300, true, "0913"},
});

// Coverage.period of everyone starts here: long before any visit.
constexpr std::string_view kCoverageStart = "2024-01-01";

constexpr std::string_view kOrganization = R"({"resourceType":"Organization","id":"@id@","active":true,
  "identifier":[{"system":"urn:example:organization","value":"@id@"}],
  "type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/organization-type","code":"@type@"}]}],
  "name":"@name@"})";

constexpr std::string_view kPractitioner = R"({"resourceType":"Practitioner","id":"@id@","active":true,
  "identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"@npi@"}],
  "name":[{"use":"official","family":"@family@","given":["@given@"],"prefix":["Dr."]}]})";

constexpr std::string_view kPatient = R"({"resourceType":"Patient","id":"@id@","active":true,
  "identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},
    "system":"urn:example:clinic:mrn","value":"MRN-@id@"}],
  "name":[{"use":"official","family":"@family@","given":["@given@"]}],"gender":"unknown",
  "birthDate":"@birth_year@-06-15"})";

constexpr std::string_view kCoverage = R"({"resourceType":"Coverage","id":"@id@-coverage","status":"active",
  "identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"}]},
    "system":"urn:example:payer-@payer@:member","value":"@member@"}],
  "type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIP"}]},
  "subscriber":{"reference":"Patient/@id@"},"subscriberId":"@member@","beneficiary":{"reference":"Patient/@id@"},
  "relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"self"}]},
  "period":{"start":"@start@"},"payor":[{"reference":"Organization/payer-@payer@"}],
  "class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},
    "value":"plan-@payer@"}],"order":1})";

constexpr std::string_view kEncounter = R"({"resourceType":"Encounter","id":"@id@","status":"finished",
  "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"ambulatory"},
  "type":[@code@],"subject":{"reference":"Patient/@patient@"},@links@
  "participant":[{"individual":{"reference":"Practitioner/@clinician@"}}],
  "period":{"start":"@start@","end":"@end@"},"serviceProvider":{"reference":"Organization/clinic"}})";

constexpr std::string_view kAppointment = R"({"resourceType":"Appointment","id":"@id@","status":"@status@",
  "serviceType":[@code@],@links@"start":"@start@","end":"@end@","minutesDuration":@minutes@,
  "participant":[{"actor":{"reference":"Patient/@patient@"},"status":"accepted"},
    {"actor":{"reference":"Practitioner/@clinician@"},"status":"accepted"}]})";

std::string clinician_id(int clinician) {
  return fmt::format("clinician-{:02}", clinician);
}

std::string codeable_concept(std::string_view code) {
  const ServiceCode& service = service_code(code);
  return fmt::format(R"({{"coding":[{{"system":"{}","code":"{}","display":"{}"}}]}})", service.system, service.code,
                     service.display);
}

}  // namespace

const ServiceCode& service_code(std::string_view code) {
  const auto found = std::find_if(kServiceCodes.begin(), kServiceCodes.end(),
                                  [&](const ServiceCode& service) { return service.code == code; });
  AUTHLEDGER_CHECK(found != kServiceCodes.end());
  return *found;
}

std::string member_id(const ClinicPatient& patient) {
  return "M-" + upper_case(patient.id);
}

// Replaces @name@ by the field of that name, and brings the result into one line.
void ClinicResources::add(std::string_view json_template, const Fields& fields) {
  std::string text;
  while (!json_template.empty()) {
    const size_t mark = json_template.find('@');
    text += json_template.substr(0, mark);
    if (mark == json_template.npos) break;
    const size_t end = json_template.find('@', mark + 1);
    const std::string_view name = json_template.substr(mark + 1, end - mark - 1);
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.first == name; });
    AUTHLEDGER_CHECK(field != fields.end());
    text += field->second;
    json_template.remove_prefix(end + 1);
  }
  JsonDocument document;
  const auto parsed = document.parse(text);
  AUTHLEDGER_CHECK(parsed.ok());
  ndjson_ += to_json_text(*parsed) + "\n";
}

std::string ClinicResources::local_time(Day day, int minute_of_day) const {
  // No visit lies in the night of a change to or from daylight saving time, so midnight's offset holds all day.
  const auto utc_midnight = Instant(std::chrono::hours(24) * int64_t{day.number});
  const auto offset = std::chrono::duration_cast<std::chrono::minutes>(utc_midnight - zone_.start_of(day)).count();
  return fmt::format("{}T{:02}:{:02}:00{}{:02}:{:02}", format_day(day), minute_of_day / 60, minute_of_day % 60,
                     offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
}

void ClinicResources::add_clinic() {
  constexpr std::array<std::string_view, 6> kPayers = {"Examplecare Health Plan",    "Mockingbird Mutual",
                                                       "Placeholder Blue Fictional", "Sample State Medicaid",
                                                       "Testland Behavioral",        "Demo Advantage"};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kClinicians = {{{"Ada", "Examplar"},
                                                                                          {"Ben", "Testwell"},
                                                                                          {"Cleo", "Mockford"},
                                                                                          {"Dan", "Sampleby"},
                                                                                          {"Eve", "Fixture"},
                                                                                          {"Finn", "Stubbington"},
                                                                                          {"Gia", "Demowitz"},
                                                                                          {"Hal", "Simmons-Test"},
                                                                                          {"Ivy", "Placeholt"},
                                                                                          {"Joe", "Dummett"}}};
  add(kOrganization, {{"id", "clinic"}, {"type", "prov"}, {"name", "Fictional Behavioral Health Clinic"}});
  for (size_t i = 0; i < kPayers.size(); ++i) {
    add(kOrganization, {{"id", fmt::format("payer-{}", i + 1)}, {"type", "pay"}, {"name", std::string(kPayers[i])}});
  }
  for (size_t i = 0; i < kClinicians.size(); ++i) {
    add(kPractitioner, {{"id", clinician_id(static_cast<int>(i) + 1)},
                        {"npi", fmt::format("99990000{:02}", i + 1)},
                        {"given", std::string(kClinicians[i].first)},
                        {"family", std::string(kClinicians[i].second)}});
  }
}

void ClinicResources::add_patient(const ClinicPatient& patient) {
  add(kPatient, {{"id", patient.id},
                 {"given", patient.given},
                 {"family", patient.family},
                 {"birth_year", std::to_string(patient.birth_year)}});
  add(kCoverage, {{"id", patient.id},
                  {"payer", std::to_string(patient.payer)},
                  {"member", member_id(patient)},
                  {"start", std::string(kCoverageStart)}});
}

void ClinicResources::add_encounter(const ClinicVisit& visit) {
  std::string links;
  if (!visit.order.empty()) links += fmt::format(R"("basedOn":[{{"reference":"ServiceRequest/{}"}}],)", visit.order);
  if (!visit.appointment.empty()) {
    links += fmt::format(R"("appointment":[{{"reference":"Appointment/{}"}}],)", visit.appointment);
  }
  const int start = visit.hour * 60;
  add(kEncounter, {{"id", visit.id},
                   {"code", codeable_concept(visit.code)},
                   {"patient", visit.patient},
                   {"links", links},
                   {"clinician", clinician_id(visit.clinician)},
                   {"start", local_time(visit.day, start)},
                   {"end", local_time(visit.day, start + service_code(visit.code).minutes)}});
}

void ClinicResources::add_appointment(const ClinicVisit& visit, std::string_view status) {
  const int start = visit.hour * 60, minutes = service_code(visit.code).minutes;
  std::string links;
  if (!visit.order.empty()) links = fmt::format(R"("basedOn":[{{"reference":"ServiceRequest/{}"}}],)", visit.order);
  add(kAppointment, {{"id", visit.id},
                     {"status", std::string(status)},
                     {"code", codeable_concept(visit.code)},
                     {"links", links},
                     {"start", local_time(visit.day, start)},
                     {"end", local_time(visit.day, start + minutes)},
                     {"minutes", std::to_string(minutes)},
                     {"patient", visit.patient},
                     {"clinician", clinician_id(visit.clinician)}});
}

}  // namespace authledger
