#include "tests/adapters/mapped_resource.h"

namespace authledger {
namespace {

const std::string kPas = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/";

std::string review(const std::string& code, const std::string& number = "", const std::string& root = kPas) {
  return R"([{"extension":[{"url":")" + root + R"(extension-reviewAction","extension":[)" +
         (number.empty() ? "" : R"({"url":"number","valueString":")" + number + R"("},)") + R"({"url":")" + root +
         R"(extension-reviewActionCode","valueCodeableConcept":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":")" +
         code + R"("}]}}]}]}])";
}

std::string response(const std::string& more) {
  return R"({"resourceType":"ClaimResponse","id":"r1","status":"active","use":"preauthorization","outcome":"complete",
    "patient":{"reference":"Patient/p1"},"created":"2026-01-05T10:00:00-05:00","insurer":{"reference":"Organization/payer"},
    "request":{"reference":"Claim/c1"})" +
         more + "}";
}

std::string claim(const std::string& more, const std::string& profile = "profile-claim") {
  return R"({"resourceType":"Claim","id":"c1","status":"active","use":"preauthorization","meta":{"profile":[")" + kPas +
         profile +
         R"("]},"patient":{"reference":"Patient/p1"},"created":"2026-01-04","insurer":{"reference":"Organization/payer"},
    "provider":{"reference":"Organization/clinic"})" +
         more + "}";
}

TEST(PasClaimResponseMapping, ReadsACertifiedItem) {
  const MappedFacts mapped = map_text(
      compile_mapper(),
      response(
          R"(,"preAuthRef":"HDR1","item":[{"itemSequence":1,"extension":[
      {"url":")" +
          kPas + R"(extension-itemPreAuthPeriod","valuePeriod":{"start":"2026-01-05","end":"2026-06"}},
      {"url":")" +
          kPas + R"(extension-itemPreAuthIssueDate","valueDate":"2026-01-06"},
      {"url":")" +
          kPas + R"(extension-administrationReferenceNumber","valueString":"ADM1"},
      {"url":")" +
          kPas + R"(extension-authorizationNumber","valueString":"OLD1"},
      {"url":")" +
          kPas +
          R"(extension-itemAuthorizedProvider","extension":[{"url":"provider","valueReference":{"reference":"Practitioner/dr"}}]},
      {"url":")" +
          kPas + R"(extension-itemAuthorizedDetail","extension":[
        {"url":"productOrServiceCode","valueCodeableConcept":{"coding":[{"code":" h0015 "}]}},
        {"url":"revenue","valueCodeableConcept":{"coding":[{"code":"905"}]}},
        {"url":"quantity","valueQuantity":{"value":20,"code":"DY","unit":"whatever"}}]}],
      "adjudication":)" +
          review("A1", "AUTH0001") + "}]"));
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const auto line = bodies<AuthorizationLineFact>(mapped).at(0);
  EXPECT_EQ(mapped.facts[0].resource, "ClaimResponse/r1");
  EXPECT_EQ(line.patient, "Patient/p1");
  EXPECT_EQ(line.payer, "Organization/payer");
  EXPECT_EQ(line.request, "https://ehr.example/fhir/Claim/c1");
  EXPECT_EQ(line.decision, Decision::approved);
  EXPECT_EQ(line.decision_code, "A1");
  EXPECT_EQ(line.authorization_number, "AUTH0001");
  EXPECT_EQ(line.service_codes, (std::vector<std::string>{"H0015", "0905"}));
  EXPECT_EQ(line.quantity, Quantity::of_units(20));
  EXPECT_EQ(line.measure, Measure::day);
  EXPECT_EQ(line.first_day, day_of(2026, 1, 5));
  EXPECT_EQ(line.last_day, day_of(2026, 6, 30));
  EXPECT_EQ(line.issued_on, day_of(2026, 1, 6));
  EXPECT_EQ(line.provider, "Practitioner/dr");
  EXPECT_EQ(line.supersedes, "OLD1");
  EXPECT_EQ(line.other_numbers.size(), 3u);
}

