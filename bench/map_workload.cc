#include "bench/map_workload.h"

#include <fmt/format.h>

#include <array>
#include <random>
#include <string_view>

namespace authledger {
namespace {

using Random = std::mt19937_64;

constexpr std::array kCodes = {"90837", "90834", "90832", "90847", "90853", "H0015", "97110", "97530"};
constexpr std::array kDecisions = {"A1", "A1", "A1", "A2", "A3", "A4", "A6"};
constexpr std::array kDiagnoses = {"F32.1", "F41.1", "F43.10", "F10.20", "M54.5"};
constexpr std::string_view kCpt = "http://www.ama-assn.org/go/cpt";
constexpr std::string_view kPas = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/";
constexpr std::string_view kTerminology = "http://terminology.hl7.org/CodeSystem/";

template <size_t N>
std::string_view one_of(const std::array<const char*, N>& words, Random& random) {
  return words[random() % N];
}

std::string day(Random& random) {
  return fmt::format("2026-{:02}-{:02}", 1 + random() % 12, 1 + random() % 28);
}

std::string meta(std::string_view profile, Random& random) {
  return fmt::format(
      R"("meta":{{"versionId":"{}","lastUpdated":"{}T12:{:02}:00.000Z","source":"urn:uuid:5b7f0c1e-0000-4000-8000-{:012x}","profile":["{}"]}})",
      1 + random() % 9, day(random), random() % 60, random() & 0xFFFFFFFFFFFF, profile);
}

std::string narrative(std::string_view text) {
  return fmt::format(
      R"("text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{}</p></div>"}})", text);
}

std::string item(int sequence, int64_t number, Random& random) {
  std::string_view code = one_of(kCodes, random);
  return fmt::format(
      R"({{"extension":[{{"url":"{0}extension-itemTraceNumber","valueIdentifier":{{"system":"http://payer.example.org/trace","value":"{1}{2:06}"}}}},)"
      R"({{"url":"{0}extension-itemPreAuthIssueDate","valueDate":"{3}"}},)"
      R"({{"url":"{0}extension-itemPreAuthPeriod","valuePeriod":{{"start":"{4}","end":"2027-{5:02}-28"}}}},)"
      R"({{"url":"{0}extension-itemAuthorizedDetail","extension":[{{"url":"productOrServiceCode","valueCodeableConcept":{{"coding":[{{"system":"{6}","code":"{7}","display":"Service {7} as authorized"}}]}}}},)"
      R"({{"url":"unitPrice","valueMoney":{{"value":{8}.50,"currency":"USD"}}}},{{"url":"quantity","valueQuantity":{{"value":{9},"unit":"visit","system":"http://unitsofmeasure.org","code":"{{visit}}"}}}}]}},)"
      R"({{"url":"{0}extension-itemAuthorizedProvider","extension":[{{"url":"providerType","valueCodeableConcept":{{"coding":[{{"system":"https://codesystem.x12.org/005010/98","code":"SJ"}}]}}}},{{"url":"provider","valueReference":{{"reference":"Practitioner/d{10}"}}}}]}}],)"
      R"("itemSequence":{1},"noteNumber":[1],"adjudication":[{{"extension":[{{"url":"{0}extension-reviewAction","extension":[{{"url":"number","valueString":"AUTH{2:06}-{1}"}},)"
      R"({{"url":"{0}extension-reviewActionCode","valueCodeableConcept":{{"coding":[{{"system":"https://codesystem.x12.org/005010/306","code":"{11}","display":"As reviewed"}}]}}}}]}}],)"
      R"("category":{{"coding":[{{"system":"{12}adjudication","code":"submitted"}}]}}}}]}})",
      kPas, sequence, number, day(random), day(random), 1 + random() % 12, kCpt, code, 80 + random() % 120,
      1 + random() % 40, random() % 500, one_of(kDecisions, random), kTerminology);
}

std::string claim_response(int64_t n, Random& random) {
  std::string items;
  size_t count = 1 + random() % 2;
  for (size_t i = 1; i <= count; ++i) items += (i == 1 ? "" : ",") + item(static_cast<int>(i), n, random);
  return fmt::format(
      R"({{"resourceType":"ClaimResponse","id":"r{0}",{1},{2},"identifier":[{{"system":"http://payer.example.org/response","value":"R{0:08}"}}],"status":"active",)"
      R"("type":{{"coding":[{{"system":"{3}claim-type","code":"professional","display":"Professional"}}]}},"use":"{4}","patient":{{"reference":"Patient/p{5}"}},"created":"{6}T09:{7:02}:00-05:00",)"
      R"("insurer":{{"reference":"Organization/payer-{8}"}},"requestor":{{"reference":"Organization/clinic-{9}"}},"request":{{"reference":"Claim/c{0}"}},"outcome":"complete","disposition":"Reviewed as requested",)"
      R"("preAuthRef":"AUTH{0:06}","item":[{10}],"processNote":[{{"number":1,"type":"display","text":"Please keep this answer with the order; a renewal needs a new request before the last day."}}],)"
      R"("communicationRequest":[{{"reference":"CommunicationRequest/q{0}"}}],"insurance":[{{"sequence":1,"focal":true,"coverage":{{"reference":"Coverage/v{5}"}}}}]}})",
      n, meta(fmt::format("{}profile-claimresponse", kPas), random),
      narrative("Answer to a prior authorization request."), kTerminology,
      random() % 20 == 0 ? "claim" : "preauthorization", n % 5000, day(random), random() % 60, n % 6, n % 11, items);
}

std::string coverage(int64_t n, Random& random) {
  return fmt::format(
      R"({{"resourceType":"Coverage","id":"v{0}",{1},"identifier":[{{"type":{{"coding":[{{"system":"{2}v2-0203","code":"MB"}}]}},"system":"http://payer.example.org/member","value":"M{0:08}"}}],"status":"active",)"
      R"("type":{{"coding":[{{"system":"{2}v3-ActCode","code":"{3}"}}],"text":"Group coverage"}},"policyHolder":{{"reference":"Patient/p{4}"}},"subscriber":{{"reference":"Patient/p{4}"}},"subscriberId":"S{0:08}",)"
      R"("beneficiary":{{"reference":"Patient/p{4}"}},"dependent":"0","relationship":{{"coding":[{{"system":"{2}subscriber-relationship","code":"self"}}]}},"period":{{"start":"2026-01-01"{5}}},)"
      R"("payor":[{{"reference":"Organization/payer-{6}","display":"Sample Payer {6}"}}],"class":[{{"type":{{"coding":[{{"system":"{2}coverage-class","code":"group"}}]}},"value":"G{7}","name":"Employer group"}},)"
      R"({{"type":{{"coding":[{{"system":"{2}coverage-class","code":"plan"}}]}},"value":"PLAN-{8}","name":"Silver"}}],"order":{9},"network":"Sample network"}})",
      n, meta("http://hl7.org/fhir/us/core/StructureDefinition/us-core-coverage", random), kTerminology,
      random() % 2 ? "EHCPOL" : "PUBLICPOL", n % 5000, random() % 3 ? "" : R"(,"end":"2026-12-31")", n % 6,
      random() % 900, random() % 40, 1 + random() % 2);
}

std::string service_request(int64_t n, Random& random) {
  std::string_view code = one_of(kCodes, random);
  return fmt::format(
      R"({{"resourceType":"ServiceRequest","id":"s{0}",{1},"identifier":[{{"type":{{"coding":[{{"system":"{2}v2-0203","code":"FILL"}}]}},"value":"F{0}"}},{{"type":{{"coding":[{{"system":"{2}v2-0203","code":"PLAC"}}]}},"system":"http://ehr.example.org/order","value":"O{0:08}"}}],)"
      R"("status":"{3}","intent":"order","category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"386053000"}}]}}],"priority":"{4}","code":{{"coding":[{{"system":"http://snomed.info/sct","code":"76168009","display":"Group psychotherapy"}},{{"system":"{5}","code":"{6}","display":"Service {6}"}}],"text":"Therapy"}},)"
      R"("quantityQuantity":{{"value":{7},"unit":"visit"}},"subject":{{"reference":"Patient/p{8}"}},"encounter":{{"reference":"Encounter/e{0}"}},"occurrencePeriod":{{"start":"{9}","end":"2027-{10:02}-15"}},"authoredOn":"{11}T08:{12:02}:00-05:00",)"
      R"("requester":{{"reference":"Practitioner/d{13}"}},"reasonCode":[{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"{14}"}}]}}],"insurance":[{{"reference":"Coverage/v{8}"}}],"note":[{{"text":"Weekly sessions"}}]}})",
      n, meta("http://hl7.org/fhir/us/core/StructureDefinition/us-core-servicerequest", random), kTerminology,
      random() % 10 == 0 ? "draft" : "active", random() % 5 == 0 ? "urgent" : "routine", kCpt, code, 1 + random() % 40,
      n % 5000, day(random), 1 + random() % 12, day(random), random() % 60, random() % 500, one_of(kDiagnoses, random));
}

