#include "sync/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "adapters/attachment_content.h"
#include "base/text.h"
#include "sync/patient_links.h"

namespace authledger {
namespace {

std::optional<int64_t> numeric_version(std::string_view version_id) {
  if (version_id.empty() || version_id.size() > 18 ||
      version_id.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::stoll(std::string(version_id));
}

// Whether it is of the patient who was asked for, or names nobody.
bool is_of_patient(const ReceivedResource& received, const MappedResource& resource, const EndpointConfig& endpoint) {
  if (received.type == "Patient") return received.patient == "Patient/" + received.id;
  const auto is_asked = [&](std::string_view patient) {
    if (patient.empty() || patient == received.patient) return true;
    return std::any_of(endpoint.also_at.begin(), endpoint.also_at.end(),
                       [&](const std::string& base) { return patient == base + "/" + received.patient; });
  };
  if (resource.facts.empty()) return is_asked(resource.patient);
  return std::any_of(resource.facts.begin(), resource.facts.end(),
                     [&](const Fact& fact) { return is_asked(patient_of(fact.body)); });
}

}  // namespace

bool keeps_body(std::string_view resource_type) {
  return resource_type == "ClaimResponse" || resource_type == "Claim" || resource_type == "ExplanationOfBenefit" ||
         resource_type == "ServiceRequest" || resource_type == "Coverage";
}

ResourceHash deletion_of(const std::string& type, const std::string& id) {
  return {type, id, sha256("deleted " + type + "/" + id), ""};
}

Intake::Intake(RoundContext& context, const EndpointConfig& endpoint, const ResourceMapper& mapper,
               RoundSummary& summary)
    : context_(context), endpoint_(endpoint), mapper_(mapper), summary_(summary) {}

void Intake::record(std::vector<ReceivedResource> resources, const FeedState* feed) {
  std::vector<ReceivedResource*> received;
  std::vector<ResourceHash> asked;
  for (ReceivedResource& resource : resources) {
    resource.text = without_attachment_content(std::move(resource.text));
    ++summary_.pulled[resource.type];
    ++tally_.read;
    if (!mapper_.maps(resource.type)) continue;
    received.push_back(&resource);
    asked.push_back({resource.type, resource.id, sha256(resource.text), mapper_.version(resource.type)});
  }
  const std::vector<StoredVersion> stored =
      find_stored(context_.session.connection(), context_.session.tenant_id(), endpoint_.name, asked);
  std::vector<MappedResource> changed;
  for (size_t i = 0; i < received.size(); ++i) {
    // What is stored of a resource may be about to change with the page under way.
    const bool may_change = recorded_last_.contains(asked[i].type + "/" + asked[i].id);
    const StoredAs as = stored[i].as;
    if (as == StoredAs::same && !may_change) {
      ++summary_.facts.unchanged;
      ++tally_.unchanged;
      continue;
    }
    const bool is_new = as == StoredAs::nothing && !may_change;
    ++(is_new ? tally_.added : tally_.changed);
    changed.push_back(mapped(*received[i], asked[i].hash));
    changed.back().is_new = is_new;
    settle(changed.back(), *received[i], stored[i]);
  }
  if (!changed.empty() || feed != nullptr) record_page_behind(std::move(changed), feed);
}

// A lower version with a later time is an old one that a server whose clock went back gives once more, or the first of
// a server that numbers anew: only the server knows. FAULTS 23.
void Intake::settle(MappedResource& resource, ReceivedResource& received, const StoredVersion& stored) {
  const bool is_doubtful = resource.version && stored.version && *resource.version < *stored.version &&
                           resource.updated_at && stored.updated_at && *resource.updated_at > *stored.updated_at;
  if (!is_doubtful) return;
  const Instant asked_at = context_.clock.now();
  std::optional<std::string> text = read_again_ ? read_again_(received.type, received.id) : std::nullopt;
  if (!text) {
    ++tally_.doubtful;
    return;
  }
  received.text = without_attachment_content(std::move(*text));
  received.asked_at = asked_at;
  const Hash hash = sha256(received.text);
  MappedResource current = mapped(received, hash);
  current.is_numbered_anew = current.version && *current.version < *stored.version;
  tally_.numbered_anew += current.is_numbered_anew ? 1 : 0;
  resource = std::move(current);
}

void Intake::record_again(std::vector<ReceivedResource> resources) {
  std::vector<MappedResource> again;
  for (ReceivedResource& received : resources) {
    if (mapper_.maps(received.type)) again.push_back(mapped(received, sha256(received.text)));
  }
  record_page_behind(std::move(again), nullptr);
}

void Intake::record_deleted(const std::vector<ResourceHash>& resources, std::optional<Instant> known_at) {
  std::vector<MappedResource> gone;
  tally_.deleted += static_cast<int64_t>(resources.size());
  for (const ResourceHash& resource : resources) {
    MappedResource mapped;
    mapped.source = endpoint_.name;
    mapped.type = resource.type;
    mapped.id = resource.id;
    mapped.hash = resource.hash;
    mapped.is_deleted = true;
    mapped.updated_at = known_at;  // Without one it ends what stands: our clock says nothing here.
    mapped.mapping_version = mapper_.maps(resource.type) ? mapper_.version(resource.type) : "";
    gone.push_back(std::move(mapped));
  }
  record_page_behind(std::move(gone), nullptr);
}

// At most one page is under way: what is in memory stays small, and a failure is known before the next page commits.
void Intake::record_page_behind(std::vector<MappedResource> resources, const FeedState* feed) {
  finish();
  recorded_last_.clear();
  for (const MappedResource& resource : resources) recorded_last_.insert(resource.type + "/" + resource.id);
  PgConnection& connection = context_.session.second_connection();
  recording_ =
      std::async(std::launch::async,
                 [&connection, tenant_id = context_.session.tenant_id(), page = std::move(resources),
                  state = feed == nullptr ? std::optional<FeedState>() : *feed, recorded_at = context_.clock.now()] {
                   return record_page(connection, tenant_id, page, state ? &*state : nullptr, recorded_at);
                 });
}

void Intake::finish() {
  if (!recording_.valid()) return;
  const RecordCounts counts = recording_.get();
  summary_.facts.new_facts += counts.new_facts;
  summary_.facts.unchanged += counts.unchanged;
  summary_.facts.retracted += counts.retracted;
  summary_.facts.quarantined += counts.quarantined;
  tally_.quarantined += counts.quarantined;
  tally_.clock_went_back += counts.clock_went_back;
}

ResourceTally Intake::take_tally() {
  return std::exchange(tally_, {});
}

MappedResource Intake::mapped(ReceivedResource& received, const Hash& hash) {
  MappedResource result;
  result.source = endpoint_.name;
  result.type = received.type;
  result.id = received.id;
  result.hash = hash;
  result.mapping_version = mapper_.version(received.type);
  result.asked_at = received.asked_at;

  auto root = document_.parse(received.text);
  if (!root) {
    result.issues.push_back({Severity::error, received.type, root.error().message});
    result.body = std::move(received.text);
    return result;
  }
  result.version = numeric_version((*root)["meta"]["versionId"].text());
  result.updated_at = parse_instant((*root)["meta"]["lastUpdated"].text());

  MappedFacts facts = mapper_.map(*root, {endpoint_.name, received.base_url});
  result.patient = std::move(facts.patient);
  result.facts = std::move(facts.facts);
  result.issues = std::move(facts.issues);
  result.is_deleted = facts.is_retraction;
  if (!received.patient.empty() && !is_of_patient(received, result, endpoint_)) {
    result.facts.clear();
    result.issues.push_back({Severity::error, received.type,
                             "the server sent it in answer to a search of another patient's records; if that patient "
                             "is right, it is recorded once the patient's own search gives it"});
  }
  std::string resource = received.type + "/" + received.id;
  for (Fact& fact : result.facts) {
    fact.source = endpoint_.name;
    fact.resource = resource;
    fact.source_version = result.version;
    fact.source_updated_at = result.updated_at;
  }
  result.links = patient_links(context_.session.config(), endpoint_, result);
  if (keeps_body(received.type) || has_error(result.issues)) result.body = std::move(received.text);
  return result;
}

}  // namespace authledger