TEST(PasClaimResponseMapping, FindsTheReviewActionUnderEveryRootAndShape) {
  const ResourceMapper mapper = compile_mapper();
  const auto decision = [&](const std::string& more) {
    const auto lines = bodies<AuthorizationLineFact>(map_text(mapper, response(more)));
    return lines.size() == 1 ? lines[0].decision : Decision::unknown;
  };
  for (const char* root : {"davinci-pas", "davinci-pdex", "davinci-hrex"}) {
    const std::string url = std::string("http://hl7.org/fhir/us/") + root + "/StructureDefinition/";
    EXPECT_EQ(decision(R"(,"item":[{"itemSequence":1,"adjudication":)" + review("A1", "N", url) + "}]"),
              Decision::approved)
        << root;
  }
  const std::string on_root = R"(,"extension":[{"url":")" + kPas + "extension-reviewAction\",";
  EXPECT_EQ(decision(on_root + R"("valueString":"A4"}])"), Decision::pended);
  EXPECT_EQ(decision(on_root + R"("valueCode":"A1"}])"), Decision::approved);
  EXPECT_EQ(decision(on_root + R"("extension":[{"url":"code","valueCodeableConcept":{"coding":[{"code":"A3"}]}}]}])"),
            Decision::denied);
}

TEST(PasClaimResponseMapping, ReadsTheDatesOfAnOlderAnswer) {
  const auto line =
      bodies<AuthorizationLineFact>(
          map_text(
              compile_mapper(),
              response(R"(,"identifier":[{
      "system":"http://example.org/REVIEW_IDENTIFICATION_NUMBER","value":"RI1"}],"extension":[
      {"url":")" + kPas +
                       R"(extension-reviewAction","valueCode":"A1"},
      {"url":")" + kPas +
                       R"(extension-authorizedEventDate","valuePeriod":{"start":"2005-05-02","end":"2005-06-02"}}])")))
          .at(0);
  EXPECT_EQ(line.authorization_number, "RI1");
  EXPECT_EQ(line.first_day, day_of(2005, 5, 2));
  EXPECT_EQ(line.last_day, day_of(2005, 6, 2));
}

TEST(PasClaimResponseMapping, QuarantinesWhatItCannotReadWithTheElementPath) {
  const ResourceMapper mapper = compile_mapper();
  const MappedFacts negative = map_text(
      mapper, response(R"(,"addItem":[{"itemSequence":[9],"quantity":{"value":1},"adjudication":)" + review("A1") +
                       R"(},{"itemSequence":[10],"quantity":{"value":-3},"adjudication":)" + review("A1") + "}]"));
  EXPECT_TRUE(negative.facts.empty());
  ASSERT_EQ(negative.issues.size(), 1u);
  EXPECT_EQ(negative.issues[0].element_path, "ClaimResponse.addItem[1].quantity.value");

  const MappedFacts backwards = map_text(mapper, response(R"(,"preAuthPeriod":{"start":"2026-02-01","end":"2026-01-01"},
      "item":[{"itemSequence":1,"adjudication":)" + review("A1") +
                                                          "}]"));
  EXPECT_TRUE(has_error(backwards.issues));
  EXPECT_EQ(backwards.issues[0].element_path, "ClaimResponse.preAuthPeriod.end");
}

TEST(PasClaimResponseMapping, SaysNothingOfAPayment) {
  const MappedFacts mapped =
      map_text(compile_mapper(), R"({"resourceType":"ClaimResponse","id":"r","status":"active","use":"claim",
      "patient":{"reference":"Patient/p1"}})");
  EXPECT_TRUE(mapped.facts.empty());
  EXPECT_FALSE(has_error(mapped.issues));
}

TEST(PdexMapping, ReadsUnitsAllowedAndConsumed) {
  const MappedFacts mapped =
      map_text(compile_mapper(), R"({"resourceType":"ExplanationOfBenefit","id":"b1","status":"active",
      "use":"preauthorization","outcome":"queued","patient":{"reference":"Patient/p1"},"created":"2026-01-05",
      "insurer":{"reference":"Organization/payer"},"claim":{"reference":"Claim/c1"},"preAuthRef":["AUTH9"],
      "preAuthRefPeriod":[{"start":"2026-01-01","end":"2026-03-31"}],
      "item":[{"sequence":1,"productOrService":{"coding":[{"code":"90837"}]},"quantity":{"value":30,"unit":"visit"},"adjudication":[
        {"category":{"coding":[{"code":"submitted"}]},"extension":[{"url":"http://hl7.org/fhir/us/davinci-pdex/StructureDefinition/extension-reviewAction",
          "extension":[{"url":"http://hl7.org/fhir/us/davinci-pdex/StructureDefinition/extension-reviewActionCode",
          "valueCodeableConcept":{"coding":[{"code":"A1"}]}}]}]},
        {"category":{"coding":[{"code":"allowedunits"}]},"value":24},{"category":{"coding":[{"code":"consumedunits"}]},"value":7}]}],
      "total":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":999}}]})");
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const auto line = bodies<AuthorizationLineFact>(mapped).at(0);
  EXPECT_EQ(line.authorization_number, "AUTH9");
  EXPECT_EQ(line.quantity, Quantity::of_units(24));
  EXPECT_EQ(line.measure, Measure::visit);
  EXPECT_EQ(line.payer_used_quantity, Quantity::of_units(7));
  EXPECT_EQ(line.last_day, day_of(2026, 3, 31));
  const auto count = bodies<PayerCountFact>(mapped).at(0);
  EXPECT_EQ(count.used, Quantity::of_units(7));
  EXPECT_EQ(count.authorization_number, "AUTH9");
}

