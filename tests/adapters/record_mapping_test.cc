#include "tests/adapters/mapped_resource.h"

namespace authledger {
namespace {

TEST(CoverageMapping, ReadsMemberPayerAndDaysAsWritten) {
  const MappedFacts mapped = map_text(compile_mapper(), R"({"resourceType":"Coverage","id":"c1","status":"active",
      "identifier":[{"value":"other"},{"type":{"coding":[{"code":"MB"}]},"value":"88800933501"}],"subscriberId":"888009335",
      "beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/aetna","display":"Aetna"}],
      "type":{"coding":[{"code":"HMO"}]},"class":[{"type":{"coding":[{"code":"group"}]},"value":"G"},{"type":{"coding":[{"code":"plan"}]},"value":"P1"}],
      "period":{"start":"2026-02-02T06:00:00.000Z","end":"2026-12"},"order":2})");
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const CoverageFact coverage = bodies<CoverageFact>(mapped).at(0);
  EXPECT_EQ(coverage.patient, "Patient/p1");
  EXPECT_EQ(coverage.payer, "Organization/aetna");
  EXPECT_EQ(coverage.payer_display, "Aetna");
  EXPECT_EQ(coverage.member_id, "88800933501");
  EXPECT_EQ(coverage.first_day, day_of(2026, 2, 2));
  EXPECT_EQ(coverage.last_day, day_of(2026, 12, 31));
  EXPECT_EQ(coverage.order, 2);
  EXPECT_EQ(coverage.plan_class, "P1");
  EXPECT_EQ(coverage.kind, "HMO");
}

TEST(CoverageMapping, FallsBackToSubscriberIdentifierAndDisplay) {
  const ResourceMapper mapper = compile_mapper();
  const auto coverage = [&](const std::string& payor) {
    const MappedFacts mapped =
        map_text(mapper, R"({"resourceType":"Coverage","id":"c1","status":"active","subscriberId":"S1",
        "beneficiary":{"reference":"Patient/p1"},"payor":[)" +
                             payor + "]}");
    EXPECT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
    return bodies<CoverageFact>(mapped).at(0);
  };
  EXPECT_EQ(coverage(R"({"display":"Government"})").payer, "Government");
  EXPECT_EQ(coverage(R"({"identifier":{"value":"60054"},"display":"Aetna"})").payer, "60054");
  EXPECT_EQ(coverage(R"({"display":"x"})").member_id, "S1");
}

TEST(CoverageMapping, RefusesAPeriodThatEndsBeforeItStarts) {
  const MappedFacts mapped = map_text(compile_mapper(), R"({"resourceType":"Coverage","id":"c1","status":"active",
      "beneficiary":{"reference":"Patient/p1"},"period":{"start":"2026-05-01","end":"2026-04-30"}})");
  ASSERT_EQ(mapped.issues.size(), 1u);
  EXPECT_EQ(mapped.issues[0].element_path, "Coverage.period.end");
  EXPECT_TRUE(mapped.facts.empty());
}

TEST(ServiceRequestMapping, BecomesAnOrderWithItsAuthorizationNumber) {
  const MappedFacts mapped =
      map_text(compile_mapper(), R"({"resourceType":"ServiceRequest","id":"o1","status":"active","intent":"order",
      "priority":"urgent","subject":{"reference":"Patient/p1"},"authoredOn":"2026-01-05T10:00:00Z",
      "code":{"coding":[{"system":"http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets","code":"h0004"}]},
      "quantityQuantity":{"value":24,"unit":"visit","code":"1"},"occurrencePeriod":{"start":"2026-01-05","end":"2026-06-30"},
      "insurance":[{"reference":"ClaimResponse/r1"},{"reference":"Coverage/c1"}],
      "extension":[{"url":"http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information",
        "extension":[{"url":"pa-needed","valueCode":"satisfied"},{"url":"satisfied-pa-id","valueString":"XXYYZ"}]}]})");
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const OrderFact order = bodies<OrderFact>(mapped).at(0);
  EXPECT_EQ(order.status, "active");
  EXPECT_EQ(order.service_codes, std::vector<std::string>{"H0004"});
  EXPECT_EQ(order.quantity, Quantity::of_units(24));
  EXPECT_EQ(order.measure, Measure::visit) << "the unit text stands in for a code that is no unit";
  EXPECT_EQ(order.first_day, day_of(2026, 1, 5));
  EXPECT_EQ(order.last_day, day_of(2026, 6, 30));
  EXPECT_EQ(order.coverage, "Coverage/c1");
  EXPECT_EQ(order.requested_at, parse_instant("2026-01-05T10:00:00Z"));
  EXPECT_TRUE(order.expedited);
  EXPECT_EQ(order.authorization_number, "XXYYZ");
}

