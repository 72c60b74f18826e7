#include "sync/intake.h"

#include <fmt/format.h>

#include "base/text.h"

namespace authledger {
namespace {

std::optional<int64_t> numeric_version(std::string_view version_id) {
  if (version_id.empty() || version_id.size() > 18 ||
      version_id.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::stoll(std::string(version_id));
}

}  // namespace

bool keeps_body(std::string_view resource_type) {
  return resource_type == "ClaimResponse" || resource_type == "Claim" || resource_type == "ExplanationOfBenefit" ||
         resource_type == "ServiceRequest" || resource_type == "Coverage";
}

Intake::Intake(RoundContext& context, const EndpointConfig& endpoint, const ResourceMapper& mapper,
               RoundSummary& summary)
    : context_(context), endpoint_(endpoint), mapper_(mapper), summary_(summary) {}

void Intake::record(std::vector<ReceivedResource> resources, const FeedState* feed) {
  PgConnection& connection = context_.session.connection();
  int64_t tenant_id = context_.session.tenant_id();

  std::vector<Hash> hashes;
  hashes.reserve(resources.size());
  for (const ReceivedResource& received : resources) {
    ++summary_.pulled[received.type];
    hashes.push_back(sha256(received.text));
  }

  // Mapping versions differ by type, so the unchanged are asked for type by type: a page has one, a file a few.
  std::map<std::string, std::vector<size_t>> by_type;
  for (size_t i = 0; i < resources.size(); ++i) {
    if (mapper_.maps(resources[i].type)) by_type[resources[i].type].push_back(i);
  }
  std::vector<MappedResource> changed;
  for (const auto& [type, indexes] : by_type) {
    std::vector<ResourceHash> asked;
    asked.reserve(indexes.size());
    for (size_t i : indexes) asked.push_back({type, resources[i].id, hashes[i]});
    std::vector<bool> is_unchanged =
        find_unchanged(connection, tenant_id, endpoint_.name, mapper_.version(type), asked);
    for (size_t k = 0; k < indexes.size(); ++k) {
      if (is_unchanged[k]) {
        ++summary_.facts.unchanged;
      } else {
        changed.push_back(mapped(resources[indexes[k]], hashes[indexes[k]]));
      }
    }
  }
  if (changed.empty() && feed == nullptr) return;
  count(record_page(connection, tenant_id, changed, feed, context_.clock.now()));
}

void Intake::record_again(std::vector<ReceivedResource> resources) {
  std::vector<MappedResource> again;
  for (ReceivedResource& received : resources) {
    if (mapper_.maps(received.type)) again.push_back(mapped(received, sha256(received.text)));
  }
  count(record_page(context_.session.connection(), context_.session.tenant_id(), again, nullptr, context_.clock.now()));
}

void Intake::record_deleted(const std::vector<ResourceHash>& resources, const FeedState* feed) {
  std::vector<MappedResource> gone;
  for (const ResourceHash& resource : resources) {
    MappedResource mapped;
    mapped.source = endpoint_.name;
    mapped.type = resource.type;
    mapped.id = resource.id;
    mapped.hash = resource.hash;
    mapped.is_deleted = true;
    mapped.updated_at = context_.clock.now();
    mapped.mapping_version = mapper_.maps(resource.type) ? mapper_.version(resource.type) : "";
    gone.push_back(std::move(mapped));
  }
  count(record_page(context_.session.connection(), context_.session.tenant_id(), gone, feed, context_.clock.now()));
}

MappedResource Intake::mapped(ReceivedResource& received, const Hash& hash) {
  MappedResource result;
  result.source = endpoint_.name;
  result.type = received.type;
  result.id = received.id;
  result.hash = hash;
  result.mapping_version = mapper_.version(received.type);

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
  std::string resource = received.type + "/" + received.id;
  for (Fact& fact : result.facts) {
    fact.source = endpoint_.name;
    fact.resource = resource;
    fact.source_version = result.version;
    fact.source_updated_at = result.updated_at;
  }
  if (keeps_body(received.type) || has_error(result.issues)) result.body = std::move(received.text);
  return result;
}

void Intake::count(const RecordCounts& counts) {
  summary_.facts.new_facts += counts.new_facts;
  summary_.facts.unchanged += counts.unchanged;
  summary_.facts.retracted += counts.retracted;
  summary_.facts.quarantined += counts.quarantined;
}

}  // namespace authledger
