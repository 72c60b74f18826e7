#include "sync/artefact.h"

#include <fmt/format.h>

#include <algorithm>

namespace authledger {

Artefact artefact_of(JsonView resource) {
  const std::string version = resource["meta"]["versionId"].string();
  return {resource["id"].string(), version.empty() ? "" : fmt::format("W/\"{}\"", version), to_json_text(resource)};
}

bool NoticeArtefacts::is_ours(JsonView resource) const {
  for (const JsonView each : resource["identifier"]) {
    if (each["system"].text() == system_ && each["value"].text() == value_) return true;
  }
  return false;
}

Result<std::vector<Artefact>, FhirError> NoticeArtefacts::find() const {
  const auto page = client_.search_page(place_.channel + "?" + query_);
  if (!page) return page.error();
  std::vector<Artefact> found;
  for (const JsonView resource : page->resources) {
    if (resource["resourceType"].text() == place_.channel && is_ours(resource)) found.push_back(artefact_of(resource));
  }
  std::sort(found.begin(), found.end(), [](const Artefact& a, const Artefact& b) {
    return a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
  });
  return found;
}

Result<OpenArtefact, FhirError> NoticeArtefacts::open(Artefact artefact) const {
  OpenArtefact opened{std::move(artefact), {}, {}};
  const auto root = opened.document.parse(opened.artefact.body);
  if (!root) return FhirError{FhirErrorKind::bad_answer, 0, "the endpoint returned no JSON"};
  opened.root = *root;
  if (is_ours(opened.root)) return opened;
  return FhirError{FhirErrorKind::bad_answer, 0,
                   fmt::format("{}: the {} that stands where this notice was written does not carry its identifier: "
                               "nothing is written to it. Was the server exchanged, or delivery.identifier_system "
                               "changed?",
                               endpoint_.name, place_.channel)};
}

Result<OpenArtefact, FhirError> NoticeArtefacts::read(const std::string& id) const {
  auto current = client_.read(place_.channel, id);
  if (!current) return current.error();
  return open({id, current->etag, current->body});
}

Result<Versioned, FhirError> NoticeArtefacts::put(const Artefact& over, const std::string& body) const {
  const WriteRules::IfMatch rule = endpoint_.writes.if_match;
  if (rule == WriteRules::IfMatch::required && over.etag.empty()) {
    return FhirError{
        FhirErrorKind::conflict, 0,
        fmt::format("{}: PUT {}: the endpoint wants If-Match, and gave no version", endpoint_.name, place_.channel)};
  }
  return client_.update(place_.channel, over.id, body, rule == WriteRules::IfMatch::never ? "" : over.etag);
}

}  // namespace authledger
