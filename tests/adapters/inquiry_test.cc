#include "adapters/inquiry.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace authledger {
namespace {

Inquiry about_p1() {
  Inquiry inquiry;
  inquiry.authorization_number = "AUTH-1";
  inquiry.administration_reference = "REF-1";
  inquiry.request = "https://ehr.example/fhir/Claim/c1";
  inquiry.claim = R"({"resourceType":"Claim","id":"c1","identifier":[{"system":"urn:trace","value":"T-1"}],)"
                  R"("type":{"coding":[{"code":"institutional"}]}})";
  inquiry.patient = {"https://ehr.example/fhir/Patient/p1",
                     R"({"resourceType":"Patient","id":"p1","identifier":[{"system":"urn:mrn","value":"mrn-1"}]})", ""};
  inquiry.insurer = {"", "", "Acme Health"};
  inquiry.provider = {"https://ehr.example/fhir/Organization/o1", R"({"resourceType":"Organization","id":"o1"})", ""};
  inquiry.member_id = "M-1";
  inquiry.asked_at = *parse_instant("2026-11-01T12:00:00Z");
  return inquiry;
}

// What the first response of an answer refers to as it would be recorded, "none" when nothing would be.
std::string first_response(const std::string& answer, const std::string& path) {
  JsonDocument document, response;
  const InquiryAnswer read = read_inquiry_answer(*document.parse(answer), about_p1());
  if (read.claim_responses.empty()) return "none";
  return (*response.parse(read.claim_responses[0]))[path]["reference"].string();
}

// How many responses of an answer would be recorded, and how many are nobody's: "1 of ours, 0 of others".
std::string judged(const std::string& answer) {
  JsonDocument document;
  const InquiryAnswer read = read_inquiry_answer(*document.parse(answer), about_p1());
  return std::to_string(read.claim_responses.size()) + " of ours, " + std::to_string(read.of_others) + " of others";
}

// A Bundle of entries, each with a fullUrl.
std::string bundle_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text;
  for (const auto& [full_url, resource] : entries) {
    text += (text.empty() ? "" : ",") + (R"({"fullUrl":")" + full_url + R"(","resource":)" + resource + "}");
  }
  return R"({"resourceType":"Bundle","type":"collection","entry":[)" + text + "]}";
}

std::string patient_with(const std::string& id, const std::string& system, const std::string& value) {
  return R"({"resourceType":"Patient","id":")" + id + R"(","identifier":[{"system":")" + system + R"(","value":")" +
         value + R"("}]})";
}

// A ClaimResponse of a patient; `more` are members beside it.
std::string response_of(const std::string& patient, const std::string& more = "") {
  return R"({"resourceType":"ClaimResponse","id":"r1","patient":{"reference":")" + patient + R"("})" +
         (more.empty() ? "" : "," + more) + "}";
}

const std::string kResponse = response_of("urn:uuid:1", R"("preAuthRef":"AUTH-1")");

TEST(Inquiry, NamesTheNumbersThePartiesAndTheMemberId) {
  JsonDocument document;
  const JsonView bundle = *document.parse(inquiry_bundle(about_p1()));
  const JsonView claim = bundle["entry"].at(0)["resource"];
  EXPECT_EQ(claim["resourceType"].text(), "Claim") << "the first entry is the Claim";
  EXPECT_EQ(claim["identifier"].at(0)["value"].text(), "T-1");
  EXPECT_EQ(claim["type"]["coding"].at(0)["code"].text(), "institutional");
  EXPECT_EQ(claim["insurer"]["display"].text(), "Acme Health");
  EXPECT_EQ(claim["patient"]["reference"].text(), "https://ehr.example/fhir/Patient/p1");
  EXPECT_EQ(claim["created"].text(), "2026-11-01");
  EXPECT_EQ(claim["item"].at(0)["extension"].at(0)["valueString"].text(), "AUTH-1");
  EXPECT_EQ(claim["item"].at(0)["extension"].at(1)["valueString"].text(), "REF-1");
  const JsonView patient = bundle["entry"].at(1)["resource"];
  EXPECT_EQ(patient["identifier"].size(), 2U);
  EXPECT_EQ(patient["identifier"].at(1)["type"]["coding"].at(0)["code"].text(), "MB");
  EXPECT_EQ(patient["identifier"].at(1)["value"].text(), "M-1");
  EXPECT_EQ(bundle["entry"].at(2)["fullUrl"].text(), "https://ehr.example/fhir/Organization/o1");
}