TEST(ServiceRequestMapping, TakesWhatThePayersCoverageInformationAllows) {
  const MappedFacts mapped =
      map_text(compile_mapper(), R"({"resourceType":"ServiceRequest","id":"o1","status":"active","intent":"order",
    "subject":{"reference":"Patient/p1"},"quantityQuantity":{"value":20,"unit":"visits"},
    "code":{"coding":[{"system":"http://snomed.info/sct","code":"228557008"}]},
    "occurrencePeriod":{"start":"2026-01-01","end":"2026-12-31"},
    "extension":[{"url":"http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information","extension":[
      {"url":"coverage","valueReference":{"reference":"Coverage/c1"}},{"url":"pa-needed","valueCode":"satisfied"},
      {"url":"satisfied-pa-id","valueString":"AUTH9"},
      {"url":"billingCode","valueCoding":{"system":"http://www.ama-assn.org/go/cpt","code":"90834"}},
      {"url":"detail","extension":[{"url":"code","valueCodeableConcept":{"coding":[{"code":"allowed-quantity"}]}},
        {"url":"value","valueQuantity":{"value":8,"unit":"hours"}}]},
      {"url":"detail","extension":[{"url":"code","valueCodeableConcept":{"coding":[{"code":"allowed-period"}]}},
        {"url":"value","valuePeriod":{"start":"2026-01-15","end":"2026-05-15"}}]}]}]})");
  EXPECT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const auto orders = bodies<OrderFact>(mapped);
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0].authorization_number, "AUTH9");
  EXPECT_EQ(orders[0].service_codes, std::vector<std::string>{"90834"});
  EXPECT_EQ(orders[0].quantity, Quantity::of_units(8));
  EXPECT_EQ(orders[0].measure, Measure::hour);
  EXPECT_EQ(orders[0].first_day, day_of(2026, 1, 15));
  EXPECT_EQ(orders[0].last_day, day_of(2026, 5, 15));
  EXPECT_EQ(orders[0].coverage, "Coverage/c1");
}

TEST(ServiceRequestMapping, RefusesNegativeAndOverlargeQuantities) {
  const ResourceMapper mapper = compile_mapper();
  for (const char* value : {"-1", "1e40", "99999999999"}) {
    const MappedFacts mapped =
        map_text(mapper, std::string(R"({"resourceType":"ServiceRequest","id":"o1","status":"active",
        "subject":{"reference":"Patient/p1"},"quantityQuantity":{"value":)") +
                             value + "}}");
    ASSERT_TRUE(has_error(mapped.issues)) << value;
    EXPECT_TRUE(mapped.issues[0].element_path.starts_with("ServiceRequest.quantity")) << mapped.issues[0].element_path;
    EXPECT_EQ(mapped.issues[0].message.find(value), std::string::npos);
  }
}

TEST(PatientMapping, KeepsIdentifiersAndLinksAndNoName) {
  const MappedFacts mapped =
      map_text(compile_mapper(), R"({"resourceType":"Patient","id":"p1","name":[{"family":"Smart"}],
      "identifier":[{"system":"urn:mrn","value":"7"},{"value":"8"}],
      "link":[{"type":"replaced-by","other":{"reference":"Patient/p2"}},{"type":"seealso","other":{"reference":"https://ehr.example/fhir/Patient/p3"}}]})");
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const PatientFact patient = bodies<PatientFact>(mapped).at(0);
  EXPECT_EQ(mapped.patient, "Patient/p1");
  EXPECT_EQ(patient.identifiers, (std::vector<Identifier>{{"urn:mrn", "7"}, {"", "8"}}));
  EXPECT_EQ(patient.links, std::vector<std::string>{"Patient/p3"});
  EXPECT_EQ(patient.replaced_by, "Patient/p2");
  EXPECT_EQ(patient.display, "");
}

TEST(OrganizationMapping, KeepsItsNameUnderItsOwnReference) {
  const MappedFacts mapped =
      map_text(compile_mapper(), R"({"resourceType":"Organization","id":"aetna","name":"Aetna"})");
  EXPECT_EQ(mapped.patient, "Organization/aetna");
  EXPECT_EQ(bodies<OrganizationFact>(mapped).at(0).display, "Aetna");
}

TEST(PatientReference, RefusesAGroupOrADeviceInPlaceOfAPatient) {
  const ResourceMapper mapper = compile_mapper();
  for (const char* subject : {"Group/g1", "https://other.example/fhir/Device/d1"}) {
    const MappedFacts mapped = map_text(mapper, std::string(R"({"resourceType":"Encounter","id":"e","status":"finished",
        "subject":{"reference":")") + subject + R"("},"period":{"start":"2026-01-02"}})");
    EXPECT_TRUE(has_error(mapped.issues)) << subject;
    EXPECT_TRUE(mapped.facts.empty());
  }
}