TEST(PdexMapping, SaysNothingOfABilledClaim) {
  EXPECT_TRUE(
      map_text(compile_mapper(), R"({"resourceType":"ExplanationOfBenefit","id":"b","status":"active","use":"claim",
      "patient":{"reference":"Patient/p1"},"item":[{"sequence":1}]})")
          .facts.empty());
}

TEST(PasClaimMapping, ReadsARequestLine) {
  const MappedFacts mapped =
      map_text(
          compile_mapper(), claim(R"(,"priority":{"coding":[{"code":"normal"}]},
      "extension":[{"url":")" + kPas +
                                  R"(extension-levelOfServiceCode","valueCodeableConcept":{"coding":[{"code":"U"}]}}],
      "insurance":[{"sequence":1,"focal":false,"coverage":{"reference":"Coverage/other"}},{"sequence":2,"focal":true,"coverage":{"reference":"Coverage/c1"}}],
      "diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"code":"f33.1"}]}},{"sequence":2,"diagnosisCodeableConcept":{"coding":[{"code":"z00"}]}}],
      "related":[{"relationship":{"coding":[{"code":"prior"}]},"claim":{"reference":"Claim/c0"}}],
      "item":[{"sequence":1,"diagnosisSequence":[1],"productOrService":{"coding":[{"code":"90837"}]},
        "servicedPeriod":{"start":"2026-01-05","end":"2026-06-30"},"quantity":{"value":24,"code":"VS"},
        "extension":[{"url":")" + kPas +
                                  R"(extension-infoChanged","valueCode":"changed"}]}])"));
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const auto line = bodies<RequestLineFact>(mapped).at(0);
  EXPECT_EQ(line.request, "https://ehr.example/fhir/Claim/c1");
  EXPECT_EQ(line.prior_request, "https://ehr.example/fhir/Claim/c0");
  EXPECT_EQ(line.line, "1");
  EXPECT_EQ(line.coverage, "Coverage/c1");
  EXPECT_EQ(line.service_codes, std::vector<std::string>{"90837"});
  EXPECT_EQ(line.quantity, Quantity::of_units(24));
  EXPECT_EQ(line.measure, Measure::visit);
  EXPECT_EQ(line.first_day, day_of(2026, 1, 5));
  EXPECT_EQ(line.diagnosis_codes, std::vector<std::string>{"F33.1"});
  EXPECT_EQ(line.provider, "Organization/clinic");
  EXPECT_TRUE(line.expedited);
  EXPECT_EQ(line.change, LineChange::changed);
  EXPECT_EQ(line.requested_at, parse_instant("2026-01-04T00:00:00-05:00"));
}

TEST(PasClaimMapping, TellsCancelledItemsFromThoseThatSayTheyAreNot) {
  const auto lines = bodies<RequestLineFact>(
      map_text(compile_mapper(), claim(R"(,"item":[
      {"sequence":1,"productOrService":{"coding":[{"code":"A"}]},"modifierExtension":[{"url":")" +
                                       kPas + R"(extension-itemCancelled","valueBoolean":true}]},
      {"sequence":2,"productOrService":{"coding":[{"code":"B"}]},"modifierExtension":[{"url":")" +
                                       kPas + R"(extension-itemCancelled","valueBoolean":false}]},
      {"sequence":3,"productOrService":{"coding":[{"code":"C"}]},"modifierExtension":[{"url":")" +
                                       kPas + R"(modifierextension-infoCancelled","valueBoolean":true}]},
      {"sequence":4,"productOrService":{"coding":[{"code":"D"}]},"extension":[{"url":")" +
                                       kPas + R"(extension-infoChanged","valueCode":"added"}]}])")));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].change, LineChange::cancelled);
  EXPECT_EQ(lines[1].change, std::nullopt);
  EXPECT_EQ(lines[2].change, LineChange::cancelled);
  EXPECT_EQ(lines[3].change, LineChange::added);
}

TEST(PasClaimMapping, CancelsTheWholeRequestByItsCertificationType) {
  const ResourceMapper mapper = compile_mapper();
  const std::string cancel = R"(,"extension":[{"url":")" + kPas +
                             R"(extension-certificationType","valueCodeableConcept":{"coding":[{"code":"3"}]}}])";
  const auto with_items = bodies<RequestLineFact>(
      map_text(mapper, claim(cancel + R"(,"item":[{"sequence":1,"productOrService":{"coding":[{"code":"A"}]}}])")));
  ASSERT_EQ(with_items.size(), 1u);
  EXPECT_EQ(with_items[0].change, LineChange::cancelled);
  const auto without = bodies<RequestLineFact>(map_text(mapper, claim(cancel)));
  ASSERT_EQ(without.size(), 1u);
  EXPECT_EQ(without[0].line, "") << "stands for every line";
  EXPECT_EQ(without[0].change, LineChange::cancelled);
}

