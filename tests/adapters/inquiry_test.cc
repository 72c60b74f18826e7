#include "adapters/inquiry.h"

#include <gtest/gtest.h>

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

// The number of the first response of an answer, as it would be recorded.
std::string first_response(const std::string& answer, const std::string& path) {
  JsonDocument document, response;
  const InquiryAnswer read = read_inquiry_answer(*document.parse(answer), about_p1());
  if (read.claim_responses.empty()) return "none";
  return (*response.parse(read.claim_responses[0]))[path]["reference"].string();
}

const std::string kResponse =
    R"({"resourceType":"ClaimResponse","id":"r1","patient":{"reference":"urn:uuid:1"},"request":{"reference":"Claim/inquiry"}})";

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
          R"({"resourceType":"ClaimResponse","id":"r1","request":{"reference":"https://ehr.example/fhir/Claim/c9"}})",
          "request"),
      "https://ehr.example/fhir/Claim/c9");
}

TEST(Fault79, AnAnswerThatTellsOfAnotherPatientIsKnown) {
  JsonDocument document;
  const auto with_patient = [&](const std::string& identifier) {
    return read_inquiry_answer(
               *document.parse(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"x",)"
                               R"("identifier":[{"value":")" +
                               identifier + R"("}]}},{"resource":)" + kResponse + "}]}"),
               about_p1())
        .is_of_another;
  };
  EXPECT_FALSE(with_patient("M-1"));
  EXPECT_FALSE(with_patient("mrn-1"));
  EXPECT_TRUE(with_patient("M-2"));
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
