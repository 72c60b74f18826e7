#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "fhir/search.h"
#include "sync/pull_feed.h"

namespace authledger {
namespace {

std::string id_of(std::string_view reference) {
  size_t slash = reference.rfind('/');
  return std::string(slash == std::string_view::npos ? reference : reference.substr(slash + 1));
}

// Every page of one search, ids collected by `collect`.
Result<std::vector<std::string>> ids_from_pages(const EndpointConfig& endpoint, FhirClient& client, std::string url,
                                                void (*collect)(JsonView, std::vector<std::string>&)) {
  std::vector<std::string> ids;
  const auto end = walk_pages(client, std::move(url), endpoint.pages_per_pull_max, [&](const SearchPage& page) {
    for (JsonView resource : page.resources) collect(resource, ids);
    return std::optional<FhirError>();
  });
  if (end) return Failure{end->message};
  return ids;
}

Result<std::vector<std::string>> ids_from_file(const RosterConfig& roster, const std::string& folder) {
  std::string path = roster.file.starts_with("/") ? roster.file : folder + "/" + roster.file;
  std::ifstream file(path);
  if (!file) return Failure{fmt::format("cannot read the roster file {}", path)};
  std::vector<std::string> ids;
  std::string line;
  while (std::getline(file, line)) {
    std::string_view text = trim(line);
    if (!text.empty() && text[0] != '#') ids.push_back(id_of(text));
  }
  return ids;
}

Result<std::vector<std::string>> ids_from_group(const std::string& id, FhirClient& client) {
  auto group = client.read("Group", id);
  if (!group) return Failure{fmt::format("Group/{}: {}", id, group.error().message)};
  JsonDocument document;
  auto root = document.parse(group->body);
  if (!root) return Failure{fmt::format("Group/{}: {}", id, root.error().message)};
  std::vector<std::string> ids;
  for (JsonView member : (*root)["member"]) {
    if (!member["inactive"].boolean()) ids.push_back(id_of(member["entity"]["reference"].text()));
  }
  return ids;
}

Result<std::vector<std::string>> unsorted_roster(RoundContext& context, const EndpointConfig& endpoint,
                                                 FhirClient& client) {
  switch (endpoint.roster.kind) {
    case RosterKind::list_file:
      return ids_from_file(endpoint.roster, context.session.config().folder);
    case RosterKind::group:
      return ids_from_group(endpoint.roster.group, client);
    case RosterKind::patient_search:
      return ids_from_pages(endpoint, client, fmt::format("Patient?_count={}", endpoint.page_size),
                            [](JsonView resource, std::vector<std::string>& ids) {
                              if (resource["resourceType"].text() == "Patient") ids.push_back(resource["id"].string());
                            });
  }
  return Failure{"no such kind of roster"};
}

}  // namespace

Result<std::vector<std::string>> read_roster(RoundContext& context, const EndpointConfig& endpoint, FhirClient& client,
                                             const std::string& group) {
  auto ids = group.empty() ? unsorted_roster(context, endpoint, client) : ids_from_group(group, client);
  if (!ids) return ids;
  std::sort(ids->begin(), ids->end());
  ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  std::erase(*ids, "");
  return ids;
}

}  // namespace authledger