TEST(Inquiry, FindsTheResponseInABundleInParametersOfAnyNameAndAlone) {
  const std::string bundle =
      R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Organization","id":"o"}},)"
      R"({"resource":)" +
      kResponse + "}]}";
  for (const std::string& answer :
       {kResponse, bundle,
        R"({"resourceType":"Parameters","parameter":[{"name":"responseBundle","resource":)" + bundle + "}]}",
        R"({"resourceType":"Parameters","parameter":[{"name":"return","resource":)" + kResponse + "}]}"}) {
    EXPECT_EQ(first_response(answer, "patient"), "https://ehr.example/fhir/Patient/p1") << answer;
    EXPECT_EQ(first_response(answer, "request"), "https://ehr.example/fhir/Claim/c1") << answer;
  }
  EXPECT_EQ(first_response(R"({"resourceType":"Parameters"})", "patient"), "none");
}

TEST(Inquiry, KeepsTheRequestThatAResponseNamesItself) {
  EXPECT_EQ(
      first_response(
          R"({"resourceType":"ClaimResponse","id":"r1","preAuthRef":"AUTH-1","request":{"reference":"https://ehr.example/fhir/Claim/c9"}})",
          "request"),
      "https://ehr.example/fhir/Claim/c9");
}

// Da Vinci PAS 2.x answers as they come: [E] of FHIR_FACTS, among them references that lead nowhere.
TEST(Inquiry, TakesAnswersThatAreOfThePatientOrOfTheRequest) {
  const std::string item = R"("item":[{"itemSequence":1,"adjudication":[{"extension":[{"url":)"
                           R"("http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction",)"
                           R"("extension":[{"url":"number","valueString":"AUTH-1"}]}]}]}])";
  const std::string reference = R"("extension":[{"url":"http://hl7.org/fhir/us/davinci-pas/StructureDefinition/)"
                                R"(extension-administrationReferenceNumber","valueString":"REF-1"}])";
  const std::string own_claim = [] {
    JsonDocument document;
    return (*document.parse(inquiry_bundle(about_p1())))["entry"].at(0)["fullUrl"].string();
  }();
  const std::pair<const char*, std::string> answers[] = {
      {"a beneficiary with the member id",
       bundle_of({{"https://payer.example/fhir/Patient/7", patient_with("7", "urn:payer:member", "M-1")},
                  {"urn:uuid:r", response_of("Patient/7", R"("preAuthRef":"NEW-9")")}})},
      {"a patient who is named by fullUrl, with the identifier that we sent",
       bundle_of({{"urn:uuid:p", patient_with("7", "urn:mrn", "mrn-1")}, {"urn:uuid:r", response_of("urn:uuid:p")}})},
      {"a patient without id, and a fullUrl",
       bundle_of({{"urn:uuid:p", R"({"resourceType":"Patient","identifier":[{"value":"M-1"}]})"},
                  {"urn:uuid:r", response_of("urn:uuid:p")}})},
      {"the record that we sent, by its URL", response_of("https://ehr.example/fhir/Patient/p1")},
      {"a subscriber beside the patient", bundle_of({{"urn:uuid:s", patient_with("s", "urn:payer:member", "M-PARENT")},
                                                     {"urn:uuid:p", patient_with("7", "urn:payer:member", "M-1")},
                                                     {"urn:uuid:r", response_of("Patient/7")}})},
      {"a patient who is not in the answer, and the number",
       response_of("Patient/unknown", R"("preAuthRef":"AUTH-1")")},
      {"… the number of an item", response_of("Patient/unknown", item)},
      {"… the administration reference", response_of("Patient/unknown", reference)},
      {"… the request",
       response_of("Patient/unknown", R"("request":{"reference":"https://ehr.example/fhir/Claim/c1"})")},
      {"… the inquiry itself", response_of("Patient/unknown", R"("request":{"reference":")" + own_claim + R"("})")},
      {"… the event trace number",
       response_of("Patient/unknown", R"("identifier":[{"system":"urn:trace","value":"T-1"}])")},
      {"… the request's identifier",
       response_of("Patient/unknown", R"("request":{"identifier":{"system":"urn:trace","value":"T-1"}})")},
      {"… the request's copy",
       bundle_of({{"urn:uuid:c", R"({"resourceType":"Claim","identifier":[{"system":"urn:trace","value":"T-1"}]})"},
                  {"urn:uuid:r", response_of("Patient/unknown", R"("request":{"reference":"urn:uuid:c"})")}})},
  };
  for (const auto& [what, answer] : answers) EXPECT_EQ(judged(answer), "1 of ours, 0 of others") << what;
}

TEST(Fault79, WhatNothingShowsToBeOfThePatientOrRequestIsLeftOut) {
  const std::string of_p = response_of("Patient/7", R"("preAuthRef":"AUTH-1")");
  const std::pair<const char*, std::string> answers[] = {
      {"a patient who is not in the answer, and no word of the request", response_of("Patient/somebody-else")},
      {"… another number", response_of("Patient/somebody-else", R"("preAuthRef":"AUTH-2")")},
      {"… an inquiry that is not this one",
       response_of("Patient/7", R"("request":{"reference":"urn:uuid:5f0c1d7a-6f6e-5f0b-8d0e-000000000001"})")},
      {"… a trace number of another system",
       response_of("Patient/7", R"("identifier":[{"system":"urn:other","value":"T-1"}])")},
      {"our id at the payer's own server", response_of("Patient/p1")},
      {"no patient at all", R"({"resourceType":"ClaimResponse","id":"r1"})"},
      {"another member, whatever the number says",
       bundle_of({{"urn:uuid:p", patient_with("7", "urn:payer:member", "M-2")}, {"urn:uuid:r", of_p}})},
      {"our medical record number in another system",
       bundle_of({{"urn:uuid:p", patient_with("7", "urn:other-clinic", "mrn-1")}, {"urn:uuid:r", of_p}})},
      {"one id for two people", bundle_of({{"urn:uuid:p", patient_with("7", "urn:payer:member", "M-1")},
                                           {"urn:uuid:q", patient_with("7", "urn:payer:member", "M-2")},
                                           {"urn:uuid:r", of_p}})},
  };
  for (const auto& [what, answer] : answers) EXPECT_EQ(judged(answer), "0 of ours, 1 of others") << what;
}

TEST(Inquiry, OfAllThatAPayerHoldsOnlyWhatNamesTheRequestAnswersIt) {
  JsonDocument document, response;
  const InquiryAnswer read = read_inquiry_answer(
      *document.parse(bundle_of({{"urn:uuid:p", patient_with("7", "urn:payer:member", "M-1")},
                                 {"urn:uuid:a", response_of("Patient/7", R"("preAuthRef":"AUTH-1")")},
                                 {"urn:uuid:b", response_of("Patient/7", R"("preAuthRef":"AUTH-0")")}})),
      about_p1());
  ASSERT_EQ(read.claim_responses.size(), 2U);
  EXPECT_EQ((*response.parse(read.claim_responses[0]))["request"]["reference"].text(),
            "https://ehr.example/fhir/Claim/c1");
  EXPECT_FALSE((*response.parse(read.claim_responses[1]))["request"].exists()) << "a decision on another request";
}

TEST(Inquiry, EachHasNamesOfItsOwn) {
  Inquiry later = about_p1();
  later.asked_at += std::chrono::hours(24);
  JsonDocument first, second;
  const JsonView one = *first.parse(inquiry_bundle(about_p1())), two = *second.parse(inquiry_bundle(later));
  EXPECT_NE(one["entry"].at(0)["fullUrl"].text(), two["entry"].at(0)["fullUrl"].text());
  EXPECT_NE(one["entry"].at(0)["resource"]["id"].text(), two["entry"].at(0)["resource"]["id"].text());
}

TEST(Inquiry, TellsWhatThePayerHeldBack) {
  JsonDocument document;
  const InquiryAnswer answer = read_inquiry_answer(
      *document.parse(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"OperationOutcome",)"
                      R"("issue":[{"severity":"warning","code":"suppressed"}]}}]})"),
      about_p1());
  ASSERT_EQ(answer.remarks.size(), 1U);
  EXPECT_NE(answer.remarks[0].find("suppressed"), std::string::npos);
}

}  // namespace
}  // namespace authledger
