#include <chrono>

#include "tests/adapters/mapped_resource.h"

namespace authledger {
namespace {

using namespace std::chrono_literals;

// An Encounter with `members` in place of, or beside, the usual ones.
std::string encounter(const std::string& status, const std::string& more = "") {
  return R"({"resourceType":"Encounter","id":"e1","meta":{"versionId":"7","lastUpdated":"2026-03-03T00:00:00Z"},
    "status":")" +
         status + R"(","subject":{"reference":"Patient/p1"},
    "period":{"start":"2026-03-02T23:30:00-05:00","end":"2026-03-03T00:30:00-05:00"})" +
         more + "}";
}

const char* const kCptType = R"(,"type":[{"coding":[{"system":"http://snomed.info/sct","code":"11429006"},
    {"system":"http://www.ama-assn.org/go/cpt","code":" 90837 "}],"text":"Therapy"}])";

ServiceFact only_service(const MappedFacts& mapped) {
  EXPECT_TRUE(mapped.issues.empty()) << texts_of(mapped.issues);
  const auto services = bodies<ServiceFact>(mapped);
  EXPECT_EQ(services.size(), 1u);
  return services.empty() ? ServiceFact{} : services[0];
}

TEST(EncounterMapping, BecomesARenderedServiceOnTheDayOfTheSite) {
  const ResourceMapper mapper = compile_mapper();
  const MappedFacts mapped = map_text(
      mapper,
      encounter("finished",
                std::string(kCptType) +
                    R"(,"basedOn":[{"reference":"ServiceRequest/o1"}],"appointment":[{"reference":"Appointment/a1"}],
      "participant":[{"individual":{"reference":"Practitioner/x"}},{"type":[{"coding":[{"code":"PPRF"}]}],"individual":{"reference":"Practitioner/dr"}}],
      "reasonCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"f33.1"}]}])"));
  const ServiceFact service = only_service(mapped);
  EXPECT_EQ(mapped.patient, "Patient/p1");
  EXPECT_EQ(service.patient, "Patient/p1");
  EXPECT_EQ(service.state, ServiceState::rendered);
  EXPECT_EQ(service.day, day_of(2026, 3, 2));
  EXPECT_EQ(*service.end_at - *service.start_at, 1h);
  EXPECT_EQ(service.service_codes, std::vector<std::string>{"90837"}) << "CPT beats the other codings";
  EXPECT_EQ(service.provider, "Practitioner/dr");
  EXPECT_EQ(service.order, "ServiceRequest/o1");
  EXPECT_EQ(service.appointment, "Appointment/a1");
  EXPECT_EQ(service.diagnosis_codes, std::vector<std::string>{"F33.1"});
  const Fact& fact = mapped.facts.at(0);
  EXPECT_EQ(fact.source, "ehr");
  EXPECT_EQ(fact.resource, "Encounter/e1");
  EXPECT_EQ(fact.source_version, 7);
  EXPECT_EQ(fact.source_updated_at, parse_instant("2026-03-03T00:00:00Z"));
  EXPECT_TRUE(fact.mapping.starts_with("encounter@"));
}

TEST(EncounterMapping, ReadsTheCodeFromServiceTypeToo) {
  const ResourceMapper mapper = compile_mapper();
  const char* const kServiceType =
      R"("serviceType":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90834"}]})";
  EXPECT_EQ(only_service(map_text(mapper, encounter("finished", std::string(",") + kServiceType))).service_codes,
            std::vector<std::string>{"90834"});
  const std::string beside_local =
      std::string(R"(,"type":[{"coding":[{"system":"urn:site","code":"OP"}]}],)") + kServiceType;
  EXPECT_EQ(only_service(map_text(mapper, encounter("finished", beside_local))).service_codes,
            std::vector<std::string>{"90834"});
}

TEST(EncounterMapping, TurnsEachStatusIntoAState) {
  const ResourceMapper mapper = compile_mapper();
  const std::pair<const char*, ServiceState> states[] = {
      {"finished", ServiceState::rendered},       {"planned", ServiceState::planned},
      {"arrived", ServiceState::in_progress},     {"triaged", ServiceState::in_progress},
      {"in-progress", ServiceState::in_progress}, {"onleave", ServiceState::in_progress},
      {"cancelled", ServiceState::voided}};
  for (const auto& [status, state] : states) {
    EXPECT_EQ(only_service(map_text(mapper, encounter(status, kCptType))).state, state) << status;
  }
}

