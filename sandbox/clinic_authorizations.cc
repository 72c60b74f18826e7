#include <fmt/format.h>

#include "sandbox/clinic_resources.h"

// Requests and decisions. Sources: Da Vinci PAS 2.x (profile-claim, profile-claimresponse), PDex 2.x
// (pdex-priorauthorization).

namespace authledger {
namespace {

constexpr std::string_view kOrder = R"({"resourceType":"ServiceRequest","id":"@id@-order","status":"active",
  "intent":"order","code":@code@,"quantityQuantity":{"value":@quantity@},"subject":{"reference":"Patient/@patient@"},
  "authoredOn":"@requested@","requester":{"reference":"Practitioner/@clinician@"},
  "insurance":[{"reference":"Coverage/@patient@-coverage"}]})";

constexpr std::string_view kRequest = R"({"resourceType":"Claim","id":"@id@-request",
  "meta":{"profile":["http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-claim"]},
  "identifier":[{"system":"urn:example:clinic:request","value":"@id@"}],"status":"active","type":@type@,
  "use":"preauthorization","patient":{"reference":"Patient/@patient@"},"created":"@requested@",
  "insurer":{"reference":"Organization/payer-@payer@"},"provider":{"reference":"Organization/clinic"},
  "priority":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}]},
  "careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/@clinician@"}}],
  "insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/@patient@-coverage"}}],
  "item":[@items@]})";

constexpr std::string_view kResponse = R"({"resourceType":"ClaimResponse","id":"@id@-response",
  "meta":{"profile":["http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-claimresponse"]},@reference_number@
  "identifier":[{"system":"urn:example:payer-@payer@:response","value":"@id@"}],"status":"active","type":@type@,
  "use":"preauthorization","patient":{"reference":"Patient/@patient@"},"created":"@decided@",
  "insurer":{"reference":"Organization/payer-@payer@"},"requestor":{"reference":"Organization/clinic"},
  "request":{"reference":"Claim/@id@-request"},"outcome":"complete",@period@"item":[@items@]@add_item@})";

constexpr std::string_view kExplanation = R"({"resourceType":"ExplanationOfBenefit","id":"@id@-explanation",
  "meta":{"profile":["http://hl7.org/fhir/us/davinci-pdex/StructureDefinition/pdex-priorauthorization"]},
  "identifier":[{"system":"urn:example:payer-@payer@:explanation","value":"@id@"}],"status":"active","type":@type@,
  "use":"preauthorization","patient":{"reference":"Patient/@patient@"},"created":"@decided@",
  "insurer":{"reference":"Organization/payer-@payer@"},"provider":{"reference":"Organization/clinic"},
  "outcome":"complete","preAuthRef":["@number@"],"preAuthRefPeriod":[{"start":"@first@","end":"@last@"}],
  "insurance":[{"focal":true,"coverage":{"reference":"Coverage/@patient@-coverage"}}],"item":[@items@]})";

constexpr std::string_view kPas = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/";
constexpr std::string_view kDiscriminator =
    "http://hl7.org/fhir/us/davinci-pdex/CodeSystem/PDexAdjudicationDiscriminator";

std::string service_concept(std::string_view code) {
  const ServiceCode& service = service_code(code);
  return fmt::format(R"({{"coding":[{{"system":"{}","code":"{}"}}]}})", service.system, service.code);
}

// X12 673 quantity units: DY days, VS visits.
std::string quantity(std::string_view code, int value) {
  return fmt::format(R"({{"value":{},"system":"https://codesystem.x12.org/005010/673","code":"{}"}})", value,
                     service_code(code).per_diem ? "DY" : "VS");
}

std::string claim_type(std::string_view code) {
  return fmt::format(R"({{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"{}"}}]}})",
                     service_code(code).per_diem ? "institutional" : "professional");
}

std::string period(const ClinicAuthorization& authorization) {
  return fmt::format(R"({{"start":"{}","end":"{}"}})", format_day(authorization.first_day),
                     format_day(authorization.last_day));
}