std::string encounter(int64_t n, Random& random) {
  std::string on = day(random);
  int hour = 8 + static_cast<int>(random() % 9);
  return fmt::format(
      R"({{"resourceType":"Encounter","id":"e{0}",{1},"identifier":[{{"system":"http://ehr.example.org/visit","value":"V{0:08}"}}],"status":"{2}","class":{{"system":"{3}v3-ActCode","code":"AMB","display":"ambulatory"}},)"
      R"("type":[{{"coding":[{{"system":"http://snomed.info/sct","code":"185349003"}},{{"system":"{4}","code":"{5}"}}],"text":"Session"}}],"serviceType":{{"coding":[{{"system":"{3}service-type","code":"{6}"}}]}},"subject":{{"reference":"Patient/p{7}"}},"basedOn":[{{"reference":"ServiceRequest/s{0}"}}],)"
      R"("participant":[{{"type":[{{"coding":[{{"system":"{3}v3-ParticipationType","code":"REF"}}]}}],"individual":{{"reference":"Practitioner/d{8}"}}}},{{"type":[{{"coding":[{{"system":"{3}v3-ParticipationType","code":"ATND"}}]}}],"individual":{{"reference":"Practitioner/d{9}"}}}}],)"
      R"("period":{{"start":"{10}T{11:02}:00:00-05:00","end":"{10}T{11:02}:53:00-05:00"}},"reasonCode":[{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"{12}"}}]}}],"location":[{{"location":{{"reference":"Location/l{13}"}}}}],"serviceProvider":{{"reference":"Organization/clinic-{14}"}}}})",
      n, meta("http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter", random),
      random() % 12 == 0 ? "cancelled" : "finished", kTerminology, kCpt, one_of(kCodes, random), 100 + random() % 80,
      n % 5000, random() % 500, random() % 500, on, hour, one_of(kDiagnoses, random), random() % 20, n % 11);
}

}  // namespace

std::string mapping_resource(int64_t index, unsigned seed) {
  Random random((static_cast<uint64_t>(seed) << 40) ^ static_cast<uint64_t>(index));
  switch (index % 5) {
    case 0:
      return coverage(index, random);
    case 1:
      return service_request(index, random);
    case 2:
      return encounter(index, random);
    default:
      return claim_response(index, random);
  }
}

}  // namespace authledger
