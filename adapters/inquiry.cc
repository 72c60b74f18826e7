#include "adapters/inquiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/crypto.h"
#include "base/uuid.h"
#include "fhir/bundle.h"
#include "fhir/outcome.h"

namespace authledger {
namespace {

constexpr const char* kPas = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/";
constexpr const char* kIdentifierTypes = "http://terminology.hl7.org/CodeSystem/v2-0203";

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

// The Claim of each inquiry has names of its own: an answer that carries one is the answer to this question.
std::string claim_uuid(const Inquiry& inquiry) {
  HashInput input;
  input.add(inquiry.request).add(inquiry.authorization_number).add(inquiry.administration_reference);
  input.add(inquiry.patient.url).add(format_instant(inquiry.asked_at));
  return name_based_uuid(input.sha256());
}

std::string claim_url(const Inquiry& inquiry) {
  return fmt::format("urn:uuid:{}", claim_uuid(inquiry));
}

std::string claim_id(const Inquiry& inquiry) {
  return fmt::format("inquiry-{}", claim_uuid(inquiry));
}

void write_claim(JsonWriter& json, const Inquiry& inquiry, JsonView claim) {
  json.begin_object().member("resourceType", "Claim").member("id", claim_id(inquiry));
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

using Identifiers = std::set<std::pair<std::string, std::string>>;  // System and value.

Identifiers identifiers_of(JsonView resource) {
  Identifiers found;
  for (const JsonView identifier : resource["identifier"]) {
    if (!identifier["value"].text().empty()) found.emplace(identifier["system"].string(), identifier["value"].string());
  }
  return found;
}

// A system that one of the two does not state says nothing against it.
bool have_common(const Identifiers& ours, const Identifiers& theirs) {
  return std::any_of(theirs.begin(), theirs.end(), [&](const auto& their) {
    return std::any_of(ours.begin(), ours.end(), [&](const auto& our) {
      const bool is_other_system = !our.first.empty() && !their.first.empty() && our.first != their.first;
      return our.second == their.second && !is_other_system;
    });
  });
}

// Whether the last two parts of the reference are "Patient/x", say.
bool refers_to(std::string_view reference, std::string_view type_and_id) {
  return reference == type_and_id || reference.ends_with(fmt::format("/{}", type_and_id));
}

constexpr std::string_view kNumberExtensions[] = {"/extension-authorizationNumber",
                                                  "/extension-previousAuthorizationNumber",
                                                  "/extension-administrationReferenceNumber"};

// Which ClaimResponses of an answer are of the patient and request asked about.
class AnswerJudge {
 public:
  AnswerJudge(JsonView root, const Inquiry& inquiry) : inquiry_(inquiry) {
    JsonDocument document;
    if (const auto patient = document.parse(inquiry.patient.json)) patient_ = identifiers_of(*patient);
    // The member id is of the payer's own system, which we do not state.
    if (!inquiry.member_id.empty()) patient_.emplace("", inquiry.member_id);
    if (const auto claim = document.parse(inquiry.claim)) claim_ = identifiers_of(*claim);
    walk_resources_in_bundles(root, [&](JsonView found, std::string_view full_url, const BundleReferences&) {
      const std::string_view type = found["resourceType"].text();
      responses_ += type == "ClaimResponse";
      if (type != "Patient" && type != "Claim") return;
      const std::string_view id =
          found["id"].exists() ? found["id"].text() : full_url.substr(full_url.find_last_of(":/") + 1);
      named_.emplace(fmt::format("{}/{}", type, id), identifiers_of(found));
    });
  }

  bool is_of_inquiry(JsonView response) const {
    const std::string_view reference = response["patient"]["reference"].text();
    if (const auto is_ours = is_patient_asked(reference)) return *is_ours;
    const bool is_our_record = reference.find("://") != reference.npos && reference == inquiry_.patient.url;
    return is_our_record || is_of_request(response);
  }

  // A payer may answer with all that it holds of a patient: then only what names the request answers it.
  bool answers_request(JsonView response) const { return responses_ == 1 || is_of_request(response); }

  // The request is not named, or is the inquiry's own Claim, which nobody keeps.
  bool leaves_request_open(JsonView response) const {
    const std::string_view request = response["request"]["reference"].text();
    return request.empty() || is_inquiry(request);
  }

 private:
  bool is_inquiry(std::string_view request) const {
    return request == claim_url(inquiry_) || refers_to(request, fmt::format("Claim/{}", claim_uuid(inquiry_))) ||
           refers_to(request, fmt::format("Claim/{}", claim_id(inquiry_)));
  }

  // Nothing when the answer does not say who that is. One id may stand for several people in several Bundles: then it
  // is nobody.
  std::optional<bool> is_patient_asked(std::string_view reference) const {
    std::optional<bool> is_ours;
    for (const auto& [name, identifiers] : named_) {
      if (!name.starts_with("Patient/") || identifiers.empty() || !refers_to(reference, name)) continue;
      is_ours = is_ours.value_or(true) && have_common(patient_, identifiers);
    }
    return is_ours;
  }

  bool is_number_asked(JsonView number) const {
    return !number.text().empty() &&
           (number.text() == inquiry_.authorization_number || number.text() == inquiry_.administration_reference);
  }

  bool names_number(JsonView element) const {
    for (const JsonView extension : element["extension"]) {
      const std::string_view url = extension["url"].text();
      const bool is_number = std::any_of(std::begin(kNumberExtensions), std::end(kNumberExtensions),
                                         [&](std::string_view end) { return url.ends_with(end); });
      if (is_number && is_number_asked(extension["valueString"])) return true;
      if (!url.ends_with("/extension-reviewAction")) continue;
      for (const JsonView part : extension["extension"]) {
        if (part["url"].text() == "number" && is_number_asked(part["valueString"])) return true;
      }
    }
    for (const char* inner : {"item", "addItem", "adjudication"}) {
      for (const JsonView each : element[inner]) {
        if (names_number(each)) return true;
      }
    }
    return false;
  }

  bool is_of_request(JsonView response) const {
    const JsonView request = response["request"];
    const std::string_view reference = request["reference"].text();
    if (!inquiry_.request.empty() && reference == inquiry_.request) return true;
    if (is_inquiry(reference) || is_number_asked(response["preAuthRef"]) || names_number(response)) return true;
    Identifiers theirs = identifiers_of(response);  // PAS: the request's event trace number comes back.
    theirs.emplace(request["identifier"]["system"].string(), request["identifier"]["value"].string());
    for (const auto& [name, identifiers] : named_) {
      if (name.starts_with("Claim/") && refers_to(reference, name))
        theirs.insert(identifiers.begin(), identifiers.end());
    }
    return have_common(claim_, theirs);
  }

  const Inquiry& inquiry_;
  Identifiers patient_, claim_;  // As they were sent.
  std::multimap<std::string, Identifiers> named_;
  int64_t responses_ = 0;
};

// The response as it is recorded: of the patient as we know them, and of the request that it answers.
std::string as_ours(JsonView response, const AnswerJudge& judge, const Inquiry& inquiry) {
  const bool is_request_open = judge.leaves_request_open(response);
  JsonWriter json;
  json.begin_object();
  for (const JsonView member : response) {
    if (member.name() == "patient" || (member.name() == "request" && is_request_open)) continue;
    json.key(member.name()).value(member);
  }
  json.key("patient").begin_object().member("reference", inquiry.patient.url).end_object();
  if (is_request_open && !inquiry.request.empty() && judge.answers_request(response)) {
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
  write_entry(json, claim_url(inquiry), [&] { write_claim(json, inquiry, claim_root ? *claim_root : JsonView()); });
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
  const AnswerJudge judge(root, inquiry);
  walk_resources_in_bundles(root, [&](JsonView found, std::string_view full_url, const BundleReferences& references) {
    const std::string_view type = found["resourceType"].text();
    if (type == "OperationOutcome") {
      const std::string codes = outcome_codes(found);
      if (!codes.empty()) answer.remarks.push_back(codes);
    }
    if (type != "ClaimResponse") return;
    JsonDocument document;
    const auto response = document.parse(resolve_in_bundle(found, full_url, references));
    if (response && judge.is_of_inquiry(*response)) {
      answer.claim_responses.push_back(as_ours(*response, judge, inquiry));
    } else {
      ++answer.of_others;
    }
  });
  return answer;
}

}  // namespace authledger
