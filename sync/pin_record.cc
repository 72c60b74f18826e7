#include "sync/pin_record.h"

#include <algorithm>

namespace authledger {
namespace {

constexpr size_t kResourcesPerRecord = 500;

}  // namespace

MappedResource pin_resource(const SubjectName& subject, const std::string& type, const std::string& topic,
                            std::vector<PinFact> pins) {
  // Ids of different sources may be equal: the record here is named by both, and linked to theirs.
  const std::string patient = subject.source + " " + subject.patient;
  MappedResource resource;
  resource.source = kPinSource;
  resource.type = type;
  resource.id = to_hex(HashInput().add(patient).add(topic).sha256()).substr(0, 32);
  resource.patient = patient;
  resource.mapping_version = "pin/1";
  if (!pins.empty()) resource.links.push_back({patient, false, subject.source, subject.patient, false});
  resource.is_deleted = pins.empty();
  HashInput content;
  content.add(resource.id);
  const std::string reference = resource.type + "/" + resource.id;
  for (PinFact& pin : pins) {
    pin.patient = patient;
    Fact fact;
    fact.fact_key = make_fact_key(kPinSource, reference, FactKind::pin, pin.service.empty() ? "period" : pin.service);
    fact.source = kPinSource;
    fact.resource = reference;
    fact.mapping = resource.mapping_version;
    fact.body = std::move(pin);
    content.add(bytes_of(content_hash(fact)));
    resource.facts.push_back(std::move(fact));
  }
  resource.hash = content.sha256();
  return resource;
}

RoundSummary record_pins(TenantSession& session, const std::vector<MappedResource>& resources, const Clock& clock,
                         std::optional<Day> on_day) {
  RoundSummary summary;
  for (size_t from = 0; from < resources.size(); from += kResourcesPerRecord) {
    const size_t count = std::min(kResourcesPerRecord, resources.size() - from);
    const RecordCounts counts = record_page(session.connection(), session.tenant_id(),
                                            std::span(resources).subspan(from, count), nullptr, clock.now());
    summary.facts.new_facts += counts.new_facts;
    summary.facts.unchanged += counts.unchanged;
    summary.facts.retracted += counts.retracted;
    summary.facts.quarantined += counts.quarantined;
  }
  RoundOptions options;
  options.pull = options.deliver = false;
  options.on_day = on_day;
  RoundContext context{session, clock, options, {}, [](const std::string&) {}};
  const RoundSummary round = run_round(context);
  summary.subjects = round.subjects;
  summary.entries = round.entries;
  return summary;
}

}  // namespace authledger
