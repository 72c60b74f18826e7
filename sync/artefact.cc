#include "sync/artefact.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "fhir/search.h"

namespace authledger {
namespace {

// A server that takes the parameter has one page of it.
constexpr int kPagesMax = 50;

}  // namespace

Artefact artefact_of(JsonView resource) {
  const std::string version = resource["meta"]["versionId"].string();
  return {resource["id"].string(), version.empty() ? "" : fmt::format("W/\"{}\"", version), to_json_text(resource),
          is_closed(resource)};
}

bool NoticeArtefacts::is_ours(JsonView resource) const {
  for (const JsonView each : resource["identifier"]) {
    if (each["system"].text() == system_ && each["value"].text() == value_) return true;
  }
  return false;
}

Result<std::vector<Artefact>, FhirError> NoticeArtefacts::find() const {
  std::vector<Artefact> found;
  const auto error = walk_pages(client_, place_.channel + "?" + query_, kPagesMax,
                                [&](const SearchPage& page) -> std::optional<FhirError> {
                                  for (const JsonView resource : page.resources) {
                                    const bool is_of_type = resource["resourceType"].text() == place_.channel;
                                    if (is_of_type && is_ours(resource)) found.push_back(artefact_of(resource));
                                  }
                                  return std::nullopt;
                                });
  if (error) return *error;
  std::sort(found.begin(), found.end(), [](const Artefact& a, const Artefact& b) {
    return std::tuple(a.is_closed, a.id.size(), a.id) < std::tuple(b.is_closed, b.id.size(), b.id);
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

Result<OpenArtefact, FhirError> NoticeArtefacts::open(const Versioned& answer) const {
  return open(Artefact{answer.id, answer.etag, answer.body});
}

Result<OpenArtefact, FhirError> NoticeArtefacts::read(const std::string& id) const {
  auto current = client_.read(place_.channel, id);
  if (!current) return current.error();
  current->id = id;
  return open(*current);
}

Result<Versioned, FhirError> NoticeArtefacts::put(const Artefact& over, const std::string& body,
                                                  const MaySend& may_send) const {
  const WriteRules::IfMatch rule = endpoint_.writes.if_match;
  if (rule == WriteRules::IfMatch::required && over.etag.empty()) {
    return FhirError{
        FhirErrorKind::conflict, 0,
        fmt::format("{}: PUT {}: the endpoint wants If-Match, and gave no version", endpoint_.name, place_.channel)};
  }
  return client_.update(place_.channel, over.id, body, rule == WriteRules::IfMatch::never ? "" : over.etag, may_send);
}

}  // namespace authledger