TEST(EncounterMapping, EnteredInErrorRetractsAlsoWithoutAnyOtherElement) {
  const ResourceMapper mapper = compile_mapper();
  const MappedFacts mapped = map_text(mapper, R"({"resourceType":"Encounter","id":"e1","status":"entered-in-error"})");
  EXPECT_TRUE(mapped.is_retraction);
  EXPECT_TRUE(mapped.facts.empty());
  EXPECT_FALSE(has_error(mapped.issues));
  EXPECT_EQ(map_text(mapper, encounter("entered-in-error")).patient, "Patient/p1");
}

TEST(EncounterMapping, NamesWhatIsMissingWithoutAnyPatientValue) {
  const ResourceMapper mapper = compile_mapper();
  const auto issue_of = [&](const std::string& json) {
    const MappedFacts mapped = map_text(mapper, json);
    EXPECT_TRUE(mapped.facts.empty());
    return mapped.issues.empty() ? Issue{} : mapped.issues[0];
  };
  EXPECT_EQ(issue_of(R"({"resourceType":"Encounter","id":"e","status":"finished","period":{"start":"2026-01-01"}})")
                .element_path,
            "Encounter.subject.reference");
  EXPECT_EQ(
      issue_of(R"({"resourceType":"Encounter","id":"e","status":"finished","subject":{"reference":"Patient/p1"}})")
          .element_path,
      "Encounter.period.start");
  EXPECT_EQ(issue_of(encounter("walked-away")).element_path, "Encounter.status");
  const Issue bad =
      issue_of(R"({"resourceType":"Encounter","id":"e","status":"finished","subject":{"reference":"Patient/p1"},
      "period":{"start":"31.12.1999"}})");
  EXPECT_EQ(bad.element_path, "Encounter.period.start");
  EXPECT_EQ(bad.message.find("1999"), std::string::npos);
  EXPECT_EQ(issue_of(R"({"resourceType":"Encounter","id":"e","status":"finished","subject":{"reference":"#p1"},
      "period":{"start":"2026-01-01"}})")
                .element_path,
            "Encounter.subject.reference");
  EXPECT_EQ(issue_of(R"({"resourceType":"Encounter","id":"e","status":"finished","subject":{"reference":"Patient/p1"},
      "period":{"start":"2026-01-02T10:00:00Z","end":"2026-01-02T09:00:00Z"}})")
                .element_path,
            "Encounter.period.end");
  EXPECT_EQ(issue_of(encounter("finished", R"(,"modifierExtension":[{"url":"urn:x"}])")).element_path,
            "Encounter.modifierExtension");
  EXPECT_EQ(issue_of(R"({"resourceType":"Encounter","status":"finished"})").element_path, "Encounter.id");
}

TEST(EncounterMapping, KeepsAServiceWithoutAnyCode) {
  EXPECT_TRUE(only_service(map_text(compile_mapper(), encounter("finished"))).service_codes.empty());
}

TEST(EncounterMapping, TakesADayWithoutTimeAsWritten) {
  const ServiceFact service =
      only_service(map_text(compile_mapper(), R"({"resourceType":"Encounter","id":"e","status":"finished",
      "subject":{"reference":"https://ehr.example/fhir/Patient/p1/_history/2"},"period":{"start":"2026-01-02"}})"));
  EXPECT_EQ(service.day, day_of(2026, 1, 2));
  EXPECT_EQ(service.start_at, std::nullopt);
  EXPECT_EQ(service.patient, "Patient/p1");
}

TEST(EncounterMapping, UsesLocalCodesThenTextWhenNothingElseNamesTheService) {
  const ResourceMapper mapper = compile_mapper();
  const auto codes = [&](const char* type) {
    return only_service(map_text(mapper, encounter("finished", std::string(",\"type\":") + type))).service_codes;
  };
  EXPECT_EQ(codes(R"([{"coding":[{"system":"urn:local","code":"op-45"}],"text":"Therapy"}])"),
            std::vector<std::string>{"OP-45"});
  EXPECT_EQ(codes(R"([{"text":"Therapy 45"}])"), std::vector<std::string>{"THERAPY 45"});
  EXPECT_EQ(
      codes(R"([{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown"}]}])"),
      std::vector<std::string>{});
  EXPECT_EQ(codes(R"([{"coding":[{"system":"https://www.nubc.org/CodeSystem/RevenueCodes","code":"905"}]}])"),
            std::vector<std::string>{"0905"});
}

TEST(EncounterMapping, LetsASiteTranslateItsVisitTypes) {
  EndpointConfig endpoint = shipped_endpoint();
  endpoint.value_maps["visit_type_codes"] = {{"op-45", "90834"}, {"IOP Day", "H0015"}};
  const ResourceMapper mapper = compile_mapper(endpoint);
  EXPECT_EQ(
      only_service(map_text(mapper, encounter("finished", R"(,"type":[{"coding":[{"system":"urn:local","code":"OP-45"},
      {"system":"urn:other","code":"77"}]}])")))
          .service_codes,
      std::vector<std::string>{"90834"});
  EXPECT_EQ(only_service(map_text(mapper, encounter("finished", R"(,"type":[{"text":"iop day"}])"))).service_codes,
            std::vector<std::string>{"H0015"});
}