std::string revenue_member(std::string_view code) {
  const ServiceCode& service = service_code(code);
  if (service.revenue.empty()) return "";
  return fmt::format(
      R"("revenue":{{"coding":[{{"system":"https://www.nubc.org/CodeSystem/RevenueCodes","code":"{}"}}]}},)",
      service.revenue);
}

std::string action_display(std::string_view action) {
  if (action == "A1") return "Certified in total";
  if (action == "A3") return "Not certified";
  if (action == "A4") return "Pended";
  return "Modified";
}

// Item.adjudication with the review action; `number` "" leaves it out.
std::string review(std::string_view action, std::string_view number) {
  std::string parts;
  if (!number.empty()) parts += fmt::format(R"({{"url":"number","valueString":"{}"}},)", number);
  if (action == "A3") {
    parts += R"({"url":"reasonCode","valueCodeableConcept":{"coding":[)"
             R"({"system":"https://codesystem.x12.org/external/886","code":"0F"}],)"
             R"("text":"The plan does not cover the requested services"}},)";
  }
  return fmt::format(
      R"({{"extension":[{{"url":"{0}extension-reviewAction","extension":[{1}{{"url":"{0}extension-reviewActionCode",)"
      R"("valueCodeableConcept":{{"coding":[{{"system":"https://codesystem.x12.org/005010/306","code":"{2}",)"
      R"("display":"{3}"}}]}}}}]}}],)"
      R"("category":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/adjudication",)"
      R"("code":"submitted"}}]}}}})",
      kPas, parts, action, action_display(action));
}

// What an approved item says: when it was decided, for which days, which code and how much.
std::string approved_extensions(const ClinicAuthorization& authorization, const RequestedService& service) {
  return fmt::format(
      R"("extension":[{{"url":"{0}extension-itemPreAuthIssueDate","valueDate":"{1}"}},)"
      R"({{"url":"{0}extension-itemPreAuthPeriod","valuePeriod":{2}}},)"
      R"({{"url":"{0}extension-itemAuthorizedDetail","extension":[)"
      R"({{"url":"productOrServiceCode","valueCodeableConcept":{3}}},{{"url":"quantity","valueQuantity":{4}}}]}}],)",
      kPas, format_day(authorization.decided_on), period(authorization), service_concept(service.code),
      quantity(service.code, service.quantity));
}

std::string discriminated_units(std::string_view code, int value) {
  return fmt::format(R"({{"category":{{"coding":[{{"system":"{}","code":"{}"}}]}},"value":{}}})", kDiscriminator, code,
                     value);
}

}  // namespace

void ClinicResources::add_authorization(const ClinicAuthorization& authorization) {
  const RequestedService& service = authorization.services.front();
  add(kOrder, {{"id", authorization.id},
               {"code", service_concept(service.code)},
               {"quantity", std::to_string(service.quantity)},
               {"patient", authorization.patient.id},
               {"requested", local_time(authorization.requested_on, 9 * 60)},
               {"clinician", fmt::format("clinician-{:02}", authorization.clinician)}});
  if (authorization.as_explanation) {
    add_explanation(authorization);
  } else {
    add_request(authorization);
    add_response(authorization);
  }
}

