#include "sandbox/search_keys.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "base/text.h"

namespace authledger {
namespace {

struct TypedParameter {
  std::string_view types;  // Space-separated, or "*" for every type.
  SearchParameter parameter;
};

constexpr SearchKind kToken = SearchKind::token;
constexpr SearchKind kReference = SearchKind::reference;
constexpr SearchKind kDate = SearchKind::date;

constexpr auto kParameters = std::to_array<TypedParameter>({
    {"*", {"_tag", kToken, "meta.tag", ""}},
    {"*", {"_profile", kToken, "meta.profile", ""}},
    {"*", {"identifier", kToken, "identifier", ""}},
    {"*", {"status", kToken, "status", ""}},
    {"*", {"patient", kReference, "patient|subject|beneficiary|for|participant.actor|individual", "Patient"}},
    {"*", {"subject", kReference, "subject|for|patient", ""}},
    {"Coverage", {"beneficiary", kReference, "beneficiary", ""}},
    {"Coverage", {"subscriber", kReference, "subscriber", ""}},
    {"Coverage", {"payor", kReference, "payor", ""}},
    {"Claim ClaimResponse ExplanationOfBenefit", {"use", kToken, "use", ""}},
    {"Claim ClaimResponse ExplanationOfBenefit", {"created", kDate, "created", ""}},
    {"Claim ClaimResponse ExplanationOfBenefit", {"insurer", kReference, "insurer", ""}},
    {"Claim ExplanationOfBenefit", {"provider", kReference, "provider", ""}},
    {"ClaimResponse ExplanationOfBenefit", {"outcome", kToken, "outcome", ""}},
    {"ClaimResponse", {"request", kReference, "request", ""}},
    {"ExplanationOfBenefit", {"coverage", kReference, "insurance.coverage", ""}},
    {"ExplanationOfBenefit", {"service-date", kDate, "billablePeriod", ""}},
    {"Encounter", {"date", kDate, "period", ""}},
    {"Encounter", {"class", kToken, "class", ""}},
    {"Encounter", {"appointment", kReference, "appointment", ""}},
    {"Appointment", {"date", kDate, "start", ""}},
    {"Appointment", {"actor", kReference, "participant.actor", ""}},
    {"Appointment", {"service-type", kToken, "serviceType", ""}},
    {"Flag", {"date", kDate, "period", ""}},
    {"Procedure", {"date", kDate, "performedDateTime|performedPeriod", ""}},
    {"DocumentReference", {"date", kDate, "date", ""}},
    {"Flag DocumentReference", {"author", kReference, "author", ""}},
    {"Flag Communication DocumentReference ServiceRequest Procedure", {"category", kToken, "category", ""}},
    {"ServiceRequest", {"authored", kDate, "authoredOn", ""}},
    {"ServiceRequest", {"requester", kReference, "requester", ""}},
    {"Task", {"authored-on", kDate, "authoredOn", ""}},
    {"Task", {"modified", kDate, "lastModified", ""}},
    {"Task", {"owner", kReference, "owner", ""}},
    {"Task", {"focus", kReference, "focus", ""}},
    {"Task ServiceRequest", {"intent", kToken, "intent", ""}},
    {"Task ServiceRequest Flag Procedure ChargeItem Group", {"code", kToken, "code", ""}},
    {"Communication", {"sent", kDate, "sent", ""}},
    {"Communication", {"recipient", kReference, "recipient", ""}},
    {"Group", {"member", kReference, "member.entity", ""}},
    {"ChargeItem", {"context", kReference, "context", ""}},
    {"Encounter Organization Coverage Group DocumentReference ExplanationOfBenefit", {"type", kToken, "type", ""}},
    {"Flag ServiceRequest Procedure Communication DocumentReference", {"encounter", kReference, "encounter", ""}},
    {"Patient Organization Practitioner", {"active", kToken, "active", ""}},
    {"Patient", {"birthdate", kDate, "birthDate", ""}},
});

constexpr std::string_view kResourceTypes =
    " Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic "
    "Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry "
    "ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication "
    "CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage "
    "CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric "
    "DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis "
    "Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable "
    "ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse "
    "HealthcareService ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation "
    "ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure MeasureReport Media Medication "
    "MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement "
    "MedicinalProduct MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder Observation "
    "ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters "
    "Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure "
    "Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition "
    "ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule "
    "SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition StructureMap Subscription "
    "Substance SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet "
    "VerificationResult VisionPrescription ";

bool holds_word(std::string_view words, std::string_view word) {
  for (size_t at = words.find(word); at != words.npos && !word.empty(); at = words.find(word, at + 1)) {
    const bool starts = at == 0 || words[at - 1] == ' ';
    const size_t end = at + word.size();
    if (starts && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

// Calls `visit` with each value at a dotted path; arrays on the way are walked.
template <typename Visit>
void walk(JsonView value, std::string_view path, const Visit& visit) {
  if (value.is_array()) {
    for (JsonView element : value) walk(element, path, visit);
    return;
  }
  if (!value.exists()) return;
  if (path.empty()) {
    visit(value);
    return;
  }
  const size_t dot = path.find('.');
  walk(value[path.substr(0, dot)], dot == path.npos ? std::string_view() : path.substr(dot + 1), visit);
}

void read_token(std::string_view parameter, JsonView value, SearchKeys& keys) {
  if (!value.is_object()) {
    keys.tokens.push_back({parameter, "", value.string()});
  } else if (value["coding"].exists()) {
    for (JsonView coding : value["coding"]) {
      keys.tokens.push_back({parameter, coding["system"].string(), coding["code"].string()});
    }
  } else {
    const JsonView code = value["value"].exists() ? value["value"] : value["code"];
    keys.tokens.push_back({parameter, value["system"].string(), code.string()});
  }
}

void read_reference(const SearchParameter& parameter, JsonView value, std::string_view base_url, SearchKeys& keys) {
  if (!value["reference"].is_string()) return;
  std::string target = relative_reference(value["reference"].text(), base_url);
  const std::string of_type = std::string(parameter.target) + "/";
  if (!parameter.target.empty() && !target.starts_with(of_type) && target.find("/" + of_type) == target.npos) return;
  keys.references.push_back({parameter.name, std::move(target)});
}

void read_date(std::string_view parameter, JsonView value, const TimeZone& zone, SearchKeys& keys) {
  if (!value.is_object()) {
    if (auto range = time_range(value.text(), zone)) keys.dates.push_back({parameter, *range});
    return;
  }
  const auto start = time_range(value["start"].text(), zone);
  const auto end = time_range(value["end"].text(), zone);
  if (!start && !end) return;
  keys.dates.push_back({parameter, {start ? start->from : Instant::min(), end ? end->until : Instant::max()}});
}

}  // namespace

bool is_resource_type(std::string_view type) {
  return holds_word(kResourceTypes, type);
}

const std::vector<std::string>& declared_types() {
  static const std::vector<std::string> kTypes = split(
      "Appointment ChargeItem Claim ClaimResponse Communication Coverage CoverageEligibilityResponse Device "
      "DocumentReference Encounter "
      "ExplanationOfBenefit Flag Group Location Organization Patient Practitioner PractitionerRole Procedure "
      "Provenance ServiceRequest Subscription Task",
      ' ');
  return kTypes;
}

const std::vector<SearchParameter>& search_parameters(std::string_view type) {
  using ByType = std::map<std::string, std::vector<SearchParameter>, std::less<>>;
  static const ByType kByType = [] {
    ByType by_type;
    for (const std::string& name : split(kResourceTypes, ' ')) {
      for (const TypedParameter& typed : kParameters) {
        if (typed.types == "*" || holds_word(typed.types, name)) by_type[name].push_back(typed.parameter);
      }
    }
    return by_type;
  }();
  const auto found = kByType.find(type);
  return found == kByType.end() ? kByType.begin()->second : found->second;
}

std::optional<TimeRange> time_range(std::string_view text, const TimeZone& zone) {
  if (text.find('T') == text.npos) {
    const auto first = first_day_as_written(text), last = last_day_as_written(text);
    if (!first || !last) return std::nullopt;
    return TimeRange{zone.start_of(*first), zone.start_of(*last + 1)};
  }
  const auto instant = parse_instant(text);
  if (!instant) return std::nullopt;
  std::chrono::microseconds width = std::chrono::seconds(1);
  if (const size_t point = text.find('.'); point != text.npos) {
    for (size_t at = point + 1; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) width /= 10;
  }
  return TimeRange{*instant, *instant + std::max(width, std::chrono::microseconds(1))};
}

std::string relative_reference(std::string_view reference, std::string_view base_url) {
  if (reference.starts_with(base_url) && reference.size() > base_url.size() && reference[base_url.size()] == '/') {
    reference.remove_prefix(base_url.size() + 1);
  }
  return std::string(reference.substr(0, reference.find("/_history/")));
}

SearchKeys read_search_keys(std::string_view type, JsonView resource, std::string_view base_url, const TimeZone& zone) {
  SearchKeys keys;
  for (const SearchParameter& parameter : search_parameters(type)) {
    for (const std::string& path : split(parameter.paths, '|')) {
      walk(resource, path, [&](JsonView value) {
        switch (parameter.kind) {
          case SearchKind::token:
            read_token(parameter.name, value, keys);
            break;
          case SearchKind::reference:
            read_reference(parameter, value, base_url, keys);
            break;
          case SearchKind::date:
            read_date(parameter.name, value, zone, keys);
            break;
        }
      });
    }
  }
  return keys;
}

}  // namespace authledger
