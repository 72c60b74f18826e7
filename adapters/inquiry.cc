#include "adapters/inquiry.h"

#include <algorithm>
#include <set>

#include "fhir/bundle.h"
#include "fhir/outcome.h"

namespace authledger {
namespace {

constexpr const char* kPas = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/";
constexpr const char* kIdentifierTypes = "http://terminology.hl7.org/CodeSystem/v2-0203";
constexpr const char* kClaimUrl = "urn:uuid:5f0c1d7a-6f6e-4f0b-9d0e-000000000001";
constexpr const char* kClaimId = "inquiry";

void write_coding(JsonWriter& json, const char* name, const char* system, const char* code) {
  json.key(name).begin_object().key("coding").begin_array().begin_object();
  json.member("system", system).member("code", code).end_object().end_array().end_object();
}

void write_reference(JsonWriter& json, const char* name, const InquiryParty& party) {
  json.key(name).begin_object();
  if (!party.url.empty()) json.member("reference", party.url);
  if (party.url.empty() || !party.display.empty()) json.member("display", party.display);
  json.end_object();
}

void write_extension(JsonWriter& json, const char* name, const std::string& value) {
  if (value.empty()) return;
  json.begin_object().member("url", std::string(kPas) + name).member("valueString", value).end_object();
}

void write_claim(JsonWriter& json, const Inquiry& inquiry, JsonView claim) {
  json.begin_object().member("resourceType", "Claim").member("id", kClaimId);
  json.key("meta").begin_object().key("profile").begin_array();
  json.string(std::string(kPas) + "profile-claim-inquiry").end_array().end_object();
  if (claim["identifier"].exists()) json.key("identifier").value(claim["identifier"]);
  json.member("status", "active");
  if (claim["type"].exists()) {
    json.key("type").value(claim["type"]);
  } else {
    write_coding(json, "type", "http://terminology.hl7.org/CodeSystem/claim-type", "professional");
  }
  json.member("use", "preauthorization");
  write_reference(json, "patient", inquiry.patient);
  json.member("created", format_instant(inquiry.asked_at).substr(0, 10));
  write_reference(json, "insurer", inquiry.insurer);
  write_reference(json, "provider", inquiry.provider);
  write_coding(json, "priority", "http://terminology.hl7.org/CodeSystem/processpriority", "normal");
  json.key("insurance").begin_array().begin_object().key("sequence").number(1).key("focal").boolean(true);
  write_reference(json, "coverage", inquiry.coverage);
  json.end_object().end_array().key("item").begin_array().begin_object().key("sequence").number(1);
  if (!inquiry.authorization_number.empty() || !inquiry.administration_reference.empty()) {
    json.key("extension").begin_array();
    write_extension(json, "extension-authorizationNumber", inquiry.authorization_number);
    write_extension(json, "extension-administrationReferenceNumber", inquiry.administration_reference);
    json.end_array();
  }
  write_coding(json, "productOrService", "http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-applicable");
  json.end_object().end_array().end_object();
}

bool has_member_identifier(JsonView patient) {
  for (const JsonView identifier : patient["identifier"]) {
    for (const JsonView coding : identifier["type"]["coding"]) {
      if (coding["code"].text() == "MB") return true;
    }
  }
  return false;
}

void write_member_identifier(JsonWriter& json, const std::string& member_id) {
  json.begin_object();
  write_coding(json, "type", kIdentifierTypes, "MB");
  json.member("value", member_id).end_object();
}

// As read, with the member id that the payer knows the patient by (PAS wants it as type MB).
void write_patient(JsonWriter& json, const Inquiry& inquiry, JsonView patient) {
  const bool adds_member = !inquiry.member_id.empty() && !has_member_identifier(patient);
  json.begin_object();
  if (!patient.exists()) json.member("resourceType", "Patient");
  for (const JsonView member : patient) {
    if (adds_member && member.name() == "identifier") continue;
    json.key(member.name()).value(member);
  }
  if (adds_member) {
    json.key("identifier").begin_array();
    for (const JsonView identifier : patient["identifier"]) json.value(identifier);
    write_member_identifier(json, inquiry.member_id);
    json.end_array();
  }
  json.end_object();
}

template <typename Write>
void write_entry(JsonWriter& json, const std::string& url, const Write& write) {
  json.begin_object();
  if (!url.empty()) json.member("fullUrl", url);
  json.key("resource");
  write();
  json.end_object();
}

// Values by which a payer may know the patient.
std::set<std::string> identifiers_of(JsonView patient) {
  std::set<std::string> values;
  for (const JsonView identifier : patient["identifier"]) values.insert(identifier["value"].string());
  values.erase("");
  return values;
}

bool is_somebody_else(JsonView patient, const Inquiry& inquiry) {
  const std::set<std::string> theirs = identifiers_of(patient);
  if (theirs.empty()) return false;
  JsonDocument document;
  const auto asked = document.parse(inquiry.patient.json);
  std::set<std::string> ours = asked ? identifiers_of(*asked) : std::set<std::string>();
  if (!inquiry.member_id.empty()) ours.insert(inquiry.member_id);
  return std::none_of(theirs.begin(), theirs.end(), [&](const std::string& value) { return ours.contains(value); });
}

// The response as it is recorded: of the patient as we know them, and of the request that it answers.
std::string as_ours(const std::string& text, const Inquiry& inquiry) {
  JsonDocument document;
  const auto response = document.parse(text);
  if (!response) return text;
  const std::string_view request = (*response)["request"]["reference"].text();
  const bool answers_inquiry =
      request.empty() || request == kClaimUrl || request.ends_with(std::string("Claim/") + kClaimId);
  JsonWriter json;
  json.begin_object();
  for (const JsonView member : *response) {
    if (member.name() == "patient" || (member.name() == "request" && answers_inquiry)) continue;
    json.key(member.name()).value(member);
  }
  json.key("patient").begin_object().member("reference", inquiry.patient.url).end_object();
  if (answers_inquiry && !inquiry.request.empty()) {
    json.key("request").begin_object().member("reference", inquiry.request).end_object();
  }
  return json.end_object().take();
}

}  // namespace

std::string inquiry_bundle(const Inquiry& inquiry) {
  JsonDocument claim, patient, party;
  const auto claim_root = claim.parse(inquiry.claim);
  const auto patient_root = patient.parse(inquiry.patient.json);
  JsonWriter json;
  json.begin_object().member("resourceType", "Bundle").key("meta").begin_object().key("profile").begin_array();
  json.string(std::string(kPas) + "profile-pas-inquiry-request-bundle").end_array().end_object();
  json.member("type", "collection").member("timestamp", format_instant(inquiry.asked_at)).key("entry").begin_array();
  write_entry(json, kClaimUrl, [&] { write_claim(json, inquiry, claim_root ? *claim_root : JsonView()); });
  write_entry(json, inquiry.patient.url,
              [&] { write_patient(json, inquiry, patient_root ? *patient_root : JsonView()); });
  for (const InquiryParty* each : {&inquiry.insurer, &inquiry.provider, &inquiry.coverage}) {
    const auto root = party.parse(each->json);
    if (root) write_entry(json, each->url, [&] { json.value(*root); });
  }
  return json.end_array().end_object().take();
}

InquiryAnswer read_inquiry_answer(JsonView root, const Inquiry& inquiry) {
  InquiryAnswer answer;
  walk_resources_in_bundles(root, [&](JsonView found, std::string_view full_url, const BundleReferences& references) {
    const std::string_view type = found["resourceType"].text();
    if (type == "OperationOutcome") {
      const std::string codes = outcome_codes(found);
      if (!codes.empty()) answer.remarks.push_back(codes);
    }
    if (type == "Patient" && is_somebody_else(found, inquiry)) answer.is_of_another = true;
    if (type != "ClaimResponse") return;
    answer.claim_responses.push_back(as_ours(resolve_in_bundle(found, full_url, references), inquiry));
  });
  return answer;
}

}  // namespace authledger