TEST(References, AreNormalizedAgainstTheirOwnServer) {
  const std::string base = "https://ehr.example/fhir";
  EXPECT_EQ(normalize_reference("Patient/p1", base), "Patient/p1");
  EXPECT_EQ(normalize_reference("https://ehr.example/fhir/Patient/p1", base), "Patient/p1");
  EXPECT_EQ(normalize_reference("https://ehr.example/fhir/Patient/p1/_history/4", base), "Patient/p1");
  EXPECT_EQ(normalize_reference("https://ehr.example/fhir2/Patient/p1", base), "https://ehr.example/fhir2/Patient/p1");
  EXPECT_EQ(normalize_reference("https://payer.example/Claim/c/_history/1", base), "https://payer.example/Claim/c");
  EXPECT_EQ(normalize_reference(" Patient/p1/ ", base), "Patient/p1");
  EXPECT_EQ(normalize_reference("#p1", base), "");
  EXPECT_EQ(normalize_reference("Patient?identifier=7", base), "");
  EXPECT_EQ(normalize_reference("", base), "");
  EXPECT_EQ(absolute_reference("Claim/c1", base), "https://ehr.example/fhir/Claim/c1");
  EXPECT_EQ(absolute_reference("https://payer.example/Claim/c", base), "https://payer.example/Claim/c");
  EXPECT_EQ(absolute_reference("#c", base), "");
}

TEST(ResourceMapperCompile, NamesEverySlipWithTheNearestKnownWord) {
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.overrides = {{"encounter", "service_code", "type.coding.code"},
                        {"coverage", "member_id", "identifier.value("}};
  const auto mapper = ResourceMapper::compile(endpoint, "", TimeZone::find("UTC").value());
  ASSERT_FALSE(mapper.ok());
  const std::string texts = texts_of(mapper.error());
  EXPECT_NE(texts.find("service_codes"), std::string::npos) << texts;
  EXPECT_NE(texts.find("coverage"), std::string::npos) << texts;

  EndpointConfig wrong_map = shipped_endpoint();
  wrong_map.value_maps["visit_types"] = {{"a", "b"}};
  EXPECT_FALSE(ResourceMapper::compile(wrong_map, "", TimeZone::find("UTC").value()).ok());
  EndpointConfig no_file = shipped_endpoint();
  no_file.feeds[0].mappings = {"mappings/own.yaml"};
  EXPECT_FALSE(ResourceMapper::compile(no_file, "/nowhere", TimeZone::find("UTC").value()).ok());
}

TEST(ResourceMapperCompile, NamesAnElementThatR4DoesNotKnow) {
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.overrides = {{"encounter", "provider", "participant.indivdual.reference"},
                        {"claim", "place", "%resource.facilty.reference"}};
  const auto mapper = ResourceMapper::compile(endpoint, "", TimeZone::find("UTC").value());
  ASSERT_FALSE(mapper.ok());
  const std::string texts = texts_of(mapper.error());
  EXPECT_NE(texts.find("did you mean individual?"), std::string::npos) << texts;
  EXPECT_NE(texts.find("did you mean facility?"), std::string::npos) << texts;
}

TEST(ResourceMapperCompile, LetsASiteReplaceOneColumnAndAddAnother) {
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.overrides = {{"encounter", "service_codes", "serviceType.coding.code"},
                        {"encounter", "program", "class.code"}};
  const MappedFacts mapped =
      map_text(compile_mapper(endpoint), R"({"resourceType":"Encounter","id":"e1","status":"finished",
      "subject":{"reference":"Patient/p1"},"period":{"start":"2026-01-02"},"class":{"code":"AMB"},
      "serviceType":{"coding":[{"code":"90834"}]}})");
  ASSERT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const ServiceFact service = bodies<ServiceFact>(mapped).at(0);
  EXPECT_EQ(service.service_codes, std::vector<std::string>{"90834"});
  EXPECT_EQ(service.program, "AMB");
}

TEST(ResourceMapperVersion, ChangesWithOverridesAndValueMapsOfItsTypeOnly) {
  const ResourceMapper shipped = compile_mapper();
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.overrides = {{"encounter", "service_codes", "serviceType.coding.code"}};
  const ResourceMapper changed = compile_mapper(endpoint);
  EndpointConfig mapped = shipped_endpoint();
  mapped.value_maps["encounter_state"] = {{"finished", "planned"}};
  EXPECT_NE(shipped.version("Encounter"), changed.version("Encounter"));
  EXPECT_NE(shipped.version("Encounter"), compile_mapper(mapped).version("Encounter"));
  EXPECT_EQ(shipped.version("Coverage"), changed.version("Coverage"));
  EXPECT_EQ(shipped.version("Encounter"), compile_mapper().version("Encounter"));
  EXPECT_TRUE(shipped.maps("Encounter"));
  EXPECT_FALSE(shipped.maps("Observation"));
}

TEST(ValueMaps, BindASiteWordToOneColumnAndKeepTheShippedOnes) {
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.value_maps["encounter.state"] = {{"seen", "rendered"}, {"*", "none"}};
  const ResourceMapper mapper = compile_mapper(endpoint);
  const auto count = [&](const char* status) {
    return map_text(mapper, std::string(R"({"resourceType":"Encounter","id":"e1","status":")") + status + R"(",
      "subject":{"reference":"Patient/p1"},"period":{"start":"2026-01-02"}})")
        .facts.size();
  };
  EXPECT_EQ(count("seen"), 1u);
  EXPECT_EQ(count("finished"), 1u);
  EXPECT_EQ(count("whatever"), 0u);
}

}  // namespace
}  // namespace authledger