TEST(EncounterMapping, DrawsNothingForAPartOfAStayThatNamesNoProcedure) {
  const ResourceMapper mapper = compile_mapper();
  const std::string part_of = R"(,"partOf":{"reference":"Encounter/stay"})";
  EXPECT_EQ(only_service(map_text(mapper, encounter("finished", part_of))).state, ServiceState::voided);
  EXPECT_EQ(only_service(map_text(mapper, encounter("finished", part_of + kCptType))).state, ServiceState::rendered);
}

TEST(EncounterMapping, ReadsTheAuthorizationNumberOfCoverageInformation) {
  const ServiceFact service = only_service(map_text(compile_mapper(), encounter("finished", R"(,"extension":[{
      "url":"http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information","extension":[
      {"url":"coverage","valueReference":{"reference":"Coverage/c1"}},{"url":"pa-needed","valueCode":"satisfied"},
      {"url":"satisfied-pa-id","valueString":"XXYYZ"}]}])")));
  EXPECT_EQ(service.authorization_number, "XXYYZ");
  EXPECT_EQ(service.coverage, "Coverage/c1");
}

std::string appointment(const std::string& status,
                        const std::string& more = R"(,"start":"2026-03-10T15:00:00Z","minutesDuration":45)") {
  return R"({"resourceType":"Appointment","id":"a1","status":")" + status + R"(",
    "serviceType":[{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90834"}]}],
    "basedOn":[{"reference":"ServiceRequest/o1"}],
    "participant":[{"actor":{"reference":"Location/l1"}},{"actor":{"reference":"Patient/p1"}},{"actor":{"reference":"Practitioner/dr"}}])" +
         more + "}";
}

TEST(AppointmentMapping, TurnsEachStatusIntoAState) {
  const ResourceMapper mapper = compile_mapper();
  const std::pair<const char*, ServiceState> states[] = {
      {"booked", ServiceState::planned},     {"pending", ServiceState::planned},  {"arrived", ServiceState::planned},
      {"checked-in", ServiceState::planned}, {"waitlist", ServiceState::planned}, {"fulfilled", ServiceState::planned},
      {"noshow", ServiceState::no_show},     {"cancelled", ServiceState::voided}};
  for (const auto& [status, state] : states) {
    const ServiceFact service = only_service(map_text(mapper, appointment(status)));
    EXPECT_EQ(service.state, state) << status;
    EXPECT_EQ(*service.end_at - *service.start_at, 45min);
    EXPECT_EQ(service.provider, "Practitioner/dr");
    EXPECT_EQ(service.patient, "Patient/p1");
  }
  EXPECT_TRUE(map_text(mapper, appointment("entered-in-error")).is_retraction);
}

TEST(AppointmentMapping, SaysNothingOfAProposalOrOfAnAppointmentWithoutAStart) {
  const ResourceMapper mapper = compile_mapper();
  for (const std::string& json : {appointment("proposed", ""), appointment("proposed"), appointment("waitlist", ""),
                                  appointment("cancelled", "")}) {
    const MappedFacts mapped = map_text(mapper, json);
    EXPECT_TRUE(mapped.facts.empty());
    ASSERT_EQ(mapped.issues.size(), 1u) << texts_of(mapped.issues);
    EXPECT_EQ(mapped.issues[0].severity, Severity::information) << "says why, and needs nobody";
    EXPECT_EQ(mapped.patient, "Patient/p1");
  }
}

TEST(AppointmentMapping, Fault50GivesEachPatientOfAGroupAServiceOfTheirOwn) {
  const MappedFacts mapped = map_text(compile_mapper(), R"({"resourceType":"Appointment","id":"a","status":"booked",
      "start":"2026-03-10T15:00:00Z","participant":[{"actor":{"reference":"Patient/p1"}},{"actor":{"reference":"Patient/p2"}},
      {"actor":{"reference":"Patient/p3"},"status":"declined"},{"actor":{"reference":"Patient/p1"}}]})");
  EXPECT_FALSE(has_error(mapped.issues)) << texts_of(mapped.issues);
  const std::vector<ServiceFact> services = bodies<ServiceFact>(mapped);
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services[0].patient, "Patient/p1");
  EXPECT_EQ(services[1].patient, "Patient/p2");
  EXPECT_EQ(mapped.facts[0].fact_key, mapped.facts[1].fact_key) << "told apart by the subject they stand in";
}

}  // namespace
}  // namespace authledger
