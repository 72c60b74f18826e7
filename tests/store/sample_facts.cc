#include "tests/store/sample_facts.h"

#include <fmt/format.h>

namespace authledger {

Instant at_second(int64_t seconds) {
  return Instant(std::chrono::days(day_of(2026, 3, 1).number)) + std::chrono::seconds(seconds);
}

Fact service_fact(const std::string& id, const std::string& patient, const std::string& code, Day day,
                  const std::string& line) {
  ServiceFact service;
  service.patient = patient;
  service.state = ServiceState::rendered;
  service.day = day;
  service.service_codes = {code};
  service.measure = Measure::visit;
  service.encounter = "Encounter/" + id;
  Fact fact;
  fact.fact_key = make_fact_key(kSource, "Encounter/" + id, FactKind::service, line);
  fact.source = kSource;
  fact.resource = "Encounter/" + id;
  fact.mapping = "encounter/1";
  fact.body = service;
  return fact;
}

MappedResource with_facts(const std::string& type, const std::string& id, const std::string& patient, int64_t version,
                          std::vector<Fact> facts) {
  MappedResource resource;
  resource.source = kSource;
  resource.type = type;
  resource.id = id;
  resource.patient = patient;
  resource.mapping_version = kMappingVersion;
  std::string text = fmt::format("{}/{}/{}", type, id, patient);
  if (version > 0) {
    resource.version = version;
    resource.updated_at = at_second(version * 60);
    text += fmt::format("/{}", version);
  }
  for (Fact& fact : facts) {
    fact.source_version = resource.version;
    fact.source_updated_at = resource.updated_at;
    text += to_hex(content_hash(fact));
  }
  resource.hash = sha256(text);
  resource.facts = std::move(facts);
  return resource;
}

MappedResource encounter(const std::string& id, const std::string& patient, int64_t version, const std::string& code) {
  return with_facts("Encounter", id, patient, version, {service_fact(id, patient, code, day_of(2026, 2, 20))});
}

int64_t make_tenant(PgConnection& connection, const std::string& name) {
  return ensure_tenant(connection, name, "America/New_York");
}

RecordCounts record(PgConnection& connection, int64_t tenant_id, const std::vector<MappedResource>& resources,
                    Instant recorded_at) {
  return record_page(connection, tenant_id, resources, nullptr, recorded_at);
}

int64_t subject_of(PgConnection& connection, int64_t tenant_id, const std::string& patient) {
  Transaction transaction(connection, tenant_id);
  const std::vector<SubjectName> subjects = read_subjects(transaction, patient);
  return subjects.size() == 1 ? subjects.front().subject_id : 0;
}

std::vector<Fact> facts_of(PgConnection& connection, int64_t tenant_id, const std::string& patient) {
  const int64_t subject_id = subject_of(connection, tenant_id, patient);
  Transaction transaction(connection, tenant_id);
  return read_facts(transaction, std::vector<int64_t>{subject_id}).front();
}

std::vector<Fact> current_of(PgConnection& connection, int64_t tenant_id, const std::string& patient) {
  return current_facts(facts_of(connection, tenant_id, patient));
}

}  // namespace authledger
