#include "sync/patient_links.h"

#include <algorithm>
#include <optional>
#include <set>

#include "adapters/mapping.h"
#include "base/text.h"

namespace authledger {
namespace {

struct Record {
  std::string source, patient;
};

bool is_absolute(std::string_view reference) {
  return reference.find("://") != std::string_view::npos;
}

bool is_patient(std::string_view reference) {
  return reference.starts_with("Patient/") || reference.find("/Patient/") != std::string_view::npos;
}

// The endpoint on whose base the URL stands.
std::optional<Record> record_of(const Config& config, std::string_view url) {
  for (const EndpointConfig& endpoint : config.endpoints) {
    std::vector<std::string> bases = endpoint.also_at;
    if (!endpoint.base_url.empty()) bases.push_back(endpoint.base_url);
    for (const std::string& base : bases) {
      std::string patient = normalize_reference(url, base);
      if (patient.starts_with("Patient/")) return Record{endpoint.name, std::move(patient)};
    }
  }
  return std::nullopt;
}

class LinkReader {
 public:
  LinkReader(const Config& config, const EndpointConfig& endpoint, const MappedResource& resource)
      : config_(config), endpoint_(endpoint), resource_(resource) {}

  std::vector<SubjectLink> read() {
    for (const Fact& fact : resource_.facts) {
      if (const auto* patient = std::get_if<PatientFact>(&fact.body)) add_patient(*patient);
      const std::string_view reference = patient_of(fact.body);
      if (is_absolute(reference)) add_record(std::string(reference), reference, false);
    }
    return {links_.begin(), links_.end()};
  }

 private:
  void add_record(std::string patient, std::string_view other, bool is_replaced) {
    if (!is_patient(other)) return;  // A RelatedPerson is another person's record of this one.
    Record named{endpoint_.name, std::string(other)};
    if (is_absolute(other)) {
      std::optional<Record> known = record_of(config_, other);
      if (known) named = std::move(*known);
    }
    if (named.source == endpoint_.name && named.patient == patient) return;
    links_.insert({std::move(patient), false, std::move(named.source), std::move(named.patient), is_replaced});
  }

  void add_patient(const PatientFact& patient) {
    const bool is_replaced = !patient.replaced_by.empty();
    if (is_replaced) add_record(resource_.patient, patient.replaced_by, true);
    for (const std::string& link : patient.links) add_record(resource_.patient, link, is_replaced);
    const std::vector<std::string>& systems = endpoint_.join_patients_by;
    for (const Identifier& identifier : patient.identifiers) {
      const std::string value(trim(identifier.value));
      if (value.empty() || std::find(systems.begin(), systems.end(), identifier.system) == systems.end()) continue;
      links_.insert({resource_.patient, true, identifier.system, value, is_replaced});
    }
  }

  const Config& config_;
  const EndpointConfig& endpoint_;
  const MappedResource& resource_;
  std::set<SubjectLink> links_;
};

}  // namespace

std::vector<SubjectLink> patient_links(const Config& config, const EndpointConfig& endpoint,
                                       const MappedResource& resource) {
  return LinkReader(config, endpoint, resource).read();
}

}  // namespace authledger
