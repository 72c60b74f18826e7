#include "bench/workload.h"

#include <fmt/format.h>

#include <fstream>
#include <random>

#include "base/day.h"

namespace authledger {
namespace {

constexpr int kAppointmentsPerPatient = 2;
constexpr const char* kCodes[] = {"90837", "90834", "90832", "90847", "H0015"};
const Day kFirstDay = day_of(2026, 1, 5);

std::string meta() {
  return R"("meta":{"versionId":"1","lastUpdated":"2026-06-01T12:00:00Z"})";
}

std::string claim(int p, const std::string& code, int units, const std::string& last_day) {
  return fmt::format(
      R"({{"resourceType":"Claim","id":"c{0}",{1},"status":"active","use":"preauthorization","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}}]}},"patient":{{"reference":"Patient/p{0}"}},"created":"2026-01-02","insurer":{{"reference":"Organization/payer-{4}"}},"provider":{{"reference":"Organization/clinic"}},"priority":{{"coding":[{{"code":"normal"}}]}},"insurance":[{{"sequence":1,"focal":true,"coverage":{{"reference":"Coverage/v{0}"}}}}],"item":[{{"sequence":1,"productOrService":{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"{2}"}}]}},"quantity":{{"value":{3}}},"servicedPeriod":{{"start":"2026-01-05","end":"{5}"}}}}]}})",
      p, meta(), code, units, p % 6, last_day);
}

std::string claim_response(int p, const std::string& code, int units, const std::string& last_day) {
  return fmt::format(
      R"({{"resourceType":"ClaimResponse","id":"r{0}",{1},"status":"active","use":"preauthorization","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}}]}},"patient":{{"reference":"Patient/p{0}"}},"created":"2026-01-03","insurer":{{"reference":"Organization/payer-{4}"}},"request":{{"reference":"Claim/c{0}"}},"outcome":"complete","item":[{{"itemSequence":1,"extension":[{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemPreAuthPeriod","valuePeriod":{{"start":"2026-01-05","end":"{5}"}}}},{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemAuthorizedDetail","extension":[{{"url":"productOrServiceCode","valueCodeableConcept":{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"{2}"}}]}}}},{{"url":"quantity","valueQuantity":{{"value":{3}}}}}]}}],"adjudication":[{{"category":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted"}}]}},"extension":[{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction","extension":[{{"url":"number","valueString":"AUTH{0}"}},{{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewActionCode","valueCodeableConcept":{{"coding":[{{"system":"https://codesystem.x12.org/005010/306","code":"A1"}}]}}}}]}}]}}]}}]}})",
      p, meta(), code, units, p % 6, last_day);
}

std::string encounter(int p, int n, const std::string& code, Day day) {
  return fmt::format(
      R"({{"resourceType":"Encounter","id":"e{0}-{1}",{2},"status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"type":[{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"{3}"}}]}}],"subject":{{"reference":"Patient/p{0}"}},"participant":[{{"individual":{{"reference":"Practitioner/d{4}"}}}}],"period":{{"start":"{5}T10:00:00-05:00","end":"{5}T11:00:00-05:00"}}}})",
      p, n, meta(), code, p % 10, format_day(day));
}

std::string appointment(int p, int n, Day day) {
  return fmt::format(
      R"({{"resourceType":"Appointment","id":"a{0}-{1}",{2},"status":"booked","start":"{3}T15:00:00Z","end":"{3}T16:00:00Z","participant":[{{"actor":{{"reference":"Patient/p{0}"}},"status":"accepted"}},{{"actor":{{"reference":"Practitioner/d{4}"}},"status":"accepted"}}]}})",
      p, n, meta(), format_day(day), p % 10);
}

}  // namespace

int64_t write_workload(const std::string& file, int patients, unsigned seed, const WorkloadShape& shape,
                       int first_patient) {
  std::mt19937 random(seed);
  std::ofstream out(file);
  int64_t count = 0;
  auto write = [&](const std::string& resource) {
    out << resource << '\n';
    ++count;
  };
  for (int p = first_patient; p < first_patient + patients; ++p) {
    std::string code = kCodes[random() % std::size(kCodes)];
    int units = shape.units_min + static_cast<int>(random() % 8);
    const bool ends_early = shape.ends_early_in > 0 && p % shape.ends_early_in == 0;
    const std::string& last_day = ends_early ? shape.early_end : shape.year_end;
    write(fmt::format(
        R"({{"resourceType":"Patient","id":"p{0}",{1},"active":true,"identifier":[{{"system":"urn:mrn","value":"m{0}"}}],"name":[{{"family":"Sample","given":["P{0}"]}}]}})",
        p, meta()));
    write(fmt::format(
        R"({{"resourceType":"Coverage","id":"v{0}",{1},"status":"active","subscriberId":"S{0}","beneficiary":{{"reference":"Patient/p{0}"}},"period":{{"start":"2026-01-01"}},"payor":[{{"reference":"Organization/payer-{2}"}}]}})",
        p, meta(), p % 6));
    write(claim(p, code, units, last_day));
    write(claim_response(p, code, units, last_day));
    for (int n = 0; n < shape.encounters; ++n) {
      write(encounter(p, n, code, kFirstDay + n * 7 + static_cast<int>(random() % 5)));
    }
    for (int n = 0; n < kAppointmentsPerPatient; ++n) write(appointment(p, n, day_of(2026, 12, 1) + n * 7));
  }
  return count;
}

}  // namespace authledger