void ClinicResources::add_request(const ClinicAuthorization& authorization) {
  std::vector<std::string> items;
  for (const RequestedService& service : authorization.services) {
    items.push_back(fmt::format(
        R"({{"extension":[{{"url":"{0}extension-serviceItemRequestType","valueCodeableConcept":{{"coding":[)"
        R"({{"system":"https://codesystem.x12.org/005010/1525","code":"HS"}}]}}}},)"
        R"({{"url":"{0}extension-certificationType","valueCodeableConcept":{{"coding":[)"
        R"({{"system":"https://codesystem.x12.org/005010/1322","code":"{1}"}}]}}}},)"
        R"({{"url":"{0}extension-requestedService","valueReference":{{"reference":"ServiceRequest/{2}-order"}}}}],)"
        R"("sequence":{3},"careTeamSequence":[1],{4}"productOrService":{5},"servicedPeriod":{6},"quantity":{7}}})",
        kPas, authorization.renewal ? "R" : "I", authorization.id, items.size() + 1, revenue_member(service.code),
        service_concept(service.code), period(authorization), quantity(service.code, service.quantity)));
  }
  add(kRequest, {{"id", authorization.id},
                 {"type", claim_type(authorization.services.front().code)},
                 {"patient", authorization.patient.id},
                 {"payer", std::to_string(authorization.patient.payer)},
                 {"clinician", fmt::format("clinician-{:02}", authorization.clinician)},
                 {"requested", local_time(authorization.requested_on, 10 * 60)},
                 {"items", fmt::format("{}", fmt::join(items, ","))}});
}

void ClinicResources::add_response(const ClinicAuthorization& authorization) {
  const bool pended = authorization.action == "A4", approved = authorization.action == "A1";
  const std::string_view number = pended ? std::string_view() : std::string_view(authorization.number);
  std::vector<std::string> items;
  for (const RequestedService& service : authorization.services) {
    items.push_back(fmt::format(R"({{{}"itemSequence":{},"adjudication":[{}]}})",
                                approved ? approved_extensions(authorization, service) : "", items.size() + 1,
                                review(authorization.action, number)));
  }
  std::string add_item, reference_number;
  if (authorization.action == "A6") {
    const RequestedService granted{authorization.services.front().code, authorization.approved_instead};
    add_item =
        fmt::format(R"(,"addItem":[{{{}"itemSequence":[1],"productOrService":{},"servicedPeriod":{},"quantity":{},)"
                    R"("adjudication":[{}]}}])",
                    approved_extensions(authorization, granted), service_concept(granted.code), period(authorization),
                    quantity(granted.code, granted.quantity), review("A1", number));
  }
  if (pended) {
    reference_number =
        fmt::format(R"("extension":[{{"url":"{}extension-administrationReferenceNumber","valueString":"{}"}}],)", kPas,
                    authorization.number);
  }
  add(kResponse, {{"id", authorization.id},
                  {"reference_number", reference_number},
                  {"type", claim_type(authorization.services.front().code)},
                  {"patient", authorization.patient.id},
                  {"payer", std::to_string(authorization.patient.payer)},
                  {"decided", local_time(authorization.decided_on, 11 * 60)},
                  {"period", approved ? fmt::format(R"("preAuthPeriod":{},)", period(authorization)) : ""},
                  {"items", fmt::format("{}", fmt::join(items, ","))},
                  {"add_item", add_item}});
}

void ClinicResources::add_explanation(const ClinicAuthorization& authorization) {
  std::vector<std::string> items;
  for (const RequestedService& service : authorization.services) {
    items.push_back(fmt::format(R"({{{}"sequence":{},"productOrService":{},"quantity":{},"adjudication":[{},{},{}]}})",
                                approved_extensions(authorization, service), items.size() + 1,
                                service_concept(service.code), quantity(service.code, service.quantity),
                                review(authorization.action, authorization.number),
                                discriminated_units("allowedunits", service.quantity),
                                discriminated_units("consumedunits", authorization.payer_counted)));
  }
  add(kExplanation, {{"id", authorization.id},
                     {"type", claim_type(authorization.services.front().code)},
                     {"patient", authorization.patient.id},
                     {"payer", std::to_string(authorization.patient.payer)},
                     {"decided", local_time(authorization.decided_on, 11 * 60)},
                     {"number", authorization.number},
                     {"first", format_day(authorization.first_day)},
                     {"last", format_day(authorization.last_day)},
                     {"items", fmt::format("{}", fmt::join(items, ","))}});
}

}  // namespace authledger