TEST(PasClaimMapping, FollowsTheOlderUpdateThatNamesItsClaimById) {
  const auto line =
      bodies<RequestLineFact>(
          map_text(compile_mapper(), claim(R"(,"related":[{"id":"c0","relationship":{"coding":[{"code":"replaces"}]}}],
      "item":[{"sequence":1,"productOrService":{"coding":[{"code":"A"}]}}])")))
          .at(0);
  EXPECT_EQ(line.prior_request, "https://ehr.example/fhir/Claim/c0");
}

TEST(PasClaimMapping, SaysNothingOfInquiriesAndBilledClaims) {
  const ResourceMapper mapper = compile_mapper();
  const std::string item = R"(,"item":[{"sequence":1,"productOrService":{"coding":[{"code":"G0154"}]}}])";
  const std::string no_service =
      R"(,"item":[{"sequence":1,"productOrService":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-applicable"}]}}])";
  for (
      const std::string& json :
      {claim(item, "profile-claim-inquiry"), claim(no_service),
       std::string(
           R"({"resourceType":"Claim","id":"c","status":"active","use":"claim","patient":{"reference":"Patient/p1"}})")}) {
    const MappedFacts mapped = map_text(mapper, json);
    EXPECT_TRUE(mapped.facts.empty());
    EXPECT_FALSE(has_error(mapped.issues)) << texts_of(mapped.issues);
  }
}

TEST(PasClaimMapping, KeepsBothEndsOfACodeRangeAndItsName) {
  const auto line =
      bodies<RequestLineFact>(
          map_text(
              compile_mapper(),
              claim(R"(,"item":[{"sequence":1,"productOrService":{"coding":[{"code":"b4184"}]},
      "extension":[{"url":")" +
                    kPas +
                    R"(extension-productOrServiceCodeEnd","valueCodeableConcept":{"coding":[{"code":"B4190"}]}}]}])")))
          .at(0);
  EXPECT_EQ(line.service_codes, (std::vector<std::string>{"B4184", "B4190", "B4184-B4190"}));
}

TEST(PasClaimMapping, ResolvesTheMeasureByUnitCodeThenByText) {
  const ResourceMapper mapper = compile_mapper();
  const auto measure = [&](const std::string& quantity) {
    return bodies<RequestLineFact>(
               map_text(mapper,
                        claim(R"(,"item":[{"sequence":1,"productOrService":{"coding":[{"code":"A"}]},"quantity":)" +
                              quantity + "}]")))
        .at(0)
        .measure;
  };
  EXPECT_EQ(measure(R"({"value":1,"code":"HS","unit":"visit"})"), Measure::hour);
  EXPECT_EQ(measure(R"({"value":1,"code":"1","unit":"Visit"})"), Measure::visit);
  EXPECT_EQ(measure(R"({"value":1,"code":"FL"})"), Measure::unknown);
  EXPECT_EQ(measure(R"({"value":1,"code":"UN"})"), Measure::unknown);
  EXPECT_EQ(measure(R"({"value":1,"code":"MN"})"), Measure::other);
  EXPECT_EQ(measure(R"({"value":1})"), Measure::unknown);
}

}  // namespace
}  // namespace authledger
